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

type Work = (stores: Stores) => Promise<void>;

/** Opens all three stores for the work, and closes them whatever happens. */
export function withStores(config: Config, work: Work): Promise<void> {
  return using(config, false, work);
}

/** The same for work that counts: numbers in an older form are emptied, to be counted again. */
export function withCountingStores(config: Config, work: Work): Promise<void> {
  return using(config, true, work);
}

async function using(config: Config, counts: boolean, work: Work): Promise<void> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    const log = await openEventLog(config);
    opened.push(log);
    const documents = await openDocumentStore(config);
    opened.push(documents);
    const live = await openLiveStore(config, { counts });
    opened.push(live);
    await work({ log, documents, live });
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()));
  }
}
