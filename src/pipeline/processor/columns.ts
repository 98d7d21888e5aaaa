import { EVENT_TYPES, type EventType } from '../events/shop-event.ts';

/**
 * The names of all counters, in one place. Totals of a cell:
 *
 * - `type:T` events of a type; `late`, `duplicates`, `duplicateOrders`, `rejected:REASON`
 * - `orders:C`, `gross:C`, `refunds:C` by currency, `units`
 * - `users`, `buyers`: shoppers whose newest event, newest purchase lies in the cell. Summed over all cells from a moment
 *   on, they are the distinct users and buyers since then: no set has to be kept.
 * - `session:P` sessions whose newest event lies in the cell, by path (funnel.ts)
 *
 * Of a product or category: `views`, `carts`, `units`, `orders` (products only), `gross:C`.
 */
export const COLUMNS = {
  late: 'late',
  duplicates: 'duplicates',
  duplicateOrders: 'duplicateOrders',
  units: 'units',
  users: 'users',
  buyers: 'buyers',
  views: 'views',
  carts: 'carts',
  orders: 'orders',
} as const;

/** Columns that go on with a currency, a path or a reason. */
export const PREFIXES = {
  type: 'type:',
  orders: 'orders:',
  gross: 'gross:',
  refunds: 'refunds:',
  session: 'session:',
  rejected: 'rejected:',
} as const;

export const TYPE_COLUMNS = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, PREFIXES.type + type]),
) as Readonly<Record<EventType, string>>;
