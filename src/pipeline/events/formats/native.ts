import { EVENT_TYPES } from '../shop-event.ts';
import { type JsonFormat, type RawEvent } from './format.ts';

const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);

/** This program's own events: see `WireEvent`. */
export const native: JsonFormat = {
  name: 'native',
  layout: 'json',
  recognises: (value) => TYPES.has(value.type) && 'time' in value,
  read: (value) => [value as RawEvent],
};
