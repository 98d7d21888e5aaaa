import { add, type Count, compareCounts } from '../events/money.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type CellRange, type Counters, levelStart, OTHER_KEY } from './cells.ts';
import { type CounterSums, createSums } from './counter-sums.ts';
import { type KeptSums } from './kept-sums.ts';
import { PageReader } from './page-reader.ts';
import {
  type CellTotals,
  type LiveQuery,
  type Ranked,
  type RankedEntry,
  type Ranking,
  type TallyQuery,
  type TallyResult,
} from './query.ts';
import { pageIds, placeOf, type Slots, type StoredDelta } from './stored-cells.ts';

export interface StoredPage {
  readonly id: number;
  readonly page: Uint8Array;
}

/** All cells that a query asks for, and what is not in them yet, as of one moment. */
export interface StoredNumbers {
  /** Pages of cells with from ≤ id < to, ascending. */
  pages(ids: readonly [from: number, to: number]): readonly StoredPage[];
  readonly deltas: readonly StoredDelta[];
  /** Names of columns by number: of all that are in the pages. */
  readonly columns: ReadonlyMap<number, string>;
  readonly slots: Slots;
  readonly zone: TimeZone;
  /** Of whoever asks again and again. */
  readonly kept?: KeptSums;
}

/** Sums of a slot. */
interface SlotSums {
  readonly sums: CounterSums;
  /** The sum of all keys, where `sums` will be others. */
  readonly total?: Map<number, Count>;
}

/** Keys by number, of one column: those that tie with the last one are all in it; and the number of keys with a value. */
type NumberedTop = ReturnType<CounterSums['top']>;

/** A ranking whose entries are known by number. */
interface NumberedRanking {
  readonly ranking: Ranking;
  readonly slot: number;
  readonly sums: CounterSums;
  readonly total: Map<number, Count> | undefined;
  /** By the first of the columns, up to one that has entries: a single key may be one that is not shown. */
  readonly tops: readonly NumberedTop[];
  /** Keys by number that may follow, where there is room. */
  readonly rest: readonly number[];
}

export interface NumberedAnswer {
  readonly tallies: readonly { readonly totals: Counters; readonly rankings: readonly NumberedRanking[] }[];
  readonly series: readonly (readonly CellTotals[])[];
}

/** Ranges of page ids that a query has to look at. */
export function neededIds({ tallies, series = [] }: LiveQuery, slots: Slots): [from: number, to: number][] {
  const needed = tallies.flatMap(({ ranges, rankings = [] }) => {
    const numbers = new Set(rankings.map(({ dimension }) => slots.numberOf(dimension)));
    const list = ranges === 'all' ? (['all'] as const) : ranges;
    return [0, ...numbers].flatMap((slot) => (slot < 0 ? [] : list.map((range) => pageIds(slot, range))));
  });
  return [...needed, ...series.map((range) => pageIds(0, range))];
}

/** Adds up what a query asks for. */
export function answer({ tallies, series = [] }: LiveQuery, numbers: StoredNumbers): NumberedAnswer {
  numbers.kept?.begin();
  const numberOf = new Map([...numbers.columns].map(([number, name]) => [name, number]));
  return {
    tallies: tallies.map((query) => tally(query, numbers, numberOf)),
    series: series.map((range) => seriesOf(range, numbers)),
  };
}

function tally(
  { ranges, rankings = [] }: TallyQuery,
  numbers: StoredNumbers,
  numberOf: ReadonlyMap<string, number>,
): NumberedAnswer['tallies'][number] {
  const breakdowns = new Map<number, SlotSums>();
  const sumsOf = (slot: number): SlotSums => {
    const sums = breakdowns.get(slot) ?? sumSlot(slot, ranges, numbers);
    breakdowns.set(slot, sums);
    return sums;
  };
  const ranked: NumberedRanking[] = [];
  for (const ranking of rankings) {
    const slot = numbers.slots.numberOf(ranking.dimension);
    const { sums, total } = sumsOf(slot);
    const leader = ranking.follows === undefined ? undefined : ranked[ranking.follows]!;
    const tops = topsOf(ranking, sums, numberOf, leader?.tops.length);
    ranked.push({ ranking, slot, sums, total, tops, rest: restOf(ranking, sums, numberOf, tops) });
  }
  return {
    totals: totalsIn(
      pagesOf(0, ranges, numbers).map(({ page }) => page),
      numbers.columns,
    ),
    rankings: ranked,
  };
}

/** @param count of how many columns; without it, up to the first of more than one key */
function topsOf(
  { columns, limit }: Ranking,
  sums: CounterSums,
  numberOf: ReadonlyMap<string, number>,
  count?: number,
): NumberedTop[] {
  const tops: NumberedTop[] = [];
  for (const column of columns.slice(0, count)) {
    // Equal values compete by key, so all rows that equal the last one are looked up; one of them may stand for the others.
    const top = sums.top(numberOf.get(column) ?? 0, limit + 1);
    tops.push(top);
    if (count === undefined && top.keys > 1) break;
  }
  return tops;
}

function restOf(
  { rest = [], limit }: Ranking,
  sums: CounterSums,
  numberOf: ReadonlyMap<string, number>,
  tops: readonly NumberedTop[],
): number[] {
  if (tops.every(({ keys }) => keys > limit)) return [];
  // As many may be listed already.
  const found = rest.flatMap((column) => sums.top(numberOf.get(column) ?? 0, 2 * limit + 2).ids);
  return [...new Set(found)];
}

function includes(ranges: TallyQuery['ranges'], start: number): boolean {
  return ranges === 'all' || ranges.some(({ from, to }) => start >= from && start < to);
}

/** @param slot -1 for what is not counted @returns ids below 0 for what is not in cells yet */
function pagesOf(slot: number, ranges: TallyQuery['ranges'], { pages, deltas }: StoredNumbers): StoredPage[] {
  if (slot < 0) return [];
  const list = ranges === 'all' ? (['all'] as const) : ranges;
  const waiting = deltas.filter((delta) => delta.slot === slot && includes(ranges, delta.start));
  return [
    ...list.flatMap((range) => pages(pageIds(slot, range))),
    ...waiting.map(({ page }, i) => ({ id: -1 - i, page })),
  ];
}

function sumSlot(slot: number, ranges: TallyQuery['ranges'], numbers: StoredNumbers): SlotSums {
  const pages = pagesOf(slot, ranges, numbers);
  const kept = numbers.kept?.sumsOf(slot, pages);
  // The next question changes what is kept, and nobody knows when the total is read.
  if (kept !== undefined) return { sums: kept, total: kept.total() };
  const sums = createSums();
  for (const { page } of pages) sums.add(page);
  return { sums };
}

/** Pages of totals have one row. */
function totalsIn(pages: readonly Uint8Array[], columns: ReadonlyMap<number, string>): Counters {
  const [totals, reader] = [new Map<number, Count>(), new PageReader()];
  for (const page of pages) {
    reader.open(page);
    while (reader.nextColumn()) {
      if (reader.count > 0) totals.set(reader.column, add(totals.get(reader.column) ?? 0, reader.value(0)));
    }
  }
  return new Map(
    [...totals].filter(([, value]) => value !== 0).map(([column, value]) => [columns.get(column)!, value]),
  );
}

function seriesOf(
  { level, from, to }: CellRange,
  { pages, deltas, columns, zone }: StoredNumbers,
): readonly CellTotals[] {
  const found = new Map<number, Uint8Array[]>();
  const addAt = (start: number, page: Uint8Array): void => {
    const list = found.get(start) ?? [];
    found.set(start, list);
    list.push(page);
  };
  for (const { id, page } of pages(pageIds(0, { level, from, to }))) addAt(placeOf(id).start, page);
  for (const { slot, start, page } of deltas) {
    if (slot === 0 && start >= from && start < to) addAt(levelStart(level, start, zone), page);
  }
  return [...found]
    .map(([start, list]) => ({ start, totals: totalsIn(list, columns) }))
    .sort((a, b) => a.start - b.start);
}

/** The keys of all rankings, by slot. */
export function rankedKeys({ tallies }: NumberedAnswer): Map<number, Set<number>> {
  const found = new Map<number, Set<number>>();
  for (const { slot, tops, rest } of tallies.flatMap(({ rankings }) => rankings)) {
    const keys = found.get(slot) ?? new Set();
    found.set(slot, keys);
    for (const id of tops.flatMap(({ ids }) => ids)) keys.add(id);
    for (const id of rest) keys.add(id);
  }
  return found;
}

/** Puts the keys in. */
export function named(
  { tallies }: NumberedAnswer,
  columns: ReadonlyMap<number, string>,
  keyOf: (slot: number, id: number) => string,
): TallyResult[] {
  const named = (counters: ReadonlyMap<number, Count>): Counters =>
    new Map([...counters].map(([column, value]) => [columns.get(column)!, value]));
  const entriesOf = ({ ranking, slot, sums, tops }: NumberedRanking, by: number): RankedEntry[] => {
    const column = ranking.columns[by]!;
    return tops[by]!.ids.map((id) => ({ id, key: keyOf(slot, id) }))
      .filter(({ key }) => key !== OTHER_KEY)
      .map(({ id, key }) => ({ key, counters: named(sums.row(id)) }))
      .sort(
        (a, b) =>
          compareCounts(b.counters.get(column) ?? 0, a.counters.get(column) ?? 0) || (a.key < b.key ? -1 : 1),
      )
      .slice(0, ranking.limit);
  };
  const followers = ({ ranking, slot, sums, tops, rest }: NumberedRanking, by: number): RankedEntry[] => {
    const listed = new Set(tops[by]!.ids);
    return rest
      .filter((id) => !listed.has(id))
      .map((id) => ({ key: keyOf(slot, id), counters: named(sums.row(id)) }))
      .filter(({ key }) => key !== OTHER_KEY)
      .sort((a, b) => {
        const column = ranking.rest!.find(
          (name) => (a.counters.get(name) ?? 0) !== (b.counters.get(name) ?? 0),
        );
        if (column === undefined) return a.key < b.key ? -1 : 1;
        return compareCounts(b.counters.get(column) ?? 0, a.counters.get(column) ?? 0);
      });
  };
  return tallies.map(({ totals, rankings }) => {
    const ranked: Ranked[] = [];
    for (const ranking of rankings) {
      const { tops, sums, total } = ranking;
      const { follows } = ranking.ranking;
      const firstFilled = (): number =>
        Math.max(
          0,
          tops.findIndex((_, i) => entriesOf(ranking, i).length > 0),
        );
      const by = follows === undefined ? firstFilled() : ranked[follows]!.by;
      const first = entriesOf(ranking, by);
      const isShort = ranking.ranking.rest !== undefined && first.length < ranking.ranking.limit;
      ranked.push({
        by,
        entries: isShort ? [...first, ...followers(ranking, by)].slice(0, ranking.ranking.limit) : first,
        keys: ranking.ranking.rest === undefined ? tops[by]!.keys : sums.keys(),
        // Only a breakdown asks for it.
        get total() {
          return named(total ?? sums.total());
        },
      });
    }
    return { totals, rankings: ranked };
  });
}
