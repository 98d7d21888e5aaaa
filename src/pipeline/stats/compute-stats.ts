import { add, type Count, compareCounts, divideAmount, formatAmount, subtract } from '../events/money.ts';
import { EVENT_TYPES, type EventType } from '../events/shop-event.ts';
import { type Counters } from '../live-store/cells.ts';
import { type LiveSnapshot, type ProductInfo, type RankedEntry } from '../live-store/live-store.ts';
import { COLUMNS, PREFIXES, TYPE_COLUMNS } from '../processor/columns.ts';
import { FUNNEL, hasTaken, STEP_OF } from '../processor/funnel.ts';
import { type TimeFrame } from './time-frame.ts';
import { type FunnelStep, type Revenue, type Stats } from './types.ts';

const CART = FUNNEL.indexOf('cart');
const PURCHASE = FUNNEL.indexOf('purchase');

/** Sums of counters, and what the lists need, read at one moment. */
export interface StatsInput {
  readonly frame: TimeFrame;
  readonly currency: string;
  /** Time of the newest event, ms since the epoch; 0 for none. */
  readonly newest: number;
  readonly backlog: number | null;
  readonly all: Counters;
  readonly window: Counters;
  readonly closed: Counters;
  readonly active: { readonly '5m': Counters; readonly '30m': Counters };
  readonly lastMinute: Counters;
  readonly topProducts: readonly RankedEntry[];
  readonly topCategories: readonly RankedEntry[];
  readonly products: ReadonlyMap<string, ProductInfo>;
  readonly series: LiveSnapshot['series'];
}

/** The currency of most orders, the first by name of several; the shop's own before any order. */
export function mainCurrency(totals: Counters, own: string): string {
  const orders = [...withPrefix(totals, PREFIXES.orders)].filter(([, count]) => count > 0);
  orders.sort(([a, m], [b, n]) => compareCounts(n, m) || (a < b ? -1 : 1));
  return orders[0]?.[0] ?? own;
}

/** Turns sums into the answer of `ecom stats`: every formula is here. Pure. */
export function computeStats(input: StatsInput): Stats {
  const { frame, newest, backlog, window } = input;
  const { asOf, from, label } = frame;
  const rejectedByReason = Object.fromEntries(
    [...withPrefix(window, PREFIXES.rejected)]
      .filter(([, count]) => count > 0)
      .sort(([a, m], [b, n]) => compareCounts(n, m) || (a < b ? -1 : 1))
      .map(([reason, count]) => [reason, Number(count)]),
  );
  const rejected = Object.values(rejectedByReason).reduce((sum, count) => sum + count, 0);
  const duplicates = whole(window, COLUMNS.duplicates);
  const events = countEvents(window);
  return {
    schema: 'ecom.stats/1',
    asOf: { time: iso(asOf.time), basis: asOf.basis },
    window: { label, from: from === null ? null : iso(from), to: iso(asOf.time) },
    freshness: {
      newestEvent: newest === 0 ? null : iso(newest),
      lagMs: newest === 0 ? null : Math.max(0, asOf.time - newest),
      backlog,
      received: events + duplicates + rejected,
      late: whole(window, COLUMNS.late),
      duplicates,
      duplicateOrders: whole(window, COLUMNS.duplicateOrders),
      rejected,
      rejectedByReason,
    },
    kpis: kpisOf(input, events),
    eventsByType: eventsByType(window),
    funnel: funnelOf(window, input.all),
    topProducts: input.topProducts.map(({ key, counters }) => ({
      productId: key,
      name: input.products.get(key)?.name ?? null,
      views: whole(counters, COLUMNS.views),
      carts: whole(counters, COLUMNS.carts),
      units: whole(counters, COLUMNS.units),
      orders: whole(counters, COLUMNS.orders),
      revenue: formatAmount(amount(counters, PREFIXES.gross + input.currency)),
    })),
    topCategories: input.topCategories.map(({ key, counters }) => ({
      category: key,
      views: whole(counters, COLUMNS.views),
      carts: whole(counters, COLUMNS.carts),
      units: whole(counters, COLUMNS.units),
      revenue: formatAmount(amount(counters, PREFIXES.gross + input.currency)),
    })),
    // What was rejected today lies beyond the end of an imported history.
    series: input.series
      .filter(({ start }) => start <= asOf.time)
      .map(({ start, totals }) => ({
        time: iso(start),
        events: countEvents(totals),
        orders: sum(withPrefix(totals, PREFIXES.orders)),
        revenue: formatAmount(amount(totals, PREFIXES.gross + input.currency)),
      })),
  };
}

function kpisOf({ window, closed, active, lastMinute, currency }: StatsInput, events: number): Stats['kpis'] {
  const users = whole(window, COLUMNS.users);
  const buyers = whole(window, COLUMNS.buyers);
  const sessions = countSessions(window, () => true);
  const converted = countSessions(window, (path) => hasTaken(path, [PURCHASE]));
  const withCart = countSessions(closed, (path) => hasTaken(path, [CART]));
  const boughtCart = countSessions(closed, (path) => hasTaken(path, [CART]) && hasTaken(path, [PURCHASE]));
  const orders = sum(withPrefix(window, PREFIXES.orders));
  const gross = amount(window, PREFIXES.gross + currency);
  const currencies = [PREFIXES.gross, PREFIXES.refunds].flatMap((prefix) => [
    ...withPrefix(window, prefix).keys(),
  ]);
  const others = [...new Set(currencies)].filter((code) => code !== currency).sort();
  return {
    events,
    eventsPerSecond: countEvents(lastMinute) / 60,
    activeUsers: { '5m': whole(active['5m'], COLUMNS.users), '30m': whole(active['30m'], COLUMNS.users) },
    users,
    buyers,
    sessions,
    orders,
    unitsSold: whole(window, COLUMNS.units),
    revenue: { ...revenueOf(window, currency), others: others.map((code) => revenueOf(window, code)) },
    averageOrderValue: divideAmount(gross, whole(window, PREFIXES.orders + currency)),
    revenuePerSession: divideAmount(gross, sessions),
    arpu: divideAmount(gross, users),
    conversion: { session: ratio(converted, sessions), user: ratio(buyers, users) },
    cartAbandonment: withCart === 0 ? null : 1 - boughtCart / withCart,
  };
}

/** Steps that the shop has ever sent, with the sessions that took them in order. */
function funnelOf(window: Counters, all: Counters): FunnelStep[] {
  const steps = FUNNEL.map((_, step) => step).filter((step) =>
    EVENT_TYPES.some((type) => STEP_OF[type] === step && whole(all, TYPE_COLUMNS[type]) > 0),
  );
  const reached = steps.map((_, i) => countSessions(window, (path) => hasTaken(path, steps.slice(0, i + 1))));
  return steps.map((step, i) => ({
    step: FUNNEL[step]!,
    sessions: reached[i]!,
    ofFirst: ratio(reached[i]!, reached[0]!),
    ofPrevious: i === 0 ? null : ratio(reached[i]!, reached[i - 1]!),
  }));
}

function countSessions(totals: Counters, counts: (path: number) => boolean): number {
  return sum([...withPrefix(totals, PREFIXES.session)].filter(([path]) => counts(Number(path))));
}

function revenueOf(totals: Counters, currency: string): Revenue {
  const gross = amount(totals, PREFIXES.gross + currency);
  const refunds = amount(totals, PREFIXES.refunds + currency);
  const net = subtract(gross, refunds);
  return { gross: formatAmount(gross), net: formatAmount(net), refunds: formatAmount(refunds), currency };
}

function eventsByType(totals: Counters): Stats['eventsByType'] {
  const counts: Partial<Record<EventType, number>> = {};
  for (const type of EVENT_TYPES) {
    const count = whole(totals, TYPE_COLUMNS[type]);
    if (count > 0) counts[type] = count;
  }
  return counts;
}

function countEvents(totals: Counters): number {
  return EVENT_TYPES.reduce((events, type) => events + whole(totals, TYPE_COLUMNS[type]), 0);
}

/** Counters whose column begins with a prefix, by what follows it. */
function withPrefix(totals: Counters, prefix: string): Map<string, Count> {
  const found = new Map<string, Count>();
  for (const [column, value] of totals)
    if (column.startsWith(prefix)) found.set(column.slice(prefix.length), value);
  return found;
}

function sum(entries: Iterable<readonly [string, Count]>): number {
  let total: Count = 0;
  for (const [, value] of entries) total = add(total, value);
  return Number(total);
}

function amount(totals: Counters, column: string): Count {
  return totals.get(column) ?? 0;
}

function whole(totals: Counters, column: string): number {
  return Number(amount(totals, column));
}

function ratio(part: number, total: number): number | null {
  return total === 0 ? null : part / total;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
