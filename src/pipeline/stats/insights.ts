import { add, type Count, compareCounts, decimalsOf, divideAmount, formatAmount } from '../events/money.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type ProductInfo } from '../live-store/live-store.ts';
import { COLUMNS, PREFIXES } from '../metrics/columns.ts';
import { type CellTotals, type Ranked } from '../metrics/query.ts';
import { readBuyerClass } from '../metrics/rfm.ts';
import { countEvents, withPrefix } from './compute-stats.ts';
import { type Activity, type Cohort, type Insights, type SegmentRow } from './insights-types.ts';
import { SEGMENTS, segmentOf } from './segments.ts';

const DAY_MS = 86_400_000;
const COHORT_DAYS = 30;
/** A product must have been viewed so often before few carts say something. */
const LEAST_VIEWS = 20;

/** Events, orders and revenue by weekday and hour of the shop's clock. @param hours hour cells */
export function activityOf(hours: readonly CellTotals[], currency: string, zone: TimeZone): Activity {
  const grid = <T>(zero: T): T[][] => Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => zero));
  const [events, orders, revenue] = [grid(0), grid(0), grid<Count>(0)];
  for (const { start, totals } of hours) {
    const local = new Date(start + zone.offsetAt(start));
    // Monday first.
    const [weekday, hour] = [(local.getUTCDay() + 6) % 7, local.getUTCHours()];
    events[weekday]![hour]! += countEvents(totals);
    for (const count of withPrefix(totals, PREFIXES.orders).values())
      orders[weekday]![hour]! += Number(count);
    revenue[weekday]![hour] = add(revenue[weekday]![hour]!, totals.get(PREFIXES.gross + currency) ?? 0);
  }
  return {
    weekdays: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'],
    events,
    orders,
    revenue: revenue.map((row) => row.map((amount) => formatAmount(amount, decimalsOf(currency)))),
  };
}

/**
 * Shoppers by the day of their first event, and how many of them were there on the days after.
 * @param days day cells @param asOf ms since the epoch: days that are not over have no share yet
 */
export function cohortsOf(
  days: readonly CellTotals[],
  asOf: number,
  currency: string,
  zone: TimeZone,
): Cohort[] {
  const today = zone.dayOf(asOf);
  return days.flatMap(({ start, totals }) => {
    const shoppers = Number(totals.get(`${PREFIXES.kept}0`) ?? 0);
    if (shoppers === 0) return [];
    const first = zone.dayOf(start);
    const known = Math.min(COHORT_DAYS, today - first);
    const buyers = Number(totals.get(COLUMNS.cohortBuyers) ?? 0);
    const lifetime = totals.get(PREFIXES.lifetime + currency) ?? 0;
    return [
      {
        day: new Date(first * DAY_MS).toISOString().slice(0, 10),
        shoppers,
        buyers,
        lifetimeRevenue: formatAmount(lifetime, decimalsOf(currency)),
        lifetimeValue: divideAmount(lifetime, shoppers, decimalsOf(currency)),
        returned: Array.from({ length: known + 1 }, (_, day) => Number(totals.get(PREFIXES.kept + day) ?? 0)),
      },
    ];
  });
}

/** Buyers by recency, frequency and money. @param days all day cells */
export function segmentsOf(days: readonly CellTotals[]): SegmentRow[] {
  const classes = days.flatMap(({ start, totals }) =>
    [...withPrefix(totals, PREFIXES.buyer)]
      .map(([name, count]) => ({ recency: start, ...readBuyerClass(name), buyers: Number(count) }))
      .filter(({ buyers }) => buyers > 0),
  );
  const total = classes.reduce((sum, { buyers }) => sum + buyers, 0);
  const scoreOf = (value: (one: (typeof classes)[number]) => number): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const one of classes) counts.set(value(one), (counts.get(value(one)) ?? 0) + one.buyers);
    let below = 0;
    return new Map(
      [...counts]
        .sort(([a], [b]) => a - b)
        .map(([key, count]) => {
          // Those that are alike share the rank of their middle.
          const rank = (below + count / 2) / total;
          below += count;
          return [key, Math.min(5, 1 + Math.floor(rank * 5))];
        }),
    );
  };
  const recency = scoreOf((one) => one.recency);
  const frequency = scoreOf((one) => one.orders);
  const money = scoreOf((one) => one.spent);
  const buyers = new Map<string, number>();
  for (const one of classes) {
    const segment = segmentOf(recency.get(one.recency)!, frequency.get(one.orders)!, money.get(one.spent)!);
    buyers.set(segment, (buyers.get(segment) ?? 0) + one.buyers);
  }
  return SEGMENTS.map(({ name, meaning }) => {
    const count = buyers.get(name) ?? 0;
    return { segment: name, meaning, buyers: count, share: total === 0 ? null : count / total };
  });
}

/** What was searched for. @param ranked queries by searches @param empty queries by searches without results */
export function searchOf(ranked: Ranked, empty: Ranked): Insights['search'] {
  const row = ({ key, counters }: Ranked['entries'][number]) => ({
    query: key,
    searches: Number(counters.get(COLUMNS.searches) ?? 0),
    withoutResults: Number(counters.get(COLUMNS.emptySearches) ?? 0),
  });
  const searches = Number(ranked.total.get(COLUMNS.searches) ?? 0);
  const withoutResults = Number(ranked.total.get(COLUMNS.emptySearches) ?? 0);
  return {
    searches,
    withoutResults,
    shareWithoutResults: searches === 0 ? null : withoutResults / searches,
    queries: ranked.entries.map(row),
    queriesWithoutResults: empty.entries.map(row),
  };
}

/**
 * Products that many look at and few put into the cart: the fewest carts a view first.
 * @param viewed products by views, more than are wanted
 */
export function overlookedProducts(
  viewed: Ranked,
  products: ReadonlyMap<string, ProductInfo>,
  limit: number,
): Insights['overlooked'] {
  return viewed.entries
    .map(({ key, counters }) => {
      const [views, carts] = [COLUMNS.views, COLUMNS.carts].map((column) =>
        Number(counters.get(column) ?? 0),
      );
      return { productId: key, name: products.get(key)?.name ?? null, views: views!, carts: carts! };
    })
    .filter(({ views }) => views >= LEAST_VIEWS)
    .map((row) => ({ ...row, cartRate: row.carts / row.views }))
    .sort(
      (a, b) =>
        a.cartRate - b.cartRate || compareCounts(b.views, a.views) || (a.productId < b.productId ? -1 : 1),
    )
    .slice(0, limit);
}
