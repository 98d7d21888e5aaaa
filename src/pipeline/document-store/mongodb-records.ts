import { randomUUID } from 'node:crypto';
import { Binary, type Collection, type FindCursor } from 'mongodb';
import { LogRecords } from '../event-log/event-log.ts';
import { type DocumentBatch, type StoredRecords } from './document-store.ts';
import { insertAll, placeId } from './mongodb-documents.ts';
import {
  addDecoded,
  blocksOf,
  cutBlock,
  decodeBlock,
  type RecordBlock,
  takeRecords,
} from './record-block.ts';

/** A block of events as a document, whose id is its first offset. */
interface BlockDocument {
  readonly _id: string;
  /** When the log took the newest of its batch: what its expiry counts from. */
  readonly at: Date;
  readonly to: number;
  readonly count: number;
  readonly records: Binary;
  /** Another one whenever it is written. */
  readonly version: string;
}

/** An event of its own, as older versions wrote it. */
interface EventDocument {
  readonly _id: string;
  readonly at: Date;
  readonly event: string;
  readonly to?: undefined;
}

export type RecordDocument = BlockDocument | EventDocument;

/** A block with where it lies. */
interface PlacedBlock extends RecordBlock {
  readonly partition: number;
  readonly at: Date;
}

/** What is there of a stretch. */
type Found = Pick<BlockDocument, '_id' | 'version'> & { readonly to?: number };

/** A partition's events from where the last read ended: a reader goes on, and a new query would look for the place again. */
interface Place {
  readonly cursor: FindCursor<RecordDocument>;
  readonly next: number;
  /** What was read already, of which some is left. */
  readonly ahead: Ahead | undefined;
}

interface Ahead {
  readonly records: LogRecords;
  /** Where a block ends; an event of its own may be followed by others of its record. */
  readonly to: number | undefined;
  readonly first: number;
}

/** How often is begun anew where others write the same stretch. */
const TRIES = 20;

export interface MongoRecords {
  append(batches: readonly DocumentBatch[]): Promise<void>;
  read(partition: number, from: number, limit: number): Promise<StoredRecords>;
}

/**
 * The events of each partition as blocks. Blocks may overlap, where a batch came again with other bounds and its writer died, or still
 * writes: a reader takes of each what the ones before it did not say. So whatever is taken away is there a second time before, and
 * nobody ever finds a gap.
 */
export function createMongoRecords(events: () => Promise<Collection<RecordDocument>>): MongoRecords {
  const places = new Map<number, Place>();
  /** Where this process goes on with a partition, and how far what was there before reaches. */
  const known = new Map<number, { readonly next: number; readonly reach: number }>();

  async function append(batches: readonly DocumentBatch[]): Promise<void> {
    const blocks = batches.map((batch) => Array.from(blocksOf(batch), (block) => placed(batch, block)));
    const isNew = await Promise.all(
      batches.map(async (batch) => isBeyondAll(batch) || (await overlapping(batch)).length === 0),
    );
    const fresh = blocks.filter((_, i) => isNew[i]).flat();
    const stored = fresh.filter(({ count }) => count > 0).map(toDocument);
    // In order: a reader that finds an event has found all before it. What somebody else has put there meanwhile is replaced.
    const wasThere = (await insertAll(await events(), stored)) > 0;
    for (const [i, some] of blocks.entries())
      if (wasThere || !isNew[i]) for (const block of some) await replace(block);
    for (const batch of batches) {
      const { partition, from, to } = batch;
      const before = known.get(partition);
      const reach = before?.next === from ? before.reach : await reachOf(batch);
      known.set(partition, { next: to, reach });
    }
  }

  /** Whether nothing can be there: to look would cost as much as to write. */
  function isBeyondAll({ partition, from }: Stretch): boolean {
    const { next, reach } = known.get(partition) ?? { next: -1, reach: 0 };
    return next === from && reach <= from;
  }
  async function reachOf({ partition }: Stretch): Promise<number> {
    const last = await lastOf({ $gte: placeId(partition, 0), $lt: placeId(partition + 1, 0) });
    return last === undefined ? 0 : (last.to ?? Number(last._id.split(':')[1]) + 1);
  }
  async function lastOf(range: object): Promise<Found | undefined> {
    const found = (await events()).find({ _id: range } as object).sort({ _id: -1 });
    return (await found.limit(1).project<Found>(PLACE_ONLY).toArray())[0];
  }

  /** What is there of a stretch; the one that begins before it first. */
  async function overlapping({ partition, from, to }: Stretch): Promise<Found[]> {
    const range = { $gte: placeId(partition, from), $lt: placeId(partition, to) };
    const found = await (await events())
      .find({ _id: range } as object)
      .project<Found>(PLACE_ONLY)
      .toArray();
    if (known.get(partition)?.next === from) return found;
    const last = await lastOf({ $gte: placeId(partition, 0), $lt: placeId(partition, from) });
    return last?.to !== undefined && last.to > from ? [last, ...found] : found;
  }

  /** Puts a block in the place of what is there of its stretch. */
  async function replace(block: PlacedBlock): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) if (await tryToReplace(block)) return;
    throw new Error(`the events of partition ${block.partition} are written by others at the same time`);
  }

  /** @returns false where somebody else has changed what was there meanwhile */
  async function tryToReplace(block: PlacedBlock): Promise<boolean> {
    const { partition, from, to } = block;
    const found = await overlapping(block);
    const own = placeId(partition, from);
    const wider = new Map<Found, PlacedBlock>();
    for (const one of found) {
      const reachesOut = one._id < own || (one.to ?? 0) > to;
      if (!reachesOut) continue;
      const document = await (await events()).findOne({ _id: one._id, version: one.version } as object);
      if (document === null) return false;
      wider.set(one, fromDocument(document as BlockDocument));
    }
    for (const whole of wider.values()) if (whole.to > to) await keep(cut(whole, to, whole.to));
    const same = found.find(({ _id }) => _id === own);
    if (!(await put(block, same))) return false;
    for (const one of found) {
      if (one === same && block.count > 0) continue;
      const whole = wider.get(one);
      const rest = whole === undefined || one._id >= own ? undefined : cut(whole, whole.from, from);
      const filter = { _id: one._id, version: one.version ?? { $exists: false } } as object;
      if (rest === undefined || rest.count === 0) await (await events()).deleteOne(filter);
      else if ((await (await events()).replaceOne(filter, toDocument(rest))).matchedCount === 0) return false;
    }
    return true;
  }

  /** @param same what has its id */
  async function put(block: PlacedBlock, same: Found | undefined): Promise<boolean> {
    if (block.count === 0) return true;
    if (same === undefined) return insert(block);
    const filter = { _id: same._id, version: same.version ?? { $exists: false } } as object;
    return (await (await events()).replaceOne(filter, toDocument(block))).matchedCount > 0;
  }
  /** @returns false where something is there already */
  async function insert(block: PlacedBlock): Promise<boolean> {
    return (await insertAll(await events(), [toDocument(block)])) === 0;
  }
  /** Sees to it that all of a block is there, of others' or by itself. */
  async function keep(block: PlacedBlock): Promise<void> {
    let rest = block;
    while (rest.count > 0 && !(await insert(rest))) {
      const there = await (await events()).findOne({ _id: placeId(rest.partition, rest.from) } as object);
      if (there !== null && (await hold(there as Found)))
        rest = cut(rest, there.to ?? rest.from + 1, rest.to);
    }
  }
  /** Sees to it that somebody who is about to take a document away leaves it. @returns false where it is gone or another by now */
  async function hold({ _id, version }: Found): Promise<boolean> {
    const filter = { _id, version: version ?? { $exists: false } } as object;
    const change = { $set: { version: randomUUID() } } as object;
    return (await (await events()).updateOne(filter, change)).matchedCount > 0;
  }

  async function read(partition: number, from: number, limit: number): Promise<StoredRecords> {
    // Whoever reads has the place to himself: another one finds none, and looks for it.
    const place = places.get(partition);
    places.delete(partition);
    const goesOn = place?.next === from;
    if (!goesOn) await place?.cursor.close();
    const cursor = goesOn ? place.cursor : await cursorAt(partition, from);
    try {
      const records = new LogRecords();
      let ahead = (goesOn ? place.ahead : undefined) ?? opened(await cursor.next());
      let [floor, next] = [from, from];
      while (ahead !== undefined) {
        const left = takeRecords(
          records,
          ahead.records,
          Math.max(ahead.first, ahead.records.firstFrom(floor)),
          limit,
        );
        if (records.length > 0) next = Math.max(next, records.offset(records.length - 1) + 1);
        if (left < ahead.records.length) {
          ahead = { ...ahead, first: left };
          break;
        }
        floor = Math.max(floor, ahead.to ?? 0);
        next = Math.max(next, floor);
        ahead = opened(await cursor.next());
      }
      if (ahead === undefined || places.has(partition)) await cursor.close();
      else places.set(partition, { cursor, next, ahead });
      return { records, skipped: NONE, next };
    } catch (error) {
      await cursor.close().catch(() => {});
      throw error;
    }
  }
  /** From the block in which an offset may lie. */
  async function cursorAt(partition: number, from: number): Promise<FindCursor<RecordDocument>> {
    const before = { $gte: placeId(partition, 0), $lt: placeId(partition, from) };
    const first = from === 0 ? undefined : await lastOf(before);
    const start = (first?.to ?? 0) > from ? first!._id : placeId(partition, from);
    const range = { $gte: start, $lt: placeId(partition + 1, 0) };
    return (await events()).find({ _id: range } as object).sort({ _id: 1 }) as FindCursor<RecordDocument>;
  }

  return { append, read };
}

type Stretch = Pick<PlacedBlock, 'partition' | 'from' | 'to'>;

const PLACE_ONLY = { _id: 1, to: 1, version: 1 } as const;
const NONE: ReadonlySet<number> = new Set();

function placed({ partition, time }: DocumentBatch, block: RecordBlock): PlacedBlock {
  return { ...block, partition, at: new Date(time) };
}

function cut(block: PlacedBlock, from: number, to: number): PlacedBlock {
  return { ...block, ...cutBlock(block, from, to) };
}

function toDocument({ partition, from, to, count, at, bytes }: PlacedBlock): BlockDocument {
  const version = randomUUID();
  return { _id: placeId(partition, from), at, to, count, records: new Binary(bytes), version };
}

function fromDocument({ _id, at, to, count, records }: BlockDocument): PlacedBlock {
  const [partition, from] = _id.split(':').map(Number);
  return { partition: partition!, from: from!, to, count, at, bytes: Buffer.from(records.buffer) };
}

function opened(document: RecordDocument | null): Ahead | undefined {
  if (document === null) return undefined;
  if (document.to !== undefined)
    return { records: decodeBlock(Buffer.from(document.records.buffer)), to: document.to, first: 0 };
  const [, offset, index = 0] = document._id.split(':').map(Number);
  const records = new LogRecords();
  addDecoded(records, offset!, index, document.event);
  return { records, to: undefined, first: 0 };
}
