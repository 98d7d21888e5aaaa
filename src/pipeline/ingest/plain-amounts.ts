import { list, object, type RawEvent } from '../events/formats/format.ts';
import { plainAmount } from '../events/formats/plain-amount.ts';

const OF_EVENT = ['revenue', 'total', 'tax', 'shipping', 'discount', 'refunded'] as const;
const OF_ITEM = ['price', 'total'] as const;
/** What amounts of events and items are called. */
export const AMOUNT_NAMES: ReadonlySet<string> = new Set([...OF_EVENT, ...OF_ITEM]);

/** Makes the amounts of an event plain, in place. */
export function makePlain(event: RawEvent): void {
  const fields = event as Record<string, unknown>;
  for (const name of OF_EVENT) if (name in fields) fields[name] = plainAmount(fields[name]);
  for (const value of list(event.items)) {
    const item = object(value) as Record<string, unknown>;
    for (const name of OF_ITEM) if (name in item) item[name] = plainAmount(item[name]);
  }
}
