import { add, type Count } from '../events/money.ts';

/** Named integers. The columns are listed in processor/columns.ts; stores add them and know nothing of their meaning. */
export type Counters = Map<string, Count>;

/** What counters are broken down by. */
export const DIMENSIONS = ['product', 'category'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Additive numbers: of a cell, of a range of cells, or the change to one. */
export interface Tally {
  readonly totals: Counters;
  /** By dimension, then by product id, category name … */
  readonly breakdowns: ReadonlyMap<Dimension, Map<string, Counters>>;
}

/** Widths of cells, in ms. Every event is in one cell of each width, so a range with aligned ends is a sum of few cells. */
export const LEVELS = {
  '10s': 10_000,
  '1m': 60_000,
  '1h': 3_600_000,
  '1d': 86_400_000,
} as const;

export type Level = keyof typeof LEVELS;

/** Widest first. */
export const LEVEL_NAMES: readonly Level[] = ['1d', '1h', '1m', '10s'];

/** How far behind the newest event a cell of a width is kept at least, ms. Days, and the sum of everything, are for ever. */
export const RETENTION: Readonly<Record<Level, number>> = {
  '10s': 2 * LEVELS['1d'],
  '1m': 32 * LEVELS['1d'],
  '1h': 400 * LEVELS['1d'],
  '1d': Number.POSITIVE_INFINITY,
};

/** The width of the cells that a processor reports, in ms. */
export const BASE_CELL_MS = LEVELS['10s'];

/**
 * Cells of one width with `from` ≤ start < `to`, in ms since the epoch, both aligned to the width; `to` may be Infinity.
 */
export interface CellRange {
  readonly level: Level;
  readonly from: number;
  readonly to: number;
}

/** The change that one micro-batch makes, by start of the 10-second cell. */
export type CellChanges = Map<number, Tally>;

export function createTally(): Tally {
  return { totals: new Map(), breakdowns: new Map(DIMENSIONS.map((dimension) => [dimension, new Map()])) };
}

/** Adds `amount` to a counter in place. */
export function increment(counters: Counters, column: string, amount: Count): void {
  const before = counters.get(column) ?? 0;
  // Nearly always both are small.
  const sum = typeof before === 'number' && typeof amount === 'number' ? before + amount : Number.NaN;
  counters.set(column, Number.isSafeInteger(sum) ? sum : add(before, amount));
}

/** Adds every counter of `from` to `into`, in place. */
export function addCounters(into: Counters, from: ReadonlyMap<string, Count>): void {
  for (const [column, amount] of from) increment(into, column, amount);
}

/** The start of the cell of a given width that a time lies in. */
export function cellStart(time: number, width: number): number {
  return Math.floor(time / width) * width;
}

/**
 * Splits [from, to) into the fewest cells: wide ones inside, narrow ones at the edges.
 * @param to exclusive; Infinity for all that comes after
 * @param finest the narrowest width that may be used; `from` and `to` must be aligned to it
 */
export function coverRange(from: number, to: number, finest: Level): CellRange[] {
  const levels = LEVEL_NAMES.slice(0, LEVEL_NAMES.indexOf(finest) + 1);
  return cover(from, to, levels);
}

function cover(from: number, to: number, levels: readonly Level[]): CellRange[] {
  const [level, ...narrower] = levels;
  if (level === undefined || from >= to) return [];
  const width = LEVELS[level];
  const first = Math.ceil(from / width) * width;
  const last = Math.floor(to / width) * width;
  if (first >= last) return cover(from, to, narrower);
  return [...cover(from, first, narrower), { level, from: first, to: last }, ...cover(last, to, narrower)];
}
