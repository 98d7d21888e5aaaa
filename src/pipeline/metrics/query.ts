import { type CellRange, type Counters, type Dimension } from './cells.ts';

/** The entries of a dimension with the highest value in a column: descending, ties by key ascending. */
export interface Ranking {
  readonly dimension: Dimension;
  /** The first one that has entries is ranked by; the first of all where none has. */
  readonly columns: readonly string[];
  readonly limit: number;
  /**
   * Where there are fewer entries than the limit, those follow that have a value above 0 in one of these columns: by the first of them
   * in which they differ, descending.
   */
  readonly rest?: readonly string[];
  /** Takes the column in the same place as an earlier ranking of the tally, by number, has taken its own. */
  readonly follows?: number;
}

export interface RankedEntry {
  readonly key: string;
  readonly counters: Counters;
}

/** A ranking's answer. */
export interface Ranked {
  /** Place of the column that was ranked by. */
  readonly by: number;
  /** Entries whose value in the column is not above 0 are left out, unless the ranking has a rest. */
  readonly entries: readonly RankedEntry[];
  /** Number of keys whose value is above 0, and of all that have any value where the ranking has a rest; one may stand for all that came after the dimension was full. */
  readonly keys: number;
  /** The sum over all keys of the dimension, listed or not. */
  readonly total: Counters;
}

/** A sum over cells, and rankings within that sum. */
export interface TallyQuery {
  /** `all` is the whole history. */
  readonly ranges: readonly CellRange[] | 'all';
  readonly rankings?: readonly Ranking[];
}

export interface TallyResult {
  readonly totals: Counters;
  /** In the order of the request. */
  readonly rankings: readonly Ranked[];
}

export interface LiveQuery {
  readonly tallies: readonly TallyQuery[];
  /** Cells to return one by one, totals only; those without data are left out. */
  readonly series?: readonly CellRange[];
}

/** One cell's totals. */
export interface CellTotals {
  /** Ms since the epoch. */
  readonly start: number;
  readonly totals: Counters;
}
