import { list, object, type RawEvent, units } from './formats/format.ts';
import { plainAmount } from './formats/plain-amount.ts';
import { idOfKey } from './row-ids.ts';
import { AMOUNTS } from './shop-event.ts';
import { parseTime } from './time.ts';

const OF_ITEM = ['price', 'total'] as const;
/** What amounts of events and items are called. */
const AMOUNT_NAMES: ReadonlySet<string> = new Set([...AMOUNTS, ...OF_ITEM]);

const ID_NAMES: ReadonlySet<string> = new Set(['userId', 'anonymousId', 'sessionId', 'orderId', 'productId']);

/** Makes the amounts of an event plain, in place. */
export function makePlain(event: RawEvent): void {
  const fields = event as Record<string, unknown>;
  for (const name of AMOUNTS) if (name in fields) fields[name] = plainAmount(fields[name]);
  for (const value of list(event.items)) {
    const item = object(value) as Record<string, unknown>;
    for (const name of OF_ITEM) if (name in item) item[name] = plainAmount(item[name]);
  }
}

/** Time of an event as a format hands it over, ms since the epoch; NaN where it has none. */
export function timeOf({ time }: { readonly time?: unknown }): number {
  if (typeof time === 'number') return time;
  return typeof time === 'string' ? parseTime(time.trim()) : Number.NaN;
}

/** What an event says, however it is written; `undefined` where it is nested too deeply. */
export function canonical(event: { readonly time?: unknown }): string | undefined {
  const time = timeOf(event);
  try {
    return JSON.stringify({ ...event, time: Number.isNaN(time) ? event.time : time }, inOrder);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

/** An id made from what an event says; `undefined` where it is nested too deeply. */
export function contentId(event: { readonly time?: unknown }): string | undefined {
  const content = canonical(event);
  return content === undefined ? undefined : idOfKey(content);
}

/** Objects with their fields by name, without those that say nothing, and amounts, ids and units in one form. */
function inOrder(name: string, value: unknown): unknown {
  if (AMOUNT_NAMES.has(name)) return plainAmount(typeof value === 'number' ? String(value) : value);
  if (ID_NAMES.has(name)) return typeof value === 'number' ? String(value) : value;
  if (name === 'quantity') return units(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => !isAbsent(field));
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Whether a field says nothing. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
