import { type Collection } from 'mongodb';
import { greatest } from '../../extremes.ts';
import { LogRecords } from '../event-log/event-log.ts';
import { type DocumentBatch, type StoredRecords } from './document-store.ts';
import {
  type BlockDocument,
  partsOf,
  type RecordDocument,
  toBlock,
  toDocument,
  versionAfter,
} from './mongodb-block.ts';
import { insertAll, placeId } from './mongodb-documents.ts';
import { Sweep } from './mongodb-sweep.ts';
import { blocksOf, cutBlock, takeRecords } from './record-block.ts';

/** What is there of a stretch. */
interface Found {
  readonly _id: string;
  readonly from: number;
  readonly to: number;
  readonly version: string;
}

/** A partition's events from where the last read ended: a reader goes on, and a new query would look for the place again. */
interface Place {
  readonly sweep: Sweep;
  readonly next: number;
}

/** How many blocks that begin before an offset may reach over it: one, and one more for each who writes at the same time. */
const BEFORE = 32;
/** How often is looked again at what others change at the same time. */
const TRIES = 20;

export interface MongoRecords {
  append(batches: readonly DocumentBatch[]): Promise<void>;
  read(partition: number, from: number, limit: number): Promise<StoredRecords>;
}

/**
 * The events of each partition as blocks. A batch may come again with other bounds, or be written by two at the same time, so blocks
 * may overlap: at each offset the one with the greatest version counts. Blocks are only inserted and deleted, and only what others
 * of no smaller version say all of is deleted, after they are there. So whoever dies or comes in between, nobody ever finds a gap.
 * It asks of the server only that no two documents have one id.
 */
export function createMongoRecords(events: () => Promise<Collection<RecordDocument>>): MongoRecords {
  const places = new Map<number, Place>();
  /** Where this process goes on with a partition, and how far what was there before reaches. */
  const known = new Map<number, { readonly next: number; readonly reach: number }>();

  async function append(batches: readonly DocumentBatch[]): Promise<void> {
    const replacements = await Promise.all(
      batches.map((batch) => (isBeyondAll(batch) ? withoutOthers(batch) : replacementOf(batch))),
    );
    const remembered = new Map(known);
    // What fails may have got through in part: the next time is looked at what is there.
    for (const { partition } of batches) known.delete(partition);
    const documents = replacements.flatMap((replacement) => replacement.documents);
    // In order: a reader that finds an event has found all before it.
    if (documents.length > 0) await (await events()).insertMany(documents, { ordered: true });
    await insertAll(
      await events(),
      replacements.flatMap(({ rest }) => rest ?? []),
    );
    const replaced = replacements.flatMap((replacement) => replacement.replaced);
    if (replaced.length > 0) await (await events()).deleteMany({ _id: { $in: replaced } });
    for (const { partition, from, to } of batches) {
      const before = known.get(partition) ?? remembered.get(partition);
      const reach = before?.next === from ? before.reach : await reachOf(partition);
      known.set(partition, { next: to, reach });
    }
  }

  /** Whether nothing can be there: to look would cost as much as to write. */
  function isBeyondAll({ partition, from }: DocumentBatch): boolean {
    const { next, reach } = known.get(partition) ?? { next: -1, reach: 0 };
    return next === from && reach <= from;
  }
  async function reachOf(partition: number): Promise<number> {
    const last = await lastBefore(partition, Number.POSITIVE_INFINITY);
    return greatest(
      last.map(({ to }) => to),
      0,
    );
  }

  /** What to write of a batch, and the ids of what nobody needs once it is there. */
  async function replacementOf(batch: DocumentBatch): Promise<Replacement> {
    const { partition, from, to, time } = batch;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await overlapping(batch);
      if (found.length === 0) return withoutOthers(batch);
      const newest = newestAt(found, to);
      const rest = newest && (await restOf(newest, partition, to));
      // Who deletes it has put another one in its place.
      if (rest === null) continue;
      const version = versionAfter(found.map((one) => one.version));
      // A block that holds nothing says so: what an older one has of its stretch does not count any more.
      const documents = Array.from(blocksOf(batch), (block) =>
        toDocument(partition, new Date(time), version, block),
      );
      const end = Math.max(to, newest?.to ?? 0);
      return {
        documents,
        rest,
        replaced: found.filter((one) => one.from >= from && one.to <= end).map(({ _id }) => _id),
      };
    }
    throw new Error(`the events of partition ${batch.partition} are written by others at the same time`);
  }

  /**
   * The part of a block that begins at an offset, so that nothing before has to be looked at for it. It keeps its version, as what
   * is greater there stays greater.
   * @returns null where the block is gone
   */
  async function restOf(
    { _id, version }: Found,
    partition: number,
    from: number,
  ): Promise<BlockDocument | null> {
    const document = (await (await events()).findOne({ _id })) as BlockDocument | null;
    return (
      document && toDocument(partition, document.at, version, cutBlock(toBlock(document), from, document.to))
    );
  }

  /** What is there of a stretch, in order. */
  async function overlapping({ partition, from, to }: DocumentBatch): Promise<Found[]> {
    const before = await lastBefore(partition, from);
    const inside = await (await events())
      .find({ _id: { $gte: placeId(partition, from), $lt: placeId(partition, to) } })
      .project<Pick<RecordDocument, '_id' | 'to'>>(PLACE_ONLY)
      .toArray();
    return [...before.filter((one) => one.to > from), ...inside.map(toFound)];
  }
  /** The blocks that begin last before an offset. */
  async function lastBefore(partition: number, offset: number): Promise<Found[]> {
    const end = offset === Number.POSITIVE_INFINITY ? placeId(partition + 1, 0) : placeId(partition, offset);
    const found = await (await events())
      .find({ _id: { $gte: placeId(partition, 0), $lt: end } })
      .sort({ _id: -1 })
      .limit(BEFORE)
      .project<Pick<RecordDocument, '_id' | 'to'>>(PLACE_ONLY)
      .toArray();
    return found.map(toFound).reverse();
  }

  async function read(partition: number, from: number, limit: number): Promise<StoredRecords> {
    // Whoever reads has the place to himself: another one finds none, and looks for it.
    const place = places.get(partition);
    places.delete(partition);
    const goesOn = place?.next === from;
    if (!goesOn) await place?.sweep.close();
    let sweep = goesOn ? place.sweep : await sweepFrom(partition, from);
    let lookedAt = goesOn ? -1 : from;
    try {
      const records = new LogRecords();
      let next = from;
      while (records.length < limit) {
        const here = await sweep.at(next);
        if (here?.records === undefined && lookedAt !== next) {
          // Blocks may have come since the query began, at the end and in the place of others.
          await sweep.close();
          sweep = await sweepFrom(partition, next);
          lookedAt = next;
          continue;
        }
        if (here === undefined) {
          await sweep.close();
          return { records, skipped: NONE, next };
        }
        next = take(records, here, next, limit);
      }
      if (places.has(partition)) await sweep.close();
      else places.set(partition, { sweep, next });
      return { records, skipped: NONE, next };
    } catch (error) {
      await sweep.close().catch(() => {});
      throw error;
    }
  }
  async function sweepFrom(partition: number, from: number): Promise<Sweep> {
    const before = from === 0 ? [] : await lastBefore(partition, from);
    const start = before.find(({ to }) => to > from)?._id ?? placeId(partition, from);
    const range = { $gte: start, $lt: placeId(partition + 1, 0) };
    return new Sweep((await events()).find({ _id: range }).sort({ _id: 1 }));
  }

  return { append, read };
}

interface Replacement {
  readonly documents: readonly BlockDocument[];
  /** What is left of a block that reaches beyond; another one may have put it there. */
  readonly rest?: BlockDocument | undefined;
  readonly replaced: readonly string[];
}

const PLACE_ONLY = { _id: 1, to: 1 } as const;
const NONE: ReadonlySet<number> = new Set();

function withoutOthers(batch: DocumentBatch): Replacement {
  const blocks = Array.from(blocksOf(batch)).filter(({ count }) => count > 0);
  const version = versionAfter([]);
  const at = new Date(batch.time);
  return { documents: blocks.map((block) => toDocument(batch.partition, at, version, block)), replaced: [] };
}

function toFound({ _id, to }: Pick<RecordDocument, '_id' | 'to'>): Found {
  const { offset: from, version } = partsOf(_id);
  return { _id, from, to: to ?? from + 1, version };
}

/** The one that counts at an offset, of those that begin before it. */
function newestAt(found: readonly Found[], offset: number): Found | undefined {
  const [first, ...others] = found.filter(({ from, to }) => from < offset && to > offset);
  return first && others.reduce((best, one) => (one.version > best.version ? one : best), first);
}

/** @returns where to go on */
function take(
  into: LogRecords,
  { records, until }: { records: LogRecords | undefined; until: number },
  from: number,
  limit: number,
): number {
  if (records === undefined) return until;
  const end = records.firstFrom(until);
  const left = takeRecords(into, records, records.firstFrom(from), limit, end);
  return left < end ? records.offset(left) : until;
}
