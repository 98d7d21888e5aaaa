import { type Config } from '../config.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { openDocumentStore } from '../pipeline/document-store/open.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { openEventLog } from '../pipeline/event-log/open.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';

export interface Stores {
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly live: LiveStore;
}

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
