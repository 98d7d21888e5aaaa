import { type Config } from '../config.ts';
import { openDocumentStore } from '../pipeline/document-store/open.ts';
import { openEventLog } from '../pipeline/event-log/open.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { type Stores } from './ingest-numbers.ts';

/** Opens all three stores for the work, and closes them whatever happens. */
export async function withStores(config: Config, work: (stores: Stores) => Promise<void>): Promise<void> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    const log = await openEventLog(config);
    opened.push(log);
    const documents = await openDocumentStore(config);
    opened.push(documents);
    const live = await openLiveStore(config);
    opened.push(live);
    await work({ log, documents, live });
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()));
  }
}
