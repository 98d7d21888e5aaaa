import { EVENT_TYPES, type EventType } from '../events/shop-event.ts';

/**
 * The names of all counters, in one place. Totals of a cell:
 *
 * - `type:T` events of a type; `simulated` those of simulated shoppers; `robots` those of known robots, which nothing else counts; `late`, `lost` and `earlier` (when that was noticed), `truncated`,
 *   `links` calls that link a device to a user, `aliases` those of them that name a former id, `lateLinks` those that might have changed whose a device's older
 *   events are, `unjoined` devices whose past was too long to join them, `placeholderIds` events with an id of somebody that is none,
 *   `duplicates`, `duplicateOrders`, `rejected:REASON`, `tombstones`
 * - `leftToOrder` lines of orders and refunds that do not say what a view is filtered by
 * - `excessRefunds` refunds of more than was left of the order, `refundsWithoutOrder` of one that is not known, `unpricedOrders` that say
 *   no amount; `pendingOrders` and `cancelledOrders`, which do not count, `changedOrders` that came again with another worth
 * - `orders:C`, `gross:C`, `refunds:C` by currency, `units`
 * - `users`: shoppers whose newest event lies in the cell. Summed over all cells from a moment on, they are the distinct
 *   users since then: no set has to be kept.
 * - `buyer:F.M`: the same of buyers and their newest purchase, by how often and how much they bought so far (rfm.ts)
 * - `seenHours:G`, `seenDays:G`, `boughtHours:G`, `boughtDays:G`: users and buyers of an hour or a day by gap (presence.ts),
 *   for stretches that ended long ago; gap 0 is the first ever
 * - `session:P` sessions whose newest event lies in the cell, by path (funnel.ts); `sessionMs` their lengths; `toPurchase:B`
 *   those with a purchase by the time to it (durations.ts), `toPurchaseMs` the sum of that
 * - of shoppers whose first event lies in the cell: `kept:K` those who were there K days later, `kept:0` all of them,
 *   `cohortBuyers`, and `lifetime:C` what they have spent so far in each currency
 *
 * Of a product, category or brand: `views`, `carts`, `units`, `orders`, `gross:C`, `refunds:C`; of a property's value those,
 * `events`, of which `robots`, and `session:P`; of a recommender those of a property, for events of its lists and purchases that are put down to
 * them, and `impressions` and `clicks`, the lists that were shown and clicked; of a query `searches` and `emptySearches`.
 */
export const COLUMNS = {
  simulated: 'simulated',
  robots: 'robots',
  late: 'late',
  lost: 'lost',
  earlier: 'earlier',
  truncated: 'truncated',
  placeholderIds: 'placeholderIds',
  links: 'links',
  unjoined: 'unjoined',
  aliases: 'aliases',
  leftToOrder: 'leftToOrder',
  lateLinks: 'lateLinks',
  tombstones: 'tombstones',
  duplicates: 'duplicates',
  duplicateOrders: 'duplicateOrders',
  excessRefunds: 'excessRefunds',
  refundsWithoutOrder: 'refundsWithoutOrder',
  unpricedOrders: 'unpricedOrders',
  pendingOrders: 'pendingOrders',
  cancelledOrders: 'cancelledOrders',
  changedOrders: 'changedOrders',
  units: 'units',
  users: 'users',
  views: 'views',
  carts: 'carts',
  orders: 'orders',
  events: 'events',
  sessionMs: 'sessionMs',
  toPurchaseMs: 'toPurchaseMs',
  cohortBuyers: 'cohortBuyers',
  searches: 'searches',
  emptySearches: 'emptySearches',
  impressions: 'impressions',
  clicks: 'clicks',
} as const;

/** Columns that go on with a currency, a path, a class or a reason. */
export const PREFIXES = {
  type: 'type:',
  orders: 'orders:',
  gross: 'gross:',
  refunds: 'refunds:',
  session: 'session:',
  rejected: 'rejected:',
  buyer: 'buyer:',
  kept: 'kept:',
  lifetime: 'lifetime:',
  toPurchase: 'toPurchase:',
  seenHours: 'seenHours:',
  seenDays: 'seenDays:',
  boughtHours: 'boughtHours:',
  boughtDays: 'boughtDays:',
} as const;

/** An hour's gap is counted up to this, eight days; a longer one only as being longer. */
export const MOST_HOURS = 192;

export const TYPE_COLUMNS = Object.fromEntries(
  EVENT_TYPES.map((type) => [type, PREFIXES.type + type]),
) as Readonly<Record<EventType, string>>;
