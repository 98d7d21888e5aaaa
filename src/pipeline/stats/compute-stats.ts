import {
  add,
  type Count,
  compareCounts,
  decimalsOf,
  divideAmount,
  formatAmount,
  subtract,
} from '../events/money.ts';
import { EVENT_TYPES, type EventType } from '../events/shop-event.ts';
import { timeZone } from '../events/time-zone.ts';
import { type ProductInfo } from '../live-store/live-store.ts';
import { type Counters, LEVELS, RECOMMENDER } from '../metrics/cells.ts';
import { COLUMNS, PREFIXES, TYPE_COLUMNS } from '../metrics/columns.ts';
import { DURATION_ENDS } from '../metrics/durations.ts';
import { FUNNEL, hasTaken, MANY_EVENTS, STEP_OF } from '../metrics/funnel.ts';
import { type CellTotals, type Ranked, type RankedEntry } from '../metrics/query.ts';
import { readBuyerClass } from '../metrics/rfm.ts';
import { type Recount } from './recount.ts';
import { isSimulated } from './simulated.ts';
import { type TimeFrame } from './time-frame.ts';
import {
  type Breakdown,
  type BreakdownNumbers,
  type Comparison,
  type FunnelStep,
  type Revenue,
  type Stats,
} from './types.ts';

const HOUR_MS = 3_600_000;
const CART = FUNNEL.indexOf('cart');
const PURCHASE = FUNNEL.indexOf('purchase');

/** Sums of counters, and what the lists need, read at one moment. */
export interface StatsInput {
  readonly frame: TimeFrame;
  readonly currency: string;
  /** Whether the events of known robots are among those that count. */
  readonly robots: boolean;
  /** Time of the newest event, ms since the epoch; 0 for none. */
  readonly newest: number;
  readonly backlog: number | null;
  readonly recount: Recount | null;
  readonly all: Counters;
  readonly window: Counters;
  readonly closed: Counters;
  readonly active: { readonly '5m': Counters; readonly '30m': Counters };
  readonly lastMinute: Counters;
  readonly topProducts: readonly RankedEntry[];
  readonly topCategories: readonly RankedEntry[];
  readonly products: ReadonlyMap<string, ProductInfo>;
  readonly series: readonly CellTotals[];
  /** The hours or days of `frame.presence`. */
  readonly presence: readonly CellTotals[];
  readonly timeZone: string;
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
  const robots = whole(window, COLUMNS.robots);
  const links = whole(window, COLUMNS.links);
  return {
    schema: 'ecom.stats/1',
    asOf: { time: iso(asOf.time), basis: asOf.basis },
    window: { label, from: from === null ? null : iso(from), to: iso(frame.to) },
    timeZone: input.timeZone,
    seriesCellSeconds: LEVELS[frame.series.level] / 1000,
    approximate: approximations(frame),
    simulated: isSimulated(input.all),
    simulatedShare: ratio(whole(window, COLUMNS.simulated), events),
    freshness: {
      newestEvent: newest === 0 ? null : iso(newest),
      lagMs: newest === 0 ? null : Math.max(0, asOf.time - newest),
      backlog,
      recount: input.recount,
      received: events + links + (input.robots ? 0 : robots) + duplicates + rejected,
      late: whole(window, COLUMNS.late),
      lost: whole(window, COLUMNS.lost),
      earlier: whole(input.all, COLUMNS.earlier),
      truncated: whole(window, COLUMNS.truncated),
      robots,
      placeholderIds: whole(window, COLUMNS.placeholderIds),
      links,
      aliases: whole(window, COLUMNS.aliases),
      lateLinks: whole(window, COLUMNS.lateLinks),
      leftToOrder: whole(window, COLUMNS.leftToOrder),
      unjoined: whole(window, COLUMNS.unjoined),
      tombstones: whole(window, COLUMNS.tombstones),
      duplicates,
      duplicateOrders: whole(window, COLUMNS.duplicateOrders),
      excessRefunds: whole(window, COLUMNS.excessRefunds),
      // Those of before there was this counter may be taken from it.
      refundsWithoutOrder: Math.max(0, whole(window, COLUMNS.refundsWithoutOrder)),
      unpricedOrders: whole(window, COLUMNS.unpricedOrders),
      pendingOrders: whole(window, COLUMNS.pendingOrders),
      cancelledOrders: whole(window, COLUMNS.cancelledOrders),
      changedOrders: whole(window, COLUMNS.changedOrders),
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
      revenue: moneyOf(counters, PREFIXES.gross, input.currency),
    })),
    topCategories: input.topCategories.map(({ key, counters }) => ({
      category: key,
      views: whole(counters, COLUMNS.views),
      carts: whole(counters, COLUMNS.carts),
      units: whole(counters, COLUMNS.units),
      revenue: moneyOf(counters, PREFIXES.gross, input.currency),
    })),
    // What was rejected today lies beyond the end of an imported history.
    series: input.series
      .filter(({ start }) => start <= frame.to)
      .map(({ start, totals }) => ({
        time: iso(start),
        events: countEvents(totals),
        orders: sum(withPrefix(totals, PREFIXES.orders)),
        revenue: moneyOf(totals, PREFIXES.gross, input.currency),
      }))
      // A cell may hold what is no event, such as who was there in its hour.
      .filter(({ events: any }) => any > 0),
  };
}

/** A stretch that is over was widened for those who were there; the median is known by its class. */
function approximations({ presence }: TimeFrame): string[] {
  const people = ['users', 'returningUsers', 'buyers', 'arpu', 'conversion.user'];
  const found = presence === undefined || presence.exact ? [] : people;
  return [...found, 'timeToPurchaseSeconds.median'].map((path) => `kpis.${path}`);
}

function kpisOf(input: StatsInput, events: number): Stats['kpis'] {
  const { window, closed, active, lastMinute, currency, frame } = input;
  const users = frame.open ? whole(window, COLUMNS.users) : present(input, 'seen');
  const buyers = frame.open ? sum(withPrefix(window, PREFIXES.buyer)) : present(input, 'bought');
  const newUsers = whole(window, `${PREFIXES.kept}0`);
  const sessions = countSessions(window, () => true);
  const converted = countSessions(window, (path) => hasTaken(path, [PURCHASE]));
  const bounced = countSessions(window, (path) => (path & MANY_EVENTS) === 0);
  const withCart = countSessions(closed, (path) => hasTaken(path, [CART]));
  const boughtCart = countSessions(closed, (path) => hasTaken(path, [CART]) && hasTaken(path, [PURCHASE]));
  const orders = sum(withPrefix(window, PREFIXES.orders));
  const gross = amount(window, PREFIXES.gross + currency);
  const decimals = decimalsOf(currency);
  const currencies = [PREFIXES.gross, PREFIXES.refunds].flatMap((prefix) => [
    ...withPrefix(window, prefix).keys(),
  ]);
  const others = [...new Set(currencies)].filter((code) => code !== currency).sort();
  return {
    events,
    eventsPerSecond: countEvents(lastMinute) / 60,
    activeUsers: { '5m': whole(active['5m'], COLUMNS.users), '30m': whole(active['30m'], COLUMNS.users) },
    users,
    newUsers,
    returningUsers: users === null ? null : Math.max(0, users - newUsers),
    buyers,
    repeatPurchaseRate: frame.open ? ratio(repeatBuyers(window), buyers) : null,
    sessions,
    bounceRate: ratio(bounced, sessions),
    averageSessionSeconds: ratio(whole(window, COLUMNS.sessionMs) / 1000, sessions),
    timeToPurchaseSeconds: timeToPurchase(window),
    orders,
    unitsSold: whole(window, COLUMNS.units),
    revenue: { ...revenueOf(window, currency), others: others.map((code) => revenueOf(window, code)) },
    averageOrderValue: divideAmount(gross, whole(window, PREFIXES.orders + currency), decimals),
    revenuePerSession: divideAmount(gross, sessions, decimals),
    arpu: users === null ? null : divideAmount(gross, users, decimals),
    conversion: { session: ratio(converted, sessions), user: ratio(buyers, users) },
    cartAbandonment: withCart === 0 ? null : 1 - boughtCart / withCart,
  };
}

/** Distinct users or buyers of a stretch that is over; null where they cannot be told. */
function present({ frame, presence, timeZone: zoneName }: StatsInput, who: 'seen' | 'bought'): number | null {
  const range = frame.presence;
  if (range === undefined) return null;
  const hourly = range.level === '1h';
  const zone = timeZone(zoneName);
  const unitOf = (time: number): number => (hourly ? Math.floor(time / HOUR_MS) : zone.dayOf(time));
  const prefix = PREFIXES[`${who}${hourly ? 'Hours' : 'Days'}`];
  let people = 0;
  for (const { start, totals } of presence) {
    const before = unitOf(start) - unitOf(range.from);
    for (const [gap, count] of withPrefix(totals, prefix)) {
      // Who was there before, but within the range, is counted there.
      if (gap === '0' || Number(gap) > before) people += Number(count);
    }
  }
  return people;
}

function repeatBuyers(window: Counters): number {
  return sum([...withPrefix(window, PREFIXES.buyer)].filter(([name]) => readBuyerClass(name).orders > 1));
}

function timeToPurchase(window: Counters): Stats['kpis']['timeToPurchaseSeconds'] {
  const classes = [...withPrefix(window, PREFIXES.toPurchase)]
    .map(([name, count]) => [Number(name), Number(count)] as const)
    .sort(([a], [b]) => a - b);
  const purchases = classes.reduce((total, [, count]) => total + count, 0);
  let below = 0;
  const middle = classes.find(([, count]) => {
    below += count;
    return below * 2 >= purchases && purchases > 0;
  });
  const end = middle === undefined ? undefined : DURATION_ENDS[middle[0]];
  return {
    average: ratio(whole(window, COLUMNS.toPurchaseMs) / 1000, purchases),
    median: end === undefined ? null : end / 1000,
  };
}

/** Numbers by the values of a dimension. What is not listed is in `other`. */
export function breakdownOf(
  { entries, keys, total }: Ranked,
  by: string,
  sort: Breakdown['sort'],
  currency: string,
  products: ReadonlyMap<string, ProductInfo>,
): Breakdown {
  const kind = kindOf(by);
  const rest = new Map(total);
  for (const { counters } of entries) {
    for (const [column, value] of counters) rest.set(column, subtract(rest.get(column) ?? 0, value));
  }
  return {
    by,
    sort,
    rows: entries.map(({ key, counters }) => ({
      value: key,
      ...(kind === 'product' ? { name: products.get(key)?.name ?? null } : {}),
      ...breakdownNumbers(counters, kind, currency),
    })),
    other: { values: keys - entries.length, ...breakdownNumbers(rest, kind, currency) },
  };
}

type DimensionKind = 'product' | 'item' | 'recommender' | 'property';

function kindOf(by: string): DimensionKind {
  if (by === 'product' || by === RECOMMENDER) return by;
  return by === 'category' || by === 'brand' ? 'item' : 'property';
}

function breakdownNumbers(counters: Counters, kind: DimensionKind, currency: string): BreakdownNumbers {
  const ofEvents = kind === 'property' || kind === RECOMMENDER;
  const impressions = whole(counters, COLUMNS.impressions);
  const clicks = whole(counters, COLUMNS.clicks);
  const sessions = countSessions(counters, () => true);
  const converted = countSessions(counters, (path) => hasTaken(path, [PURCHASE]));
  return {
    events: ofEvents ? whole(counters, COLUMNS.events) : null,
    robots: ofEvents ? whole(counters, COLUMNS.robots) : null,
    sessions: ofEvents ? sessions : null,
    conversion: ofEvents ? ratio(converted, sessions) : null,
    views: whole(counters, COLUMNS.views),
    carts: whole(counters, COLUMNS.carts),
    orders: kind === 'item' ? null : whole(counters, COLUMNS.orders),
    units: whole(counters, COLUMNS.units),
    revenue: moneyOf(counters, PREFIXES.gross, currency),
    refunds: moneyOf(counters, PREFIXES.refunds, currency),
    ...(kind === RECOMMENDER && { impressions, clicks, clickThrough: ratio(clicks, impressions) }),
  };
}

/** How the numbers of a period differ from those of the one before. */
export function comparisonOf(now: Stats, before: Stats): Comparison {
  const change: Record<string, number | null> = {};
  const numbers = (kpis: Stats['kpis']): Map<string, number | null> => new Map(leaves(kpis, ''));
  const earlier = numbers(before.kpis);
  for (const [path, value] of numbers(now.kpis)) {
    // What is told of this very moment has no period.
    if (path.startsWith('activeUsers') || path === 'eventsPerSecond') continue;
    const base = earlier.get(path) ?? null;
    change[path] = value === null || base === null || base === 0 ? null : value / base - 1;
  }
  const { from, to } = before.window;
  const { received, late, lost, truncated, tombstones, duplicates, rejected } = before.freshness;
  return {
    window: { from: from!, to },
    approximate: before.approximate,
    kpis: before.kpis,
    freshness: { received, late, lost, truncated, tombstones, duplicates, rejected },
    change,
  };
}

function leaves(value: object, prefix: string): [path: string, value: number | null][] {
  return Object.entries(value).flatMap(([key, inner]): [string, number | null][] => {
    const path = prefix + key;
    if (inner === null || typeof inner === 'number') return [[path, inner]];
    // Money is a decimal string; a currency's code is none.
    if (typeof inner === 'string') return key === 'currency' ? [] : [[path, Number(inner)]];
    return Array.isArray(inner) ? [] : leaves(inner as object, `${path}.`);
  });
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

function moneyOf(counters: Counters, prefix: string, currency: string): string {
  return formatAmount(amount(counters, prefix + currency), decimalsOf(currency));
}

function revenueOf(totals: Counters, currency: string): Revenue {
  const gross = amount(totals, PREFIXES.gross + currency);
  const refunds = amount(totals, PREFIXES.refunds + currency);
  const net = subtract(gross, refunds);
  const [written, left, back] = [gross, net, refunds].map((sum) => formatAmount(sum, decimalsOf(currency)));
  return { gross: written!, net: left!, refunds: back!, currency };
}

function eventsByType(totals: Counters): Stats['eventsByType'] {
  const counts: Partial<Record<EventType, number>> = {};
  for (const type of EVENT_TYPES) {
    const count = whole(totals, TYPE_COLUMNS[type]);
    if (count > 0) counts[type] = count;
  }
  return counts;
}

export function countEvents(totals: Counters): number {
  return EVENT_TYPES.reduce((events, type) => events + whole(totals, TYPE_COLUMNS[type]), 0);
}

/** Counters whose column begins with a prefix, by what follows it. */
export function withPrefix(totals: Counters, prefix: string): ReadonlyMap<string, Count> {
  let groups = grouped.get(totals);
  if (groups === undefined) {
    groups = new Map();
    for (const [column, value] of totals) {
      const end = column.indexOf(':') + 1;
      if (end === 0) continue;
      const name = column.slice(0, end);
      const group = groups.get(name) ?? new Map<string, Count>();
      groups.set(name, group.set(column.slice(end), value));
    }
    grouped.set(totals, groups);
  }
  return groups.get(prefix) ?? NONE;
}

const NONE: ReadonlyMap<string, Count> = new Map();
/** The columns of counters by prefix: they are hundreds, and asked for many times. */
const grouped = new WeakMap<Counters, Map<string, Map<string, Count>>>();

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

function ratio(part: number | null, total: number | null): number | null {
  return part === null || total === null || total === 0 ? null : part / total;
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}
