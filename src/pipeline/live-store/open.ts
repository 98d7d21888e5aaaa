import { join } from 'node:path';
import { type Config } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { STORE_FILES } from '../sqlite/files.ts';
import { type LiveStore } from './live-store.ts';

export interface OpenOptions {
  /** Whether it is opened to count: what an older version has counted is emptied then, and else refused. @default false */
  readonly counts?: boolean;
}

/**
 * Opens the live store that the URL's scheme names.
 * @throws EcomError `STORAGE` also where its numbers are in the form of an older version, and who opens it does not count
 */
export async function openLiveStore(
  config: Config,
  { counts = false }: OpenOptions = {},
): Promise<LiveStore> {
  const scheme = config.liveUrl.slice(0, config.liveUrl.indexOf(':'));
  switch (scheme) {
    case 'sqlite': {
      const { createSqliteLiveStore } = await import('./sqlite.ts');
      return createSqliteLiveStore({
        path: join(config.dataDir, STORE_FILES.live),
        synchronous: config.synchronous,
        driver: config.sqliteDriver,
        layout: config.layout,
        counts,
      });
    }
    case 'redis':
    case 'rediss':
    case 'redis+cluster':
    case 'rediss+cluster': {
      const { createRedisLiveStore } = await import('./redis.ts');
      return createRedisLiveStore({
        url: config.liveUrl,
        ...config.credentials.redis,
        layout: config.layout,
        counts,
      });
    }
    default:
      throw new EcomError('USAGE', `ECOM_LIVE_URL: no live store speaks '${scheme}:'`, {
        hint: 'use sqlite: or redis://host:6379/0',
      });
  }
}
