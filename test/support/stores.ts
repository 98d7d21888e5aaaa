import { type Config, loadConfig } from '../../src/config.ts';
import { openDocumentStore } from '../../src/pipeline/document-store/open.ts';
import { openEventLog } from '../../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../../src/pipeline/live-store/open.ts';

/** The configuration of a data folder, whatever the environment of the test run says but for the SQLite driver. */
export function configFor(dataDir: string, env: Record<string, string> = {}): Config {
  const { ECOM_SQLITE_DRIVER = 'auto' } = process.env;
  return loadConfig({ dataDir }, { ECOM_SQLITE_DRIVER, ...env });
}

/** All three stores of a data folder, opened as who counts opens them. */
export async function openStores(config: Config) {
  const log = await openEventLog(config);
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config, { counts: true });
  return {
    log,
    documents,
    live,
    async close() {
      await Promise.all([log.close(), documents.close(), live.close()]);
    },
  };
}

export type Stores = Awaited<ReturnType<typeof openStores>>;

/** What the processors of tests count by. */
export const SETTINGS = { currency: 'USD', timeZone: 'UTC', properties: ['country'] } as const;
