import { type Config, loadConfig } from '../config.ts';
import { visibleLine } from '../visible-text.ts';

/** What a printed command needs to mean this data folder: ` --data-dir DIR`, or nothing where it means it anyway. */
export function folderOption({ dataDir }: Pick<Config, 'dataDir'>): string {
  return dataDir === loadConfig({}).dataDir ? '' : visibleLine(` --data-dir ${shellWord(dataDir)}`);
}

/** A path as a shell takes it for one word: quoted where it holds more than the usual characters. */
export function shellWord(path: string): string {
  const isWindows = process.platform === 'win32';
  if (/^[\p{L}\p{N}_@%+=:,./-]+$/u.test(isWindows ? path.replaceAll('\\', '/') : path)) return path;
  return isWindows ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}
