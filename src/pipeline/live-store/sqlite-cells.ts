import { type Counters, DIMENSIONS, type Dimension, LEVEL_NAMES, LEVELS, type Level } from './cells.ts';

export type Slot = 'totals' | Dimension;
export const SLOTS: readonly Slot[] = ['totals', ...DIMENSIONS];
/** The row id of the totals, which are a table with one row. */
export const TOTALS_ROW = 0;
export const SPAN = 2 ** 40;

/** Row id of a cell: level, slot and start in one, so that a range of cells is a range of rows. */
export function cellId(level: Level | 'all', slot: Slot, start: number): number {
  const rank = level === 'all' ? LEVEL_NAMES.length : LEVEL_NAMES.indexOf(level);
  return (rank * SLOTS.length + SLOTS.indexOf(slot)) * SPAN + start / LEVELS['10s'];
}

/** One 10-second cell of a change, as stored: counters flat, `[column, value, …]`, keys by dictionary id. */
type StoredCounters = (string | number)[];
export type StoredCell = [
  start: number,
  totals: StoredCounters,
  breakdowns: [id: number, counters: StoredCounters][][],
];

export function flatten(counters: Counters): StoredCounters {
  const flat: StoredCounters = [];
  for (const [column, value] of counters) {
    if (value !== 0) flat.push(column, typeof value === 'bigint' ? value.toString() : value);
  }
  return flat;
}

export function inflate(flat: StoredCounters): Counters {
  const counters: Counters = new Map();
  for (let i = 0; i < flat.length; i += 2) {
    const value = flat[i + 1]!;
    counters.set(flat[i] as string, typeof value === 'string' ? BigInt(value) : value);
  }
  return counters;
}
