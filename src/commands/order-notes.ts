import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { COLUMNS } from '../pipeline/metrics/columns.ts';

/** How many orders and refunds are not in the numbers as one might think. */
export interface OrderCounts {
  readonly duplicateOrders: number;
  readonly excessRefunds: number;
  readonly refundsWithoutOrder: number;
  readonly unpricedOrders: number;
  readonly pendingOrders: number;
  readonly cancelledOrders: number;
  readonly changedOrders: number;
}

const TEXTS: readonly (readonly [name: keyof OrderCounts, one: string, many: string])[] = [
  ['duplicateOrders', 'duplicate order', 'duplicate orders'],
  ['excessRefunds', 'refund beyond its order', 'refunds beyond their orders'],
  ['refundsWithoutOrder', 'refund of an order that is not known', 'refunds of orders that are not known'],
  ['unpricedOrders', 'order without amount', 'orders without amount'],
  ['pendingOrders', 'pending order not counted', 'pending orders not counted'],
  ['cancelledOrders', 'cancelled order not counted', 'cancelled orders not counted'],
  [
    'changedOrders',
    'order came again with another total, which does not replace the first',
    'orders came again with another total, which does not replace the first',
  ],
];

/** The same in words; nothing of what there is none of. */
export function orderNotes(counts: OrderCounts): string[] {
  return TEXTS.filter(([name]) => counts[name] > 0).map(
    ([name, one, many]) => `${counts[name].toLocaleString('en-US')} ${counts[name] === 1 ? one : many}`,
  );
}

/** All that were ever counted. */
export async function readOrderCounts(live: Pick<LiveStore, 'snapshot'>): Promise<OrderCounts> {
  const { tallies } = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  const { totals } = tallies[0]!;
  const count = (name: keyof OrderCounts): number => Number(totals.get(COLUMNS[name]) ?? 0);
  return {
    duplicateOrders: count('duplicateOrders'),
    excessRefunds: count('excessRefunds'),
    refundsWithoutOrder: count('refundsWithoutOrder'),
    unpricedOrders: count('unpricedOrders'),
    pendingOrders: count('pendingOrders'),
    cancelledOrders: count('cancelledOrders'),
    changedOrders: count('changedOrders'),
  };
}

/** How many more there are than before; there may be fewer. */
export function moreOrders(now: OrderCounts, before: OrderCounts): OrderCounts {
  return {
    duplicateOrders: now.duplicateOrders - before.duplicateOrders,
    excessRefunds: now.excessRefunds - before.excessRefunds,
    refundsWithoutOrder: now.refundsWithoutOrder - before.refundsWithoutOrder,
    unpricedOrders: now.unpricedOrders - before.unpricedOrders,
    pendingOrders: now.pendingOrders - before.pendingOrders,
    cancelledOrders: now.cancelledOrders - before.cancelledOrders,
    changedOrders: now.changedOrders - before.changedOrders,
  };
}
