import { type PartitionBounds } from '../event-log/event-log.ts';
import { type LiveStore, type Position, type Ranking } from '../live-store/live-store.ts';
import { COLUMNS, PREFIXES } from '../processor/columns.ts';
import { computeStats, mainCurrency } from './compute-stats.ts';
import { frameOf } from './time-frame.ts';
import { type SortKey, type Stats, type WindowLabel } from './types.ts';

/** Tells how far the log reaches; `undefined` where nobody knows. */
export interface LogReach {
  bounds(): Promise<readonly PartitionBounds[] | undefined>;
}

export interface StatsRequest {
  readonly window: WindowLabel;
  /** Order of the top lists; by revenue where there is any, else by units, else by views, where absent. */
  readonly sort?: SortKey | undefined;
  /** Length of the top lists. */
  readonly limit: number;
  /** The wall clock, ms since the epoch. */
  readonly now: number;
  /** The shop's own currency. */
  readonly currency: string;
}

const AUTO_SORT: readonly SortKey[] = ['revenue', 'units', 'carts', 'views'];

/** Reads the shop's numbers from the live store; the log only tells how much is not counted yet. */
export async function readStats(
  { live, log }: { readonly live: LiveStore; readonly log: LogReach },
  { window, sort, limit, now, currency: ownCurrency }: StatsRequest,
): Promise<Stats> {
  const history = await live.snapshot({ tallies: [{ ranges: 'all' }] });
  const currency = mainCurrency(history.tallies[0]!.totals, ownCurrency);
  const frame = frameOf(window, newestOf(history.positions), now);
  const sorts = sort === undefined ? AUTO_SORT : [sort];
  const { positions, tallies, series } = await live.snapshot({
    tallies: [
      { ranges: 'all' },
      { ranges: frame.window, rankings: sorts.flatMap((key) => rankings(key, currency, limit)) },
      { ranges: frame.closed },
      { ranges: frame.active['5m'] },
      { ranges: frame.active['30m'] },
      { ranges: frame.lastMinute },
    ],
    series: frame.series,
  });
  const [all, inWindow, closed, active5m, active30m, lastMinute] = tallies.map(({ totals }) => totals);
  const { rankings: ranked } = tallies[1]!;
  const first = sorts.findIndex((_, i) => ranked[i * 2]!.length > 0);
  const topProducts = ranked[Math.max(0, first) * 2]!;
  const topCategories = ranked[Math.max(0, first) * 2 + 1]!;
  const products = await live.products(topProducts.map(({ key }) => key));
  const backlog = backlogOf(await log.bounds(), positions);
  return computeStats({
    frame,
    currency,
    newest: newestOf(positions),
    backlog,
    all: all!,
    window: inWindow!,
    closed: closed!,
    active: { '5m': active5m!, '30m': active30m! },
    lastMinute: lastMinute!,
    topProducts,
    topCategories,
    products,
    series,
  });
}

function backlogOf(
  bounds: readonly PartitionBounds[] | undefined,
  positions: readonly Position[],
): number | null {
  if (bounds === undefined) return null;
  const counted = new Map(positions.map(({ partition, position }) => [partition, position]));
  // The bounds may be a moment older than the positions.
  return bounds.reduce(
    (sum, { begin, end }, partition) => sum + Math.max(0, end - (counted.get(partition) ?? begin)),
    0,
  );
}

function newestOf(positions: readonly { watermark: number }[]): number {
  return positions.reduce((newest, { watermark }) => Math.max(newest, watermark), 0);
}

/** The two rankings of a sort key: products, then categories, whose orders are not counted. */
function rankings(key: SortKey, currency: string, limit: number): [Ranking, Ranking] {
  const column = key === 'revenue' ? PREFIXES.gross + currency : COLUMNS[key];
  const byCategory = key === 'orders' ? COLUMNS.units : column;
  return [
    { dimension: 'product', column, limit },
    { dimension: 'category', column: byCategory, limit },
  ];
}
