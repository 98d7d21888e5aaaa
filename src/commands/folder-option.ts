import { type Config, loadConfig } from '../config.ts';
import { visibleLine } from '../visible-text.ts';

/** What a printed command needs to mean this data folder: ` --data-dir DIR`, or nothing where it means it anyway. */
export function folderOption({ dataDir }: Pick<Config, 'dataDir'>): string {
  return dataDir === loadConfig({}).dataDir ? '' : visibleLine(` --data-dir ${dataDir}`);
}
