import {
  addCounters,
  type CellChanges,
  type CellRange,
  type Counters,
  cellStart,
  DIMENSIONS,
  type Dimension,
  LEVEL_NAMES,
  LEVELS,
  type Level,
  RETENTION,
} from './cells.ts';

/** What a cell holds one table of. */
export type Slot = 'totals' | Dimension;
export const SLOTS: readonly Slot[] = ['totals', ...DIMENSIONS];
/** The row id of the totals, which are a table with one row. */
export const TOTALS_ROW = 0;
export const SPAN = 2 ** 40;

/** Id of a cell: level, slot and start in one number, so that a range of cells is a range of ids. */
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
export function cellIds(slot: Slot, range: CellRange | 'all'): [from: number, to: number] {
  if (range === 'all') return [cellId('all', slot, 0), cellId('all', slot, 0) + 1];
  const { level, from, to } = range;
  return [cellId(level, slot, from), cellId(level, slot, Math.min(to, (SPAN - 1) * LEVELS['10s']))];
}

/** A change's cells as they are stored until they are folded. @param keyId the number that stands for a key */
export function storedCells(
  cells: CellChanges,
  keyId: (dimension: number, key: string) => number,
): StoredCell[] {
  return [...cells].map(([start, { totals, breakdowns }]) => [
    start,
    flatten(totals),
    DIMENSIONS.map((dimension, index) =>
      [...breakdowns.get(dimension)!].map(([key, counters]) => [keyId(index, key), flatten(counters)]),
    ),
  ]);
}

/**
 * What changes add to which cells, of every width: by cell id, then row id.
 * @param now newest event time, ms since the epoch: what is out of retention by it is left out
 */
export function foldChanges(changes: readonly StoredCell[], now: number): Map<number, Map<number, Counters>> {
  const cells = new Map<number, Map<number, Counters>>();
  const gather = (id: number, row: number, counters: Counters): void => {
    const rows = cells.get(id) ?? new Map<number, Counters>();
    cells.set(id, rows);
    const existing = rows.get(row);
    if (existing === undefined) rows.set(row, new Map(counters));
    else addCounters(existing, counters);
  };
  for (const [start, totals, breakdowns] of changes) {
    for (const level of ['all', ...LEVEL_NAMES] as const) {
      if (level !== 'all' && start < now - RETENTION[level]) continue;
      const cell = level === 'all' ? 0 : cellStart(start, LEVELS[level]);
      gather(cellId(level, 'totals', cell), TOTALS_ROW, inflate(totals));
      breakdowns.forEach((rows, index) => {
        const id = cellId(level, DIMENSIONS[index]!, cell);
        for (const [row, counters] of rows) gather(id, row, inflate(counters));
      });
    }
  }
  return cells;
}

/** Ranges of cell ids that are out of retention. @param now newest event time, ms since the epoch */
export function expiredIds(now: number): [from: number, to: number][] {
  return LEVEL_NAMES.flatMap((level): [number, number][] => {
    if (RETENTION[level] === Number.POSITIVE_INFINITY) return [];
    const limit = Math.max(0, cellStart(now - RETENTION[level], LEVELS[level]));
    return SLOTS.map((slot) => [cellId(level, slot, 0), cellId(level, slot, limit)]);
  });
}
