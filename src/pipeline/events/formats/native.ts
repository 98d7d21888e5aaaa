import { eventNameOf } from '../near-names.ts';
import { EVENT_TYPES, LINK_TYPE } from '../shop-event.ts';
import { BadRow, type JsonFormat, type RawEvent } from './format.ts';

const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);

/** This program's own events: see `WireEvent`. */
export const native: JsonFormat = {
  name: 'native',
  layout: 'json',
  recognises: (value) => {
    // Others have calls of that type, with other names for the time.
    if (value.type === LINK_TYPE) return 'time' in value;
    const fields = Object.entries(value).map(([name, said]) => [eventNameOf(name), said] as const);
    return (
      fields.some(([name, said]) => name === 'type' && TYPES.has(said)) &&
      fields.some(([name]) => name === 'time')
    );
  },
  read: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? [value as RawEvent]
      : [new BadRow('not an event', 'the record is no JSON object')],
};
