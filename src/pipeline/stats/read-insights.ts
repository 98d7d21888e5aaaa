import { LIMITS } from '../events/shop-event.ts';
import { timeZone } from '../events/time-zone.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type CellRange, levelCeiling, levelStart } from '../metrics/cells.ts';
import { COLUMNS } from '../metrics/columns.ts';
import { iso, mainCurrency } from './compute-stats.ts';
import { activityOf, cohortsOf, overlookedProducts, searchOf, segmentsOf } from './insights.ts';
import { type Insights } from './insights-types.ts';
import { checkReached } from './oldest.ts';
import { newestOf } from './read-stats.ts';
import { isSimulated } from './simulated.ts';
import { frameOf, type Period, type TimeFrame } from './time-frame.ts';

export interface InsightsRequest {
  readonly period: Period;
  /** Length of the lists. */
  readonly limit: number;
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** The shop's own currency. */
  readonly currency: string;
}

/** Among so many of the most viewed products those with few carts are looked for. */
const MOST_VIEWED = 500;

/** Reads how shoppers behave from the live store. */
export async function readInsights(
  live: LiveStore,
  { period, limit, now, currency: own }: InsightsRequest,
): Promise<Insights> {
  const { timeZone: name } = await live.layout();
  const zone = timeZone(name);
  await checkReached(live, period, zone);
  const frame = frameOf(period, newestOf(await live.positions(), now), now, zone);
  const everything: CellRange = { level: '1d', from: 0, to: Number.POSITIVE_INFINITY };
  const { tallies, series } = await live.snapshot({
    tallies: [
      { ranges: 'all' },
      {
        ranges: frame.window,
        rankings: [
          { dimension: 'query', columns: [COLUMNS.searches], limit },
          { dimension: 'query', columns: [COLUMNS.emptySearches], limit },
          { dimension: 'product', columns: [COLUMNS.views], limit: MOST_VIEWED },
        ],
      },
    ],
    series: [cellsOf(frame, '1h'), cellsOf(frame, '1d'), everything],
  });
  const [searched, empty, viewed] = tallies[1]!.rankings;
  const [hours, days, allDays] = series;
  const currency = mainCurrency(tallies[0]!.totals, own);
  const products = await live.products(viewed!.entries.map(({ key }) => key));
  return {
    schema: 'ecom.insights/1',
    asOf: { time: iso(frame.asOf.time), basis: frame.asOf.basis },
    window: {
      label: frame.label,
      from: frame.from === null ? null : iso(frame.from),
      to: iso(frame.to),
    },
    timeZone: name,
    currency,
    simulated: isSimulated(tallies[0]!.totals),
    activity: activityOf(hours!, currency, zone),
    cohorts: cohortsOf(days!, frame.asOf.time, currency, zone),
    segments: segmentsOf(allDays!),
    search: searchOf(searched!, empty!),
    overlooked: overlookedProducts(viewed!, products, limit),
  };

  function cellsOf({ from, to, open }: TimeFrame, level: '1h' | '1d'): CellRange {
    return {
      level,
      from: from === null ? 0 : levelStart(level, from, zone),
      to: open ? levelCeiling(level, now + LIMITS.clockMs, zone) : to,
    };
  }
}
