import { EcomError } from '../../errors.ts';
import { readCurrentAlerts } from '../alerts/published.ts';
import { type PartitionBounds } from '../event-log/event-log.ts';
import { LIMITS } from '../events/shop-event.ts';
import { timeZone } from '../events/time-zone.ts';
import { type LiveStore, type Position } from '../live-store/live-store.ts';
import { type CellRange, type Counters, RECOMMENDER } from '../metrics/cells.ts';
import { COLUMNS, PREFIXES } from '../metrics/columns.ts';
import { type Ranked, type Ranking } from '../metrics/query.ts';
import { ANOMALY_WEEKS, markAnomalies } from './anomalies.ts';
import { breakdownOf, comparisonOf, computeStats, countEvents, iso, mainCurrency } from './compute-stats.ts';
import { checkReached } from './oldest.ts';
import { type CountedBefore, notedRecount, recountOf } from './recount.ts';
import { frameOf, type Period, stretchBefore, type TimeFrame } from './time-frame.ts';
import { type Breakdown, type SortKey, type Stats } from './types.ts';

/** Tells how far the log reaches; `undefined` where nobody knows. */
export interface LogReach {
  bounds(): Promise<readonly PartitionBounds[] | undefined>;
}

export interface StatsRequest {
  readonly period: Period;
  /** Order of the lists; by revenue where there is any, else by units, else by views, where absent. */
  readonly sort?: SortKey | undefined;
  /** Length of the lists. */
  readonly limit: number;
  /** A dimension to break the numbers down by: product, category, brand or a property that is counted. */
  readonly by?: string | undefined;
  /** Whether to compare with the same length before. */
  readonly compare?: boolean | undefined;
  /** Whether to mark unusual hours. */
  readonly anomalies?: boolean | undefined;
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** The shop's own currency. */
  readonly currency: string;
}

interface Sources {
  readonly live: LiveStore;
  readonly log: LogReach;
  /** What the document store knows, for a live store that holds nothing. */
  readonly countedBefore?: CountedBefore | undefined;
  /** Whether the live store counts what known robots sent like what others did. */
  readonly robots?: boolean | undefined;
}

const AUTO_SORT: readonly SortKey[] = ['revenue', 'units', 'carts', 'views'];

/**
 * Reads the shop's numbers from the live store; the log only tells how much is not counted yet.
 * @throws EcomError `USAGE` for a dimension that is not counted, or a comparison of the whole history; `NOT_FOUND` for a
 * period that lies before or after all that is known
 */
export async function readStats(sources: Sources, request: StatsRequest): Promise<Stats> {
  const { live } = sources;
  const [layout, history] = [await live.layout(), await live.snapshot({ tallies: [{ ranges: 'all' }] })];
  checkDimension(request.by, layout.properties);
  const zone = timeZone(layout.timeZone);
  await checkReached(live, request.period, zone);
  const newest = newestOf(history.positions, request.now);
  const currency = mainCurrency(history.tallies[0]!.totals, request.currency);
  const frame = frameOf(request.period, newest, request.now, zone);
  const all = history.tallies[0]!.totals;
  const answer = await readFrame(sources, { ...request, currency }, frame, all, layout.timeZone);
  const alerts = await firingAlerts(live, request.now);
  const marked =
    request.anomalies === true ? { ...answer, series: await withAnomalies(live, answer, currency) } : answer;
  const stats = alerts === undefined ? marked : { ...marked, alerts };
  if (request.compare !== true) return stats;
  const before = stretchBefore(frame);
  if (before === undefined) {
    throw new EcomError('USAGE', 'nothing lies before the whole history', {
      hint: 'compare a window such as --window 7d, or a stretch with --from',
    });
  }
  const earlier = await readFrame(
    sources,
    { ...request, by: undefined, currency },
    frameOf(before, newest, request.now, zone),
    all,
    layout.timeZone,
  );
  return { ...stats, comparison: comparisonOf(stats, earlier) };
}

const HOUR_MS = 3_600_000;

async function withAnomalies(
  live: LiveStore,
  { series, seriesCellSeconds, timeZone: name }: Stats,
  currency: string,
): Promise<Stats['series']> {
  if (seriesCellSeconds * 1000 !== HOUR_MS || series.length === 0) {
    throw new EcomError('USAGE', 'only hours can be told to be unusual', {
      hint: 'ask for --window 24h or 7d, or for a stretch of up to ten days',
    });
  }
  const zone = timeZone(name);
  const first = Date.parse(series[0]!.time) - (ANOMALY_WEEKS * 7 * 24 + 1) * HOUR_MS;
  const days: CellRange = { level: '1d', from: 0, to: Number.POSITIVE_INFINITY };
  const { series: found } = await live.snapshot({
    tallies: [],
    series: [{ level: '1h', from: zone.hourStart(first), to: Number.POSITIVE_INFINITY }, days],
  });
  const history = new Map(
    found[0]!.map(({ start, totals }) => [
      start,
      { events: countEvents(totals), revenue: Number(totals.get(PREFIXES.gross + currency) ?? 0) / 10_000 },
    ]),
  );
  const begun = found[1]!.find(({ totals }) => countEvents(totals) > 0)?.start ?? Number.POSITIVE_INFINITY;
  return markAnomalies(series, history, begun, zone);
}

async function firingAlerts(live: LiveStore, now: number): Promise<Stats['alerts']> {
  const found = await readCurrentAlerts(live, now);
  return found?.alerts
    .filter(({ state }) => state === 'firing')
    .map(({ name, when, since, value }) => ({ name, when, since: iso(since), value }));
}

function checkDimension(by: string | undefined, properties: readonly string[]): void {
  const known = ['product', 'category', 'brand', RECOMMENDER, ...properties];
  if (by === undefined || known.includes(by)) return;
  throw new EcomError('USAGE', `the numbers are not broken down by '${by}'`, {
    hint: `use one of: ${known.join(', ')}; ECOM_PROPERTIES names further properties of events`,
  });
}

async function readFrame(
  { live, log, countedBefore, robots = false }: Sources,
  { sort, limit, by, currency, now }: StatsRequest,
  frame: TimeFrame,
  all: Counters,
  zoneName: string,
): Promise<Stats> {
  const sorts = sort === undefined ? AUTO_SORT : [sort];
  const breakdowns = by === undefined ? [] : sort === undefined ? naturalSorts(by) : [sort];
  const { positions, tallies, series } = await live.snapshot({
    tallies: [
      {
        ranges: frame.window,
        rankings: [
          ...rankings(sorts, currency, limit),
          ...(by === undefined
            ? []
            : [
                { dimension: by, columns: breakdowns.map(columnOf(currency)), rest: restOf(currency), limit },
              ]),
        ],
      },
      { ranges: frame.closed },
      { ranges: frame.active['5m'] },
      { ranges: frame.active['30m'] },
      { ranges: frame.lastMinute },
    ],
    series: [frame.series, ...(frame.presence === undefined ? [] : [frame.presence])],
  });
  const [inWindow, closed, active5m, active30m, lastMinute] = tallies.map(({ totals }) => totals);
  const [{ entries: topProducts }, { entries: topCategories }, broken] = tallies[0]!.rankings as [
    Ranked,
    Ranked,
    Ranked?,
  ];
  const listed = [...topProducts, ...(by === 'product' ? broken!.entries : [])];
  const products = await live.products([...new Set(listed.map(({ key }) => key))]);
  const bounds = await log.bounds();
  const backlog = backlogOf(bounds, positions);
  const recount =
    backlog === 0 ? null : await recountOf(await notedRecount(live), positions, bounds, countedBefore);
  const stats = computeStats({
    frame,
    currency,
    robots,
    newest: newestOf(positions, now),
    backlog,
    recount,
    all,
    window: inWindow!,
    closed: closed!,
    active: { '5m': active5m!, '30m': active30m! },
    lastMinute: lastMinute!,
    topProducts,
    topCategories,
    products,
    series: series[0]!,
    presence: series[1] ?? [],
    timeZone: zoneName,
  });
  if (by === undefined) return stats;
  return { ...stats, breakdown: breakdownOf(broken!, by, breakdowns[broken!.by]!, currency, products) };
}

/** What the values of a dimension are ordered by, whatever the shop has first. What recommends is told though nobody buys it. */
function naturalSorts(by: string): readonly Breakdown['sort'][] {
  return by === RECOMMENDER ? ['events'] : [...AUTO_SORT, 'events'];
}

/** Values that nobody bought anything of are rows as well. */
function restOf(currency: string): readonly string[] {
  return [...naturalSorts('').map(columnOf(currency)), COLUMNS.orders, PREFIXES.refunds + currency];
}

/** Records that the log holds and that are not counted yet; null where nobody knows how far it reaches. */
export function backlogOf(bounds: readonly PartitionBounds[], positions: readonly Position[]): number;
export function backlogOf(
  bounds: readonly PartitionBounds[] | undefined,
  positions: readonly Position[],
): number | null;
export function backlogOf(
  bounds: readonly PartitionBounds[] | undefined,
  positions: readonly Position[],
): number | null {
  if (bounds === undefined) return null;
  const counted = new Map(positions.map(({ partition, position }) => [partition, position]));
  // The bounds may be a moment older than the positions.
  return bounds.reduce(
    (sum, { begin, end }, partition) =>
      sum + Math.max(0, end - Math.max(begin, counted.get(partition) ?? begin)),
    0,
  );
}

/**
 * Time of the newest event, ms since the epoch; 0 for none. One that is ahead of the clock was counted by a host whose clock was,
 * and tells nothing of the others.
 * @param now the wall clock, ms since the epoch
 */
export function newestOf(positions: readonly { watermark: number }[], now: number): number {
  let newest = 0;
  for (const { watermark } of positions) {
    if (watermark > newest && watermark <= now + LIMITS.clockMs) newest = watermark;
  }
  return newest;
}

/** Products by the first sort key that any has, and categories by the same one; their orders are not counted. */
function rankings(sorts: readonly SortKey[], currency: string, limit: number): [Ranking, Ranking] {
  const byCategory = sorts.map((key) => (key === 'orders' ? 'units' : key));
  return [
    { dimension: 'product', columns: sorts.map(columnOf(currency)), limit },
    { dimension: 'category', columns: byCategory.map(columnOf(currency)), limit, follows: 0 },
  ];
}

function columnOf(currency: string): (key: Breakdown['sort']) => string {
  return (key) => (key === 'revenue' ? PREFIXES.gross + currency : COLUMNS[key]);
}
