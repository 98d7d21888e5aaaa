import { type DocumentBatch, type StoredEvent } from '../../src/pipeline/document-store/document-store.ts';
import { LogRecords } from '../../src/pipeline/event-log/event-log.ts';
import { encodeDecoded } from '../../src/pipeline/events/record.ts';

/** The records of a document batch: those that are decoded to events. */
export function recordsOf(events: readonly StoredEvent[]): Pick<DocumentBatch, 'records' | 'first' | 'last'> {
  const records = new LogRecords();
  for (const { offset, index = 0, event } of events)
    records.add(offset, index, encodeDecoded(event), event.time);
  return { records, first: 0, last: records.length };
}
