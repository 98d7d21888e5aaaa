import { type DeltaNames, type OwnDeltas } from '../metrics/bucket-deltas.ts';
import { type CellLayout } from '../metrics/cells.ts';
import { type CellTotals, type LiveQuery, type TallyResult } from '../metrics/query.ts';

/** How far a partition has been counted. */
export interface Position {
  readonly partition: number;
  /** Offset of the next record to count. */
  readonly position: number;
  /** Newest event time seen, ms since the epoch; 0 before the first event. */
  readonly watermark: number;
}

/** One partition's step in a change. */
export interface Advance {
  readonly partition: number;
  /** The position that the change was computed from: the fence. */
  readonly from: number;
  readonly to: number;
  readonly watermark: number;
  /** The ids of its records, to be kept until a later step says that they are not needed any more. */
  readonly seen?: {
    readonly ids: Uint8Array;
    /** Ids of the steps that end at this offset or before are not needed any more. */
    readonly since: number;
  };
  /** Ids of its records that are kept apart from those; they take the place of what the steps behind `from` have left. */
  readonly derived?: {
    readonly from: number;
    readonly ids: Uint8Array;
    readonly since: number;
  };
  /** How many messages of its inbox were taken before, which is a fence too, and are with it; they are dropped. */
  readonly taken?: { readonly from: number; readonly to: number } | undefined;
}

/** What one partition's processor has to say to that of another one: taken once, in the order in which it came. */
export interface PartitionMessage {
  readonly partition: number;
  readonly bytes: Uint8Array;
}

/** Messages to a partition that are not taken yet. */
export interface Inbox {
  /** How many were taken before them. */
  readonly taken: number;
  readonly messages: readonly Uint8Array[];
}

/** Ids that a step of a partition left, as it gave them. */
export interface SeenStep {
  readonly from: number;
  readonly to: number;
  readonly ids: Uint8Array;
}

/** What an event says of a product. Fields that it does not give leave what is known. */
export interface ProductInfo {
  /** Time of the event that said so, ms since the epoch: the newest wins, whatever the order of arrival. */
  readonly time: number;
  readonly name?: string | undefined;
  readonly category?: string | undefined;
  readonly brand?: string | undefined;
  /** In 1/10 000 of the currency unit. */
  readonly price?: number | undefined;
}

/** One micro-batch's effect, applied whole or not at all. It may span several partitions of one processor. */
export interface LiveChange {
  readonly advances: readonly Advance[];
  /** The generation that the change was computed from, which is a fence too; any where absent. */
  readonly generation?: string | undefined;
  /** What is added to counters, by start of the 10-second cell, and what the numbers in it stand for. */
  readonly cells: OwnDeltas;
  readonly names: DeltaNames;
  /** Keys of `states` that must not have a state yet: what only one of several processors may create. */
  readonly claims: readonly string[];
  /** What others of `states` have to be still, by key: what several processors may change. */
  readonly expects?: ReadonlyMap<string, Uint8Array> | undefined;
  /** New states by key. */
  readonly states: ReadonlyMap<string, Uint8Array>;
  readonly products: ReadonlyMap<string, ProductInfo>;
  /** What is added to inboxes. */
  readonly messages?: readonly PartitionMessage[] | undefined;
}

/** What a view of the shop needs, read at one moment. */
export interface LiveSnapshot {
  readonly positions: readonly Position[];
  /** In the order of the request. */
  readonly tallies: readonly TallyResult[];
  /** In the order of the request; by start, ascending. */
  readonly series: readonly (readonly CellTotals[])[];
}

/** What a worker says of itself, as JSON. */
export interface WorkerReport {
  /** Unique among all workers of all hosts. */
  readonly id: string;
  /** When it said so, ms since the epoch. */
  readonly time: number;
  readonly json: string;
}

/** Positions, counters, shopper states and published lists: what changes by the second. */
export interface LiveStore {
  /** How the cells are cut: what the store remembers, else, where it holds none yet, what it was opened with. */
  layout(): Promise<CellLayout>;
  /** A name of what is counted: another one once a rebuild has taken its place; empty before the first. */
  generation(): Promise<string>;
  /** Positions of the partitions that were ever applied. */
  positions(): Promise<readonly Position[]>;
  /** Ids that the steps of a partition left and no later one let go, by offset, ascending. */
  seen(partition: number): Promise<readonly SeenStep[]>;
  /** The same of those that are kept apart. */
  derived(partition: number): Promise<readonly SeenStep[]>;
  /** The first messages, some thousands at most, that wait in the inboxes of partitions, by partition; empty ones too. */
  inboxes(partitions: readonly number[]): Promise<Map<number, Inbox>>;
  /** States by key, in one round trip; keys without a state are absent from the map. */
  states(keys: readonly string[]): Promise<Map<string, Uint8Array>>;
  /**
   * Applies a change atomically and durably.
   * @returns false, having changed nothing, where the stored position of a partition is not `from`, messages were taken that the change
   * does not know of, a claim is taken, a state is not what is expected, or the generation is another one: somebody else has counted it, or counted anew.
   * @throws EcomError `USAGE` where the store's cells are cut in another way than it was opened with
   */
  apply(change: LiveChange): Promise<boolean>;
  /** Reads sums, rankings and series consistently, as of one moment. */
  snapshot(query: LiveQuery): Promise<LiveSnapshot>;
  /** Products by id; unknown ids are absent from the map. Of `time`, one of those at which all of it was said. */
  products(ids: readonly string[]): Promise<Map<string, ProductInfo>>;
  /** Replaces all published documents of a kind atomically, such as recommendation lists: JSON by key. */
  publish(kind: string, entries: ReadonlyMap<string, string>): Promise<void>;
  /** Published documents by key; those never published are absent from the map. */
  published(kind: string, keys: readonly string[]): Promise<Map<string, string>>;
  /** Notes what a worker says of itself, in place of what it said before. Reports a day older than it may be forgotten. */
  report(report: WorkerReport): Promise<void>;
  /** The reports of `since` and later, by id. */
  reports(since: number): Promise<readonly WorkerReport[]>;
  /** Begins to count everything anew beside what is there; what an earlier rebuild left behind is gone. */
  rebuild(): Promise<Rebuild>;
  close(): Promise<void>;
}

/** Numbers in the making, which nobody reads yet. */
export interface Rebuild {
  /** Empty at first, and cut as the store was opened with. */
  readonly live: LiveStore;
  /**
   * Puts all that was counted, the layout too, in the place of what the store has, atomically; what was published stays. Open
   * stores go on with it.
   * @param force even where less is counted than the store has
   * @returns false, having changed nothing, where a partition is counted less far than the store has it
   */
  replace(force?: boolean): Promise<boolean>;
  /** Closes `live`, and drops what did not take its place. */
  close(): Promise<void>;
}
