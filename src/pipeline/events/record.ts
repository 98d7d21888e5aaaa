import { formatAmount } from './money.ts';
import { type ShopEvent, type WireEvent } from './shop-event.ts';

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
  const items = event.items.map(({ price, ...item }) =>
    price === undefined ? item : { ...item, price: formatAmount(price) },
  );
  return encodeEvent({ ...event, items });
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
