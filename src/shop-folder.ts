import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type ConfigFlags, loadConfig } from './config.ts';
import { STORE_FILES } from './pipeline/sqlite/files.ts';

type StoreConfig = Pick<Config, 'dataDir' | 'logUrl' | 'documentsUrl' | 'liveUrl'>;

/** Whether all stores are files of the data folder. */
export function isAllEmbedded({ logUrl, documentsUrl, liveUrl }: StoreConfig): boolean {
  return [logUrl, documentsUrl, liveUrl].every((url) => url.startsWith('sqlite:'));
}

/** Whether no shop was ever begun there: all stores are embedded, and none of them has a file. */
export function isNew(config: StoreConfig): boolean {
  return (
    isAllEmbedded(config) &&
    Object.values(STORE_FILES).every((name) => !existsSync(join(config.dataDir, name)))
  );
}

/** The shop that a command shows or controls: the simulated one where no other has been begun. */
export function loadShownConfig(flags: ConfigFlags, env?: NodeJS.ProcessEnv): Config {
  const own = loadConfig(flags, env);
  if (flags.demo === true || !isNew(own)) return own;
  const demo = loadConfig({ ...flags, demo: true }, env);
  return existsSync(demo.dataDir) ? demo : own;
}
