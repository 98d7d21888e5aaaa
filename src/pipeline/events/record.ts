import { formatAmount } from './money.ts';
import { AMOUNTS, type Amounts, type EventItem, type ShopEvent, type WireEvent } from './shop-event.ts';

/** A line of a source that is no event, on its way through the log to the dead letters: so it too counts exactly once. */
export interface RejectedLine {
  /** Identity, so that a replay is a duplicate. */
  readonly id: string;
  /** One of a small set of phrases, such as `zero price`, never with data in it. */
  readonly reason: string;
  /** The particulars. */
  readonly detail: string;
  /** Feed or file, with the row. */
  readonly source: string;
  /** The line as it was. */
  readonly raw: string | Uint8Array;
}

/** An event as a log record. */
export function encodeEvent(event: WireEvent): string {
  return JSON.stringify(event);
}

/** An event that was decoded, as a log record that decodes to the same one. */
export function encodeDecoded(event: ShopEvent): string {
  return encodeEvent({ ...event, ...decimalAmounts(event), items: decimalItems(event.items) });
}

/** The amounts that an event states, as decimals. */
export function decimalAmounts(event: Amounts): Partial<Record<keyof Amounts, string>> {
  const amounts: Partial<Record<keyof Amounts, string>> = {};
  for (const name of AMOUNTS) {
    const amount = event[name];
    if (amount !== undefined) amounts[name] = formatAmount(amount);
  }
  return amounts;
}

/** Items with their amounts as decimals. */
export function decimalItems(items: readonly EventItem[]): NonNullable<WireEvent['items']> {
  return items.map(({ price, total, ...item }) => ({
    ...item,
    ...(price !== undefined && { price: formatAmount(price) }),
    ...(total !== undefined && { total: formatAmount(total) }),
  }));
}

/** A rejected line as a log record; bytes that are no UTF-8 travel as base64. */
export function encodeRejectedLine(line: RejectedLine): string {
  const { raw, ...rest } = line;
  return JSON.stringify({
    rejected:
      typeof raw === 'string'
        ? { ...rest, raw }
        : { ...rest, rawBase64: Buffer.from(raw).toString('base64') },
  });
}
