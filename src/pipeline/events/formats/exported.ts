import { EVENT_TYPES } from '../shop-event.ts';
import { type JsonFormat, object, type RawEvent } from './format.ts';

const TYPES: ReadonlySet<unknown> = new Set(EVENT_TYPES);

/** The names of an exported line that are not those of an event. */
const NAMES = {
  user_id: 'userId',
  anonymous_id: 'anonymousId',
  session_id: 'sessionId',
  order_id: 'orderId',
};
/** What is JSON in a text, as in the cells of a CSV. */
const JSON_TEXTS: readonly string[] = ['items', 'properties'];

/** What `ecom export --what events --format jsonl` writes. */
export const exported: JsonFormat = {
  name: 'export',
  layout: 'json',
  recognises: (value) =>
    TYPES.has(value.type) && 'time' in value && Object.keys(NAMES).every((name) => name in value),
  read: (value) => {
    const line = object(value);
    const event = Object.fromEntries(
      Object.entries(line).map(([name, field]) => [
        NAMES[name as keyof typeof NAMES] ?? name,
        JSON_TEXTS.includes(name) ? parsed(field) : field,
      ]),
    ) as RawEvent;
    // Earlier versions did not say which orders came line by line.
    if (!('partial' in line) && event.type === 'purchase' && event.orderId) event.partial = true;
    return [event];
  },
};

/** The value of a text that is JSON; what is none stays for the validation to refuse. */
function parsed(field: unknown): unknown {
  if (typeof field !== 'string') return field;
  try {
    return JSON.parse(field);
  } catch {
    return field;
  }
}
