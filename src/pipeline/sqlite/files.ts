/** Files of the embedded stores, in the data folder. The document store reads its events from that of the log. */
export const STORE_FILES = { log: 'log.db', documents: 'documents.db', live: 'live.db' } as const;
