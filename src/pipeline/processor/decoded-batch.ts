import { isUtf8 } from 'node:buffer';
import { type LogBatch, type LogRecords } from '../event-log/event-log.ts';
import { ByteWriter } from '../events/bytes.ts';
import { EventColumns, FLAG, TEXT } from '../events/columns.ts';
import {
  type DecodeContext,
  decodeRecord,
  isRejected,
  type Rejected,
  rejectAhead,
} from '../events/decode.ts';
import { LineScanner } from '../events/scan.ts';
import { LIMITS, type ShopEvent } from '../events/shop-event.ts';
import { type DerivedIds, isDerived } from './derived-ids.ts';
import { faultOf, mayBeOfRecord, notCountable } from './record-fault.ts';
import { type IdNotes, idBytes, type SeenIds } from './seen-ids.ts';
import { type StateRecords } from './state-records.ts';

/**
 * Records of one partition, decoded: those with a number from `from` on, up to `to`. A record's number is its row in the
 * columns. It stands until the next batch of the partition is decoded. It is a class because the engine compiles anew what meets
 * objects that were made in several ways.
 */
export class DecodedBatch {
  readonly partition: number;
  readonly records: LogRecords;
  readonly columns: EventColumns;
  /** Who acted, by number: that of the state; {@link NOBODY} also for what was rejected. */
  readonly shoppers: Int32Array;
  /** What is no event, by number; its row is without meaning. */
  readonly rejected: ReadonlyMap<number, Rejected>;
  readonly from: number;
  readonly to: number;
  /** Offset to go on from. */
  readonly next: number;
  /** The host's clock when they were read, ms since the epoch. */
  readonly clock: number;
  /** Records before them that the log let go of before they were counted. */
  readonly lost: number;
  /** The same of those that had been counted once: they are missing in what is counted anew. */
  readonly earlier: number;

  constructor(
    of: Pick<
      DecodedBatch,
      'partition' | 'records' | 'columns' | 'shoppers' | 'clock' | 'lost' | 'earlier' | 'rejected'
    >,
    from: number,
    to: number,
    next: number,
  ) {
    this.partition = of.partition;
    this.records = of.records;
    this.columns = of.columns;
    this.shoppers = of.shoppers;
    this.rejected = of.rejected;
    this.from = from;
    this.to = to;
    this.next = next;
    this.clock = of.clock;
    this.lost = of.lost;
    this.earlier = of.earlier;
  }

  /** Some of its records, and where to go on after them. */
  part(from: number, to: number, next: number): DecodedBatch {
    return new DecodedBatch(this, from, to, next);
  }
}

export const NOBODY = -1;

/** How many offsets the log let go of: of those that were never counted, and of those that were once. */
export type Gone = Pick<DecodedBatch, 'lost' | 'earlier'>;

export interface DecodeSettings {
  /** Properties whose values count. */
  readonly properties: readonly string[];
  /** What of an event is to be counted; all of it where absent. */
  readonly filter?: ((event: ShopEvent) => ShopEvent | undefined) | undefined;
  /** Whether an event does not say itself what is filtered by, but its order may. */
  readonly leavesToOrder?: ((event: ShopEvent) => boolean) | undefined;
  /** Whether what known robots sent counts like what others did. @default false */
  readonly robots?: boolean | undefined;
}

/** Decodes the batches of one partition, each into the memory of the one before. */
export interface BatchDecoder {
  /** @param clock ms since the epoch: what the log took later than that, and a little, has no time that could be believed */
  decode(batch: LogBatch, clock: number, gone: Gone): DecodedBatch;
}

export function createBatchDecoder({ properties, filter, leavesToOrder }: DecodeSettings): BatchDecoder {
  const columns = new EventColumns(properties);
  const scanner = new LineScanner(columns);

  function decodeSlowly(
    records: LogRecords,
    i: number,
    partition: number,
    latest: number,
  ): Rejected | undefined {
    const [offset, appendedAt] = [records.offset(i), records.appendedAt(i)];
    const context: DecodeContext = { partition, offset, index: records.index(i) || undefined, appendedAt };
    const value = records.text(i);
    let record = decodeRecord(value, context);
    if (!isRejected(record) && appendedAt > latest) record = rejectAhead(record, value!, appendedAt);
    if (isRejected(record)) {
      columns.addNone();
      return record;
    }
    const event = record;
    try {
      const counted = filter === undefined ? event : filter(event);
      columns.add(
        counted ?? event,
        records.start(i),
        records.end(i),
        (counted === undefined ? FLAG.outside : 0) | (leavesToOrder?.(event) === true ? FLAG.leftToOrder : 0),
      );
      return undefined;
    } catch (error) {
      if (!mayBeOfRecord(error)) throw error;
      columns.addNone();
      return notCountable(event, value!, faultOf(error));
    }
  }

  return {
    decode({ partition, records, scanned = [], next }, clock, gone) {
      const latest = clock + LIMITS.clockMs;
      const { bytes, length } = records;
      const rejected = new Map<number, Rejected>();
      // Of what was scanned before, little is left.
      scanner.begin(bytes, scanned.length === 0 && isUtf8(bytes), 0);
      function decodeOne(i: number): void {
        const appendedAt = records.appendedAt(i);
        scanner.arrived(appendedAt);
        const mayScan = filter === undefined && appendedAt <= latest && !records.isTombstone(i);
        if (mayScan && scanner.scanRecord(records.start(i), records.end(i))) return;
        const none = decodeSlowly(records, i, partition, latest);
        if (none !== undefined) rejected.set(i, none);
      }
      let i = 0;
      for (const { record, count, columns: rows, row, shift } of scanned) {
        for (; i < record; i += 1) decodeOne(i);
        const appendedAt = records.appendedAt(record);
        const mayTake = filter === undefined && appendedAt <= latest;
        for (; i < record + count; i += 1) {
          const from = row + i - record;
          if (mayTake && rows.isEvent(from) && rows.time(from) <= appendedAt) columns.take(rows, from, shift);
          else decodeOne(i);
        }
      }
      for (; i < length; i += 1) decodeOne(i);
      const shoppers = new Int32Array(length).fill(NOBODY);
      const all = { partition, records, columns, shoppers, rejected, clock, ...gone };
      return new DecodedBatch(all, 0, length, next);
    },
  };
}

/** The letters that keep an anonymous "42" apart from user "42", as in what `shopperOf` gives. */
const PREFIXES = { [TEXT.userId]: 0x75, [TEXT.anonymousId]: 0x61, [TEXT.sessionId]: 0x73 } as const;
const COLON = 0x3a;
const key = new ByteWriter(64);

/** Which text says who acted; `undefined` for an event of nobody. */
function actorOf(columns: EventColumns, row: number): keyof typeof PREFIXES | undefined {
  if (columns.has(row, TEXT.userId)) return TEXT.userId;
  if (columns.has(row, TEXT.anonymousId)) return TEXT.anonymousId;
  return columns.has(row, TEXT.sessionId) ? TEXT.sessionId : undefined;
}

/** Finds out who acted in the records of a batch. */
export function numberShoppers(
  { columns, from, to, rejected, shoppers }: DecodedBatch,
  states: StateRecords,
): void {
  for (let i = from; i < to; i += 1) {
    if (!columns.isEvent(i) || rejected.has(i)) continue;
    // What is outside may still say whose a device is.
    if (columns.is(i, FLAG.outside) && !columns.hasBothIds(i)) continue;
    const field = actorOf(columns, i);
    if (field === undefined) continue;
    const place = columns.place(i, field);
    key.clear();
    key.uint(PREFIXES[field]);
    key.uint(COLON);
    key.copy(columns.bytesAt(place), columns.offsetOf(place), columns.size(i, field));
    shoppers[i] = states.numberOf(key.bytes, 0, key.length);
  }
}

/** What knows the ids of a partition. */
export interface KnownIds {
  readonly seen: SeenIds;
  /** Absent where what it knows comes from the store alone. */
  readonly derived?: DerivedIds;
}

/**
 * Notes the id of a record, if it has one.
 * @param notes where it is noted for the store as well
 * @returns whether it occurred within the horizon before
 */
export function isSeenAgain(
  { columns, records, rejected }: DecodedBatch,
  i: number,
  known: KnownIds,
  notes?: IdNotes,
): boolean {
  const offset = records.offset(i);
  const none = rejected.get(i);
  if (none === undefined) {
    const place = columns.place(i, TEXT.id);
    return isKnown(
      known,
      columns.bytesAt(place),
      columns.offsetOf(place),
      columns.size(i, TEXT.id),
      offset,
      notes,
    );
  }
  if (none.id === undefined) return false;
  const { bytes, length } = idBytes(none.id);
  return isKnown(known, bytes, 0, length, offset, notes);
}

function isKnown(
  { seen, derived }: KnownIds,
  bytes: Uint8Array,
  start: number,
  size: number,
  offset: number,
  notes: IdNotes | undefined,
): boolean {
  if (isDerived(bytes, start, size)) return derived?.add(bytes, start, size) ?? false;
  notes?.note(bytes, start, size, offset);
  return seen.add(bytes, start, size, offset);
}

/** The key of the order of a purchase or a refund that names one. */
export function orderIdOf({ columns, rejected }: DecodedBatch, i: number): string | undefined {
  if (!columns.isEvent(i) || rejected.has(i)) return undefined;
  const type = columns.type(i);
  return type === 'purchase' || type === 'refund' ? columns.text(i, TEXT.orderId) : undefined;
}
