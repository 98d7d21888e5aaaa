import { type Count } from '../events/money.ts';
import { type TimeZone } from '../events/time-zone.ts';

/** Named integers. The columns are listed in metrics/columns.ts; stores add them and know nothing of their meaning. */
export type Counters = Map<string, Count>;

/** What counters are broken down by: these always, and the properties of events that the shop has named. */
export const OWN_DIMENSIONS = ['product', 'category', 'brand', 'query'] as const;
/** What made the lists of recommendations that shoppers saw. It is counted always, too. */
export const RECOMMENDER = 'recommender';
/** One of `OWN_DIMENSIONS`, `RECOMMENDER`, or the name of a property. */
export type Dimension = string;
/** Stands for all keys that came after a dimension was full; no key of a shop holds a control character. */
export const OTHER_KEY = '\u0001';
/** Most keys of a dimension that are counted one by one. */
export function maxKeys(dimension: Dimension): number {
  if (dimension === RECOMMENDER) return 100;
  return dimension === 'product' ? 500_000 : 20_000;
}

/** How cells are cut and told apart. It holds for all cells of a store, so a store remembers it. */
export interface CellLayout {
  /** IANA name of the time zone in which days and hours begin. */
  readonly timeZone: string;
  /** Properties of events that counters are broken down by; later ones may be added, none taken away. */
  readonly properties: readonly string[];
}

/**
 * Widths of cells, in ms. Every event is in one cell of each width, so a range with aligned ends is a sum of few cells. Hours
 * and days are those of the shop's clock, so a day is an hour shorter or longer where that is changed.
 */
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

/** The start of the stretch of a given width that a time lies in, counted from the epoch. */
export function cellStart(time: number, width: number): number {
  return Math.floor(time / width) * width;
}

/** The start of the cell of a level that a time lies in. */
export function levelStart(level: Level, time: number, zone: TimeZone): number {
  if (level === '1d') return zone.dayStart(zone.dayOf(time));
  return level === '1h' ? zone.hourStart(time) : cellStart(time, LEVELS[level]);
}

/** The end of the cell that begins at `start`, which is the start of the next. */
export function levelEnd(level: Level, start: number, zone: TimeZone): number {
  if (level === '1d') return zone.dayStart(zone.dayOf(start) + 1);
  if (level !== '1h') return start + LEVELS[level];
  // Never longer than an hour, but shorter where the clock changes.
  const next = zone.hourStart(start + LEVELS['1h']);
  const between = zone.hourStart(next - 1);
  return between > start ? between : next;
}

/** The first start of a cell of a level that is not before a time. */
export function levelCeiling(level: Level, time: number, zone: TimeZone): number {
  const start = levelStart(level, time, zone);
  return start === time ? time : levelEnd(level, start, zone);
}

/**
 * Splits [from, to) into the fewest cells: wide ones inside, narrow ones at the edges.
 * @param to exclusive; Infinity for all that comes after
 * @param finest the narrowest width that may be used; `from` and `to` must be aligned to it
 */
export function coverRange(from: number, to: number, finest: Level, zone: TimeZone): CellRange[] {
  const levels = LEVEL_NAMES.slice(0, LEVEL_NAMES.indexOf(finest) + 1);
  return cover(from, to, levels, zone);
}

function cover(from: number, to: number, levels: readonly Level[], zone: TimeZone): CellRange[] {
  const [level, ...narrower] = levels;
  if (level === undefined || from >= to) return [];
  const first = levelCeiling(level, from, zone);
  const last = to === Number.POSITIVE_INFINITY ? to : levelStart(level, to, zone);
  if (first >= last) return cover(from, to, narrower, zone);
  return [
    ...cover(from, first, narrower, zone),
    { level, from: first, to: last },
    ...cover(last, to, narrower, zone),
  ];
}
