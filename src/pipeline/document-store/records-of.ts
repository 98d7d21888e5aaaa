import { LogRecords } from '../event-log/event-log.ts';
import { encodeDecoded } from '../events/record.ts';
import { type StoredEvent, type StoredRecords } from './document-store.ts';

/** What a store has as events, as records that decode to them. */
export function recordsOf({
  events,
  next,
}: {
  readonly events: readonly StoredEvent[];
  readonly next: number;
}): StoredRecords {
  const records = new LogRecords();
  // An event happened before it arrived; when that was says nothing more once it is decoded.
  for (const { offset, index = 0, event } of events)
    records.add(offset, index, encodeDecoded(event), event.time);
  return { records, skipped: new Set(), next };
}
