import { type DeadLetter, type DocumentBatch } from '../document-store/document-store.ts';
import { FLAG, LINK, TEXT } from '../events/columns.ts';
import { type Rejected, TOMBSTONE } from '../events/decode.ts';
import { COLUMNS, FAMILIES, TYPE_COLUMN_NUMBERS } from '../metrics/column-numbers.ts';
import { type ItemCounter } from './count-items.ts';
import { type OrderCounter, type Spent } from './count-orders.ts';
import { type RecommendationCounter } from './count-recommendations.ts';
import { type DecodedBatch, isSeenAgain, NOBODY } from './decoded-batch.ts';
import { type DerivedIds, type DerivedStep } from './derived-ids.ts';
import { type EventKeys } from './event-keys.ts';
import { createIdNotes, type SeenIds } from './seen-ids.ts';
import { KEY_CHARACTERS, QUERY, type Tally } from './tally.ts';

/** An event that is older than its partition's newest by more than this is late, ms. */
export const LATE_MS = 60_000;

/** What is remembered of a partition between batches. */
export interface PartitionMemory {
  /** Offset of the next record. */
  position: number;
  /** The first offset that the log still held when that was last asked. */
  begin: number;
  /** Newest event time so far, ms since the epoch. */
  watermark: number;
  readonly seen: SeenIds;
  readonly derived: DerivedIds;
  /** How many messages to its shoppers are taken. */
  taken?: number;
}

/** What is told of the records of a batch beside counters. */
export type Findings = Pick<DocumentBatch, 'duplicates' | 'deadLetters'> & {
  readonly ids: Uint8Array;
  readonly derived: DerivedStep | undefined;
};

/** Takes an event that counts, and what its purchase adds, if it is one that counts. */
export type FollowLater = (row: number, spent: Spent | undefined) => void;

/** The parts that count. */
export interface Counters {
  readonly tally: Tally;
  readonly keys: EventKeys;
  readonly items: ItemCounter;
  readonly orders: OrderCounter;
  readonly recommendations: RecommendationCounter;
}

/**
 * Goes over the records of a batch in the order of the log, for all that depends on it: which are duplicates, late or rejected,
 * and which orders are new. It counts what does not depend on who acted.
 */
export interface FirstPass {
  count(batch: DecodedBatch, memory: PartitionMemory): Findings;
}

/**
 * @param later is given each event of somebody
 * @param followNow what was given has to be followed before it goes on
 * @param robots whether what known robots sent counts like what others did
 */
export function createFirstPass(
  { tally, keys, items, orders, recommendations }: Counters,
  later: FollowLater,
  followNow: () => void,
  robots: boolean,
): FirstPass {
  // The batch in hand, and what is found in it.
  let batch: DecodedBatch;
  let memory: PartitionMemory;
  let duplicates: DocumentBatch['duplicates'][number][] = [];
  let deadLetters: DeadLetter[] = [];

  function placeOf(i: number): { offset: number; index?: number } {
    const [offset, index] = [batch.records.offset(i), batch.records.index(i)];
    return index === 0 ? { offset } : { offset, index };
  }
  /** What arrived at a moment that is yet to come is told of when it is counted. */
  function arrivalOf(i: number): number {
    return Math.min(batch.records.appendedAt(i), batch.clock);
  }
  function countRejected(i: number, none: Rejected): void {
    const time = arrivalOf(i);
    if (none === TOMBSTONE) {
      tally.addTotal(tally.bucketAt(time), COLUMNS.tombstones, 1);
      return;
    }
    const { reason, detail, source, bytes } = none;
    deadLetters.push({ partition: batch.partition, ...placeOf(i), time, reason, detail, source, bytes });
    tally.addTotal(tally.bucketAt(time), FAMILIES.rejected.of(reason), 1);
  }
  function countDuplicate(i: number, none: Rejected | undefined): void {
    duplicates.push(placeOf(i));
    if (none === undefined && batch.columns.is(i, FLAG.outside)) return;
    const time = none === undefined ? batch.columns.time(i) : arrivalOf(i);
    tally.addTotal(tally.bucketAt(time), COLUMNS.duplicates, 1);
  }
  function countEvent(row: number): void {
    const { columns, shoppers } = batch;
    const time = columns.time(row);
    const bucket = tally.bucketAt(time);
    if (columns.typeNumber(row) === LINK) {
      tally.addTotal(bucket, COLUMNS.links, 1);
      if (columns.is(row, FLAG.alias)) tally.addTotal(bucket, COLUMNS.aliases, 1);
      later(row, undefined);
      return;
    }
    if (columns.is(row, FLAG.robot)) {
      tally.addTotal(bucket, COLUMNS.robots, 1);
      if (!robots) {
        countRobot(row, bucket);
        return;
      }
    }
    tally.addTotal(bucket, TYPE_COLUMN_NUMBERS[columns.typeNumber(row)]!, 1);
    if (columns.is(row, FLAG.simulated)) tally.addTotal(bucket, COLUMNS.simulated, 1);
    if (time < memory.watermark - LATE_MS) tally.addTotal(bucket, COLUMNS.late, 1);
    if (columns.is(row, FLAG.truncated)) tally.addTotal(bucket, COLUMNS.truncated, 1);
    if (columns.is(row, FLAG.placeholder)) tally.addTotal(bucket, COLUMNS.placeholderIds, 1);
    keys.find(batch, row);
    keys.count(row, bucket, COLUMNS.events, 1);
    const type = columns.type(row);
    const spent = type === 'purchase' ? orders.countPurchase(batch, row, followNow) : undefined;
    if (type === 'refund') orders.countRefund(batch, row);
    if (type === 'search') countSearch(row, bucket);
    items.countItems(batch, row, bucket);
    if (shoppers[row] === NOBODY) recommendations.countReaction(batch, row, bucket, undefined);
    else later(row, spent);
  }
  /** Of a robot, only where it came from is told. */
  function countRobot(row: number, bucket: number): void {
    keys.find(batch, row);
    keys.count(row, bucket, COLUMNS.events, 1);
    keys.count(row, bucket, COLUMNS.robots, 1);
  }
  function countSearch(row: number, bucket: number): void {
    const { columns } = batch;
    const query = columns.text(row, TEXT.query)?.trim().toLowerCase().slice(0, KEY_CHARACTERS) ?? '';
    if (query === '') return;
    const key = tally.keyOf(QUERY, query);
    tally.add(bucket, QUERY, key, COLUMNS.searches, 1);
    if (columns.is(row, FLAG.emptySearch)) tally.add(bucket, QUERY, key, COLUMNS.emptySearches, 1);
  }

  return {
    count(of, remembered) {
      [batch, memory, duplicates, deadLetters] = [of, remembered, [], []];
      const { columns, rejected, clock, lost, earlier } = batch;
      const notes = createIdNotes();
      memory.derived.begin(memory.position);
      if (lost > 0) tally.addTotal(tally.bucketAt(clock), COLUMNS.lost, lost);
      if (earlier > 0) tally.addTotal(tally.bucketAt(clock), COLUMNS.earlier, earlier);
      for (let i = batch.from; i < batch.to; i += 1) {
        const none = rejected.get(i);
        if (isSeenAgain(batch, i, memory, notes)) countDuplicate(i, none);
        else if (none !== undefined) countRejected(i, none);
        else {
          if (columns.is(i, FLAG.leftToOrder))
            tally.addTotal(tally.bucketAt(columns.time(i)), COLUMNS.leftToOrder, 1);
          if (!columns.is(i, FLAG.outside)) countEvent(i);
          else if (columns.hasBothIds(i)) later(i, undefined);
          if (columns.time(i) > memory.watermark) memory.watermark = columns.time(i);
        }
      }
      return { duplicates, deadLetters, ids: notes.bytes(), derived: memory.derived.end(batch.next) };
    },
  };
}
