import { type Config } from '../../config.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { openDocumentStore } from '../document-store/open.ts';
import { type EventLog } from '../event-log/event-log.ts';
import { type HandedRecords } from '../event-log/handed-records.ts';
import { openEventLog } from '../event-log/open.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { openLiveStore } from '../live-store/open.ts';

export interface CountingStores {
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly live: LiveStore;
  close(): Promise<void>;
}

/** Opens all that one counts with. Where one cannot be opened, the others are closed again: it may be tried many times. */
export async function openCountingStores(config: Config, handed?: HandedRecords): Promise<CountingStores> {
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(opened.map((store) => store.close()));
  };
  try {
    const log = await openEventLog(config, handed);
    opened.push(log);
    const documents = await openDocumentStore(config);
    opened.push(documents);
    const live = await openLiveStore(config, { counts: true });
    opened.push(live);
    return { log, documents, live, close };
  } catch (error) {
    await close();
    throw error;
  }
}
