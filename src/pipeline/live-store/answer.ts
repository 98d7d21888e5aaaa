import { compareCounts } from '../events/money.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type CounterSums, type CounterTable, createSums, tableRow } from '../sqlite/counter-table.ts';
import {
  addCounters,
  type CellRange,
  type Counters,
  type Dimension,
  LEVELS,
  levelStart,
  OTHER_KEY,
} from './cells.ts';
import {
  type LiveQuery,
  type LiveSnapshot,
  type Ranking,
  type TallyQuery,
  type TallyResult,
} from './live-store.ts';
import { cellId, cellIds, inflate, type Slots, type StoredCell, TOTALS_ROW } from './stored-cells.ts';

/** All cells that a query asks for, and the changes that are not in them yet, as of one moment. */
export interface StoredNumbers {
  /** Cells with from ≤ id < to, ascending. */
  cells(from: number, to: number): readonly { readonly id: number; readonly table: CounterTable }[];
  readonly changes: readonly StoredCell[];
  readonly slots: Slots;
  readonly zone: TimeZone;
}

/** A ranking whose entries are known by number: those that tie with the last one are all in it. */
interface NumberedRanking {
  readonly ids: readonly number[];
  readonly column: string;
  readonly limit: number;
  readonly sums: CounterSums;
  /** Number of keys with a value. */
  readonly keys: number;
}

export interface NumberedAnswer {
  readonly tallies: readonly { readonly totals: Counters; readonly rankings: readonly NumberedRanking[] }[];
  readonly series: LiveSnapshot['series'];
}

/** Ranges of cell ids that a query has to look at. */
export function neededIds({ tallies, series = [] }: LiveQuery, slots: Slots): [from: number, to: number][] {
  const needed = tallies.flatMap(({ ranges, rankings = [] }) => {
    const numbers = new Set(rankings.map(({ dimension }) => slots.numberOf(dimension)));
    const list = ranges === 'all' ? (['all'] as const) : ranges;
    return [0, ...numbers].flatMap((slot) => (slot < 0 ? [] : list.map((range) => cellIds(slot, range))));
  });
  return [...needed, ...series.map((range) => cellIds(0, range))];
}

/** Adds up what a query asks for. */
export function answer({ tallies, series = [] }: LiveQuery, numbers: StoredNumbers): NumberedAnswer {
  return {
    tallies: tallies.map((query) => tally(query, numbers)),
    series: series.map((range) => seriesOf(range, numbers)),
  };
}

function tally(
  { ranges, rankings = [] }: TallyQuery,
  numbers: StoredNumbers,
): NumberedAnswer['tallies'][number] {
  const breakdowns = new Map<Dimension, CounterSums>();
  for (const { dimension } of rankings) {
    if (!breakdowns.has(dimension)) breakdowns.set(dimension, sumBreakdown(dimension, ranges, numbers));
  }
  return {
    totals: sumTotals(ranges, numbers),
    rankings: rankings.map((ranking) => rank(breakdowns.get(ranking.dimension)!, ranking)),
  };
}

function includes(ranges: TallyQuery['ranges'], start: number): boolean {
  return ranges === 'all' || ranges.some(({ from, to }) => start >= from && start < to);
}

function tablesOf(slot: number, ranges: TallyQuery['ranges'], { cells }: StoredNumbers): CounterTable[] {
  const list = ranges === 'all' ? (['all'] as const) : ranges;
  return list.flatMap((range) => {
    const [from, to] = cellIds(slot, range);
    return cells(from, to).map(({ table }) => table);
  });
}

function sumTotals(ranges: TallyQuery['ranges'], numbers: StoredNumbers): Counters {
  const sums: Counters = new Map();
  for (const table of tablesOf(0, ranges, numbers)) addCounters(sums, tableRow(table, TOTALS_ROW));
  for (const [start, totals] of numbers.changes) {
    if (includes(ranges, start)) addCounters(sums, inflate(totals));
  }
  return sums;
}

function sumBreakdown(
  dimension: Dimension,
  ranges: TallyQuery['ranges'],
  numbers: StoredNumbers,
): CounterSums {
  const sums = createSums();
  const slot = numbers.slots.numberOf(dimension);
  if (slot < 0) return sums;
  for (const table of tablesOf(slot, ranges, numbers)) sums.add(table);
  for (const [start, , breakdowns] of numbers.changes) {
    if (!includes(ranges, start)) continue;
    for (const [number, rows] of breakdowns) {
      if (number === slot) for (const [id, counters] of rows) sums.addRow(id, inflate(counters));
    }
  }
  return sums;
}

function rank(sums: CounterSums, { column, limit }: Ranking): NumberedRanking {
  // Equal values compete by key, so all rows that equal the last one are looked up; one of them may stand for the others.
  const { ids, keys } = sums.top(column, limit + 1);
  return { ids, column, limit, sums, keys };
}

function seriesOf(
  { level, from, to }: CellRange,
  { cells, changes, zone }: StoredNumbers,
): LiveSnapshot['series'][number] {
  const found = new Map<number, Counters>();
  const addAt = (start: number, totals: Counters): void => {
    const sums = found.get(start);
    if (sums === undefined) found.set(start, totals);
    else addCounters(sums, totals);
  };
  const origin = cellId(level, 0, 0);
  const [first, end] = cellIds(0, { level, from, to });
  for (const { id, table } of cells(first, end)) {
    addAt((id - origin) * LEVELS['10s'], tableRow(table, TOTALS_ROW));
  }
  for (const [start, totals] of changes) {
    if (start >= from && start < to) addAt(levelStart(level, start, zone), inflate(totals));
  }
  return [...found].map(([start, totals]) => ({ start, totals })).sort((a, b) => a.start - b.start);
}

/** Numbers that stand for keys, of all rankings. */
export function rankedIds({ tallies }: NumberedAnswer): number[] {
  return [...new Set(tallies.flatMap(({ rankings }) => rankings.flatMap(({ ids }) => ids)))];
}

/** Puts the keys in: descending by value, ties by key ascending. */
export function named({ tallies }: NumberedAnswer, keyOf: (id: number) => string): TallyResult[] {
  return tallies.map(({ totals, rankings }) => ({
    totals,
    rankings: rankings.map(({ ids, column, limit, sums, keys }) => {
      const candidates = ids.map((id) => ({ key: keyOf(id), counters: sums.row(id) }));
      const entries = candidates
        .filter(({ key }) => key !== OTHER_KEY)
        .sort(
          (a, b) =>
            compareCounts(b.counters.get(column) ?? 0, a.counters.get(column) ?? 0) ||
            (a.key < b.key ? -1 : 1),
        )
        .slice(0, limit);
      return {
        entries,
        keys,
        // Only a breakdown asks for it.
        get total() {
          return sums.total();
        },
      };
    }),
  }));
}
