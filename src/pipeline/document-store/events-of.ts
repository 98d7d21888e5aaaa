import { decodeRecord, isRejected } from '../events/decode.ts';
import { type StoredEvent, type StoredRecords } from './document-store.ts';

/** What stored records hold as events. */
export function eventsOf(
  partition: number,
  { records, skipped, next }: StoredRecords,
): { events: StoredEvent[]; next: number } {
  const events: StoredEvent[] = [];
  for (let i = 0; i < records.length; i += 1) {
    if (skipped.has(i)) continue;
    const { value, ...place } = records.at(i);
    const event = decodeRecord(value, { partition, ...place });
    if (isRejected(event)) continue;
    const { offset, index } = place;
    events.push(index === undefined ? { offset, event } : { offset, index, event });
  }
  return { events, next };
}
