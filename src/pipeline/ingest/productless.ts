import { BadRow, type Outcome, type RawEvent } from '../events/formats/format.ts';
import { UNNAMED } from '../events/shop-event.ts';

/**
 * Tells which events of a row are money of an order that names no product: not what the row says of an order beside its products.
 * @param outcomes all that the row holds
 * @param linesApart whether the products of a partial order come in records of their own
 */
export function productlessIn(
  outcomes: readonly Outcome[],
  linesApart: boolean,
): (event: RawEvent) => boolean {
  const isFollowed = (event: RawEvent): boolean => linesApart && event.partial === true;
  const isAlone = (event: RawEvent): boolean => isProductless(event) && !isFollowed(event);
  // Most rows are one event.
  if (outcomes.length === 1) return isAlone;
  const events = outcomes.filter((outcome): outcome is RawEvent => !(outcome instanceof BadRow));
  const named = events.filter((event) => namesProduct(event) || isFollowed(event));
  const orders = new Set(named.map(({ orderId }) => orderId));
  return (event) => isAlone(event) && (event.orderId === undefined || !orders.has(event.orderId));
}

function isProductless(event: RawEvent): boolean {
  if (event.type !== 'purchase' && event.type !== 'refund') return false;
  if (namesProduct(event)) return false;
  const isStated = isSaid(event.revenue) || isSaid(event.total);
  return isStated || (Array.isArray(event.items) && event.items.length > 0);
}

function namesProduct({ items }: RawEvent): boolean {
  if (!Array.isArray(items)) return false;
  return items.some((item: { productId?: unknown } | null) => item?.productId !== UNNAMED);
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
