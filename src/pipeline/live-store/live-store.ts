import type { CellChanges, CellRange, Level, Tally } from './cells.ts';

/** How far a partition has been counted. */
export interface Position {
  readonly partition: number;
  /** Offset of the next record to count. */
  readonly position: number;
  /** Newest event time seen, ms since the epoch; 0 before the first event. */
  readonly watermark: number;
}

/** What is known of a product, from the newest event that said so. */
export interface ProductInfo {
  readonly name?: string;
  readonly category?: string;
  readonly brand?: string;
  /** In 1/10 000 of the currency unit. */
  readonly price?: number;
}

/** One micro-batch's effect, applied whole or not at all. */
export interface LiveChange {
  readonly partition: number;
  /** The position that the change was computed from: the fence. */
  readonly from: number;
  readonly to: number;
  readonly watermark: number;
  readonly cells: CellChanges;
  /** New states by key. */
  readonly states: ReadonlyMap<string, string>;
  readonly products: ReadonlyMap<string, ProductInfo>;
}

/** What a view of the shop needs, read at one moment. */
export interface LiveSnapshot {
  readonly positions: readonly Position[];
  /** One sum a requested group of ranges, in the order of the request. */
  readonly tallies: readonly Tally[];
  readonly series: readonly { readonly start: number; readonly totals: Tally['totals'] }[];
}

export interface LiveQuery {
  /** Groups of ranges to sum; the string `all` is the whole history. */
  readonly tallies: readonly { readonly ranges: readonly CellRange[] | 'all'; readonly products: boolean }[];
  /** Cells to return one by one, totals only; those without data are left out. */
  readonly series?: { readonly level: Level; readonly from: number; readonly to: number } | undefined;
}

/** Positions, counters, shopper states and published lists: what changes by the second. */
export interface LiveStore {
  /** Positions of the partitions that were ever applied. */
  positions(): Promise<readonly Position[]>;
  /** States by key, in one round trip; keys without a state are absent from the map. */
  states(keys: readonly string[]): Promise<Map<string, string>>;
  /**
   * Applies a change atomically and durably.
   * @returns false, having changed nothing, where the stored position is not `from`: somebody else has counted it.
   */
  apply(change: LiveChange): Promise<boolean>;
  /** Reads sums and series consistently, as of one moment. */
  snapshot(query: LiveQuery): Promise<LiveSnapshot>;
  /** Products by id, or all of them; unknown ids are absent from the map. */
  products(ids?: readonly string[]): Promise<Map<string, ProductInfo>>;
  /** Replaces published documents, such as recommendation lists, atomically; each under `kind` and a key, as JSON. */
  publish(kind: string, entries: ReadonlyMap<string, string>): Promise<void>;
  /** Published documents by key; those never published are absent from the map. */
  published(kind: string, keys: readonly string[]): Promise<Map<string, string>>;
  close(): Promise<void>;
}
