import { type Config, loadConfig } from '../config.ts';
import { visibleLine } from '../visible-text.ts';

/** What a printed command needs to mean this data folder: ` --data-dir DIR`, or nothing where it means it anyway. */
export function folderOption({ dataDir }: Pick<Config, 'dataDir'>): string {
  return dataDir === loadConfig({}).dataDir ? '' : visibleLine(` --data-dir ${shellWord(dataDir)}`);
}

/** Commands as a text names them, such as `ecom dead-letters list`, that have the option. */
const NAMED =
  /\becom (?:up|down|status|start|stop|restart|logs|doctor|ingest|rebuild|reset|stats|insights|alerts|export|dashboard|recommend|similar|train|evaluate|backup|(?:model|dead-letters) [a-z]+)(?![\w-])/g;

/** A text whose commands mean this data folder, unless it says of a folder itself. */
export function withFolder(text: string, config: Pick<Config, 'dataDir'>): string {
  if (text.includes('--data-dir') || !text.includes('ecom ')) return text;
  const folder = folderOption(config);
  return folder === '' ? text : text.replace(NAMED, (command) => command + folder);
}

/** A path as a shell takes it for one word: quoted where it holds more than the usual characters. */
export function shellWord(path: string): string {
  const isWindows = process.platform === 'win32';
  if (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(isWindows ? path.replaceAll('\\', '/') : path)) return path;
  return isWindows ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}
