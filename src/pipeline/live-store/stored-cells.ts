import { type TimeZone } from '../events/time-zone.ts';
import {
  addCounters,
  type CellChanges,
  type CellLayout,
  type CellRange,
  type Counters,
  cellStart,
  type Dimension,
  LEVEL_NAMES,
  LEVELS,
  type Level,
  levelStart,
  OWN_DIMENSIONS,
  RECOMMENDER,
  RETENTION,
} from './cells.ts';

/** What a cell holds one table of. */
export type Slot = 'totals' | Dimension;
/** Room for all dimensions that there may ever be. */
export const SLOTS = 16;
/** The row id of the totals, which are a table with one row. */
export const TOTALS_ROW = 0;
export const SPAN = 2 ** 40;

/** Numbers of the slots of a layout. */
export interface Slots {
  readonly names: readonly Slot[];
  /** -1 for a dimension that is not counted. */
  numberOf(slot: Slot): number;
}

export function slotsOf({ properties }: CellLayout): Slots {
  const names: Slot[] = ['totals', ...OWN_DIMENSIONS, ...properties];
  // Behind the room for properties that are added later.
  names[SLOTS - 1] = RECOMMENDER;
  return { names, numberOf: (slot) => names.indexOf(slot) };
}

/** Id of a cell: level, slot and start in one number, so that a range of cells is a range of ids. */
export function cellId(level: Level | 'all', slot: number, start: number): number {
  const rank = level === 'all' ? LEVEL_NAMES.length : LEVEL_NAMES.indexOf(level);
  return (rank * SLOTS + slot) * SPAN + start / LEVELS['10s'];
}

/** One 10-second cell of a change, as stored: counters flat, `[column, value, …]`, keys by dictionary id. */
type StoredCounters = (string | number)[];
export type StoredCell = [
  start: number,
  totals: StoredCounters,
  breakdowns: [slot: number, rows: [id: number, counters: StoredCounters][]][],
];

function flatten(counters: Counters): StoredCounters {
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

/** Ids of the cells of a range: from, and to exclusive. */
export function cellIds(slot: number, range: CellRange | 'all'): [from: number, to: number] {
  if (range === 'all') return [cellId('all', slot, 0), cellId('all', slot, 0) + 1];
  const { level, from, to } = range;
  const last = (SPAN - 1) * LEVELS['10s'];
  return [cellId(level, slot, Math.max(0, from)), cellId(level, slot, Math.min(to, last))];
}

/** A change's cells as they are stored until they are folded. @param keyId the number that stands for a key */
export function storedCells(
  cells: CellChanges,
  slots: Slots,
  keyId: (slot: number, key: string) => number,
): StoredCell[] {
  return [...cells].map(([start, { totals, breakdowns }]) => [
    start,
    flatten(totals),
    [...breakdowns].map(([dimension, rows]) => {
      const slot = slots.numberOf(dimension);
      return [slot, [...rows].map(([key, counters]) => [keyId(slot, key), flatten(counters)])];
    }),
  ]);
}

/**
 * What changes add to which cells, of every width: by cell id, then row id.
 * @param now newest event time, ms since the epoch: what is out of retention by it is left out
 */
export function foldChanges(
  changes: readonly StoredCell[],
  now: number,
  zone: TimeZone,
): Map<number, Map<number, Counters>> {
  const cells = new Map<number, Map<number, Counters>>();
  const gather = (id: number, row: number, counters: StoredCounters): void => {
    let rows = cells.get(id);
    if (rows === undefined) {
      rows = new Map();
      cells.set(id, rows);
    }
    const existing = rows.get(row);
    if (existing === undefined) rows.set(row, inflate(counters));
    else addCounters(existing, inflate(counters));
  };
  for (const [start, totals, breakdowns] of changes) {
    for (const level of ['all', ...LEVEL_NAMES] as const) {
      if (level !== 'all' && start < now - RETENTION[level]) continue;
      const cell = level === 'all' ? 0 : levelStart(level, start, zone);
      gather(cellId(level, 0, cell), TOTALS_ROW, totals);
      for (const [slot, rows] of breakdowns) {
        const id = cellId(level, slot, cell);
        for (const [row, counters] of rows) gather(id, row, counters);
      }
    }
  }
  return cells;
}

/** Ranges of cell ids that are out of retention. @param now newest event time, ms since the epoch */
export function expiredIds(now: number): [from: number, to: number][] {
  return LEVEL_NAMES.flatMap((level): [number, number][] => {
    if (RETENTION[level] === Number.POSITIVE_INFINITY) return [];
    const limit = Math.max(0, cellStart(now - RETENTION[level], LEVELS[level]));
    return Array.from({ length: SLOTS }, (_, slot) => [cellId(level, slot, 0), cellId(level, slot, limit)]);
  });
}
