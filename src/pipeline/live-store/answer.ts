import { compareCounts } from '../events/money.ts';
import { type CounterSums, type CounterTable, createSums, tableRow } from '../sqlite/counter-table.ts';
import { addCounters, type Counters, cellStart, DIMENSIONS, type Dimension, LEVELS } from './cells.ts';
import {
  type LiveQuery,
  type LiveSnapshot,
  type RankedEntry,
  type Ranking,
  type TallyQuery,
  type TallyResult,
} from './live-store.ts';
import { cellId, cellIds, inflate, type Slot, type StoredCell, TOTALS_ROW } from './stored-cells.ts';

/** All cells that a query asks for, and the changes that are not in them yet, as of one moment. */
export interface StoredNumbers {
  /** Cells with from ≤ id < to, ascending. */
  cells(from: number, to: number): readonly { readonly id: number; readonly table: CounterTable }[];
  readonly changes: readonly StoredCell[];
}

/** A ranking whose entries are known by number: those that tie with the last one are all in it. */
interface NumberedRanking {
  readonly ids: readonly number[];
  readonly column: string;
  readonly limit: number;
  readonly sums: CounterSums;
}

export interface NumberedAnswer {
  readonly tallies: readonly { readonly totals: Counters; readonly rankings: readonly NumberedRanking[] }[];
  readonly series: LiveSnapshot['series'];
}

/** Ranges of cell ids that a query has to look at. */
export function neededIds({ tallies, series }: LiveQuery): [from: number, to: number][] {
  const needed = tallies.flatMap(({ ranges, rankings = [] }) => {
    const slots: Slot[] = ['totals', ...new Set(rankings.map(({ dimension }) => dimension))];
    const list = ranges === 'all' ? (['all'] as const) : ranges;
    return slots.flatMap((slot) => list.map((range) => cellIds(slot, range)));
  });
  return series === undefined ? needed : [...needed, cellIds('totals', series)];
}

/** Adds up what a query asks for. */
export function answer({ tallies, series }: LiveQuery, numbers: StoredNumbers): NumberedAnswer {
  return {
    tallies: tallies.map((query) => tally(query, numbers)),
    series: series === undefined ? [] : seriesOf(series, numbers),
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

function tablesOf(slot: Slot, ranges: TallyQuery['ranges'], { cells }: StoredNumbers): CounterTable[] {
  const list = ranges === 'all' ? (['all'] as const) : ranges;
  return list.flatMap((range) => cells(...cellIds(slot, range)).map(({ table }) => table));
}

function sumTotals(ranges: TallyQuery['ranges'], numbers: StoredNumbers): Counters {
  const sums: Counters = new Map();
  for (const table of tablesOf('totals', ranges, numbers)) addCounters(sums, tableRow(table, TOTALS_ROW));
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
  for (const table of tablesOf(dimension, ranges, numbers)) sums.add(table);
  for (const [start, , breakdowns] of numbers.changes) {
    if (!includes(ranges, start)) continue;
    for (const [id, counters] of breakdowns[DIMENSIONS.indexOf(dimension)]!)
      sums.addRow(id, inflate(counters));
  }
  return sums;
}

function rank(sums: CounterSums, { column, limit }: Ranking): NumberedRanking {
  const rows = sums.positive(column).sort((a, b) => compareCounts(b.value, a.value));
  const last = rows[limit - 1]?.value;
  // Equal values compete by key, so all rows that equal the last one are looked up.
  const candidates = last === undefined ? rows : rows.filter(({ value }) => value >= last);
  return { ids: candidates.map(({ id }) => id), column, limit, sums };
}

function seriesOf(
  range: NonNullable<LiveQuery['series']>,
  { cells, changes }: StoredNumbers,
): LiveSnapshot['series'] {
  const found = new Map<number, Counters>();
  const addAt = (start: number, totals: Counters): void => {
    const sums = found.get(start);
    if (sums === undefined) found.set(start, totals);
    else addCounters(sums, totals);
  };
  const origin = cellId(range.level, 'totals', 0);
  for (const { id, table } of cells(...cellIds('totals', range))) {
    addAt((id - origin) * LEVELS['10s'], tableRow(table, TOTALS_ROW));
  }
  for (const [start, totals] of changes) {
    if (start >= range.from && start < range.to)
      addAt(cellStart(start, LEVELS[range.level]), inflate(totals));
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
    rankings: rankings.map(({ ids, column, limit, sums }): RankedEntry[] =>
      ids
        .map((id) => ({ key: keyOf(id), counters: sums.row(id) }))
        .sort(
          (a, b) =>
            compareCounts(b.counters.get(column) ?? 0, a.counters.get(column) ?? 0) ||
            (a.key < b.key ? -1 : 1),
        )
        .slice(0, limit),
    ),
  }));
}
