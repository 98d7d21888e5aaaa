import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Collection } from 'mongodb';
import {
  type DeadLetterQuery,
  type DocumentBatch,
  type DocumentStore,
  type LetterBound,
  type ModelDocument,
} from './document-store.ts';
import { eventsOf } from './events-of.ts';
import { type RecordDocument } from './mongodb-block.ts';
import { connectMongo, isPassing, type MongoAddress, mongoError } from './mongodb-client.ts';
import {
  fromLetterDocument,
  insertAll,
  isThere,
  type LetterDocument,
  placeId,
  toLetterDocument,
} from './mongodb-documents.ts';
import { expireEvents } from './mongodb-expiry.ts';
import { boundLetters } from './mongodb-letter-bound.ts';
import { createMongoRecords } from './mongodb-records.ts';

export interface MongoDocumentStoreOptions extends MongoAddress {
  /** Days that raw events are kept; 0 is for ever. */
  readonly eventDays: number;
  readonly letterBound: LetterBound;
}

/** Characters of a model in one document, whose limit is 16 MiB. */
const MODEL_CHARACTERS = 4 * 1024 * 1024;
/** How long a server that is away is waited for when something has to be stored, ms. Whoever waits longer says so. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 500;

/** Dead letters that were not sent again. */
const OPEN = { resent: { $exists: false } } as const;

interface ModelHeader {
  readonly _id: string;
  readonly time: number;
  readonly version: string;
  readonly chunks: number;
}
/** How far a partition was appended. */
interface ProgressDocument {
  readonly _id: string;
  readonly next: number;
}
interface ModelChunk {
  readonly _id: string;
  readonly text: string;
}

/**
 * The document store on MongoDB, or what speaks its protocol: documents whose `_id` is a place in the log, so that a
 * partition's events are a range of ids in the order of the log. Nothing is used that only some servers have, but for the
 * expiry of events.
 */
export function createMongoDocumentStore(options: MongoDocumentStoreOptions): DocumentStore {
  const connection = connectMongo(options);

  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw mongoError(error, options.url);
    }
  }
  /** Tries again while the server is away: what is stored is stored once, however often it comes. */
  async function patiently(work: () => Promise<void>): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isPassing(error) || Date.now() > deadline) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }
  const collection = async <T extends { _id: string }>(name: string): Promise<Collection<T>> =>
    (await connection.database()).collection<T>(name);
  const events = () => collection<RecordDocument>('events');
  const letters = () => collection<LetterDocument>('dead_letters');
  const progress = () => collection<ProgressDocument>('progress');
  const models = () => collection<ModelHeader>('models');
  const chunks = () => collection<ModelChunk>('model_chunks');

  const records = createMongoRecords(events);
  const expire = expireEvents(events, options.eventDays);
  const clearLetters = boundLetters(letters, options.letterBound);
  let prepared: Promise<void> | undefined;
  async function prepare(): Promise<void> {
    await (await letters()).createIndex({ time: -1 });
    await (await letters()).createIndex({ reason: 1, time: -1 });
  }

  async function append(batches: readonly DocumentBatch[]): Promise<void> {
    prepared ??= prepare();
    const preparing = prepared;
    await preparing.catch((error) => {
      if (prepared === preparing) prepared = undefined;
      throw error;
    });
    await records.append(batches);
    const rejected = batches.flatMap(({ deadLetters }) => deadLetters);
    await Promise.all([insertAll(await letters(), rejected.map(toLetterDocument)), noteProgress(batches)]);
    await dropFormer(batches);
    await clearLetters(rejected);
    await expire();
  }

  async function noteProgress(batches: readonly DocumentBatch[]): Promise<void> {
    const notes = batches.map(({ partition, to }) => ({
      updateOne: { filter: { _id: String(partition) }, update: { $max: { next: to } }, upsert: true },
    }));
    if (notes.length === 0) return;
    try {
      await (await progress()).bulkWrite(notes, { ordered: false });
    } catch (error) {
      // Somebody else has just begun to note it: the next batch does.
      if (!isThere(error)) throw error;
    }
  }

  /** Dead letters that a record was when it was counted before, and is not now. */
  async function dropFormer(batches: readonly DocumentBatch[]): Promise<void> {
    const noLetters = batches.map(({ partition, from, to, deadLetters }) => {
      const still = deadLetters.map(({ offset, index }) => placeId(partition, offset, index));
      return { _id: { $gte: placeId(partition, from), $lt: placeId(partition, to), $nin: still } };
    });
    if (noLetters.length > 0) await (await letters()).deleteMany({ $or: noLetters });
  }

  async function saveModel({ name, time, json }: ModelDocument): Promise<void> {
    const version = randomUUID();
    const parts: string[] = [];
    for (let at = 0; at < json.length || at === 0; at += MODEL_CHARACTERS) {
      parts.push(json.slice(at, at + MODEL_CHARACTERS));
    }
    for (const [i, text] of parts.entries()) {
      await (await chunks()).insertOne({ _id: `${name}:${version}:${i}`, text });
    }
    // The one that it takes the place of, and no other: somebody else may save at the same time.
    const before = await (await models()).findOneAndReplace(
      { _id: name },
      { time, version, chunks: parts.length },
      { upsert: true },
    );
    if (before !== null) await deleteChunks(name, before);
  }
  async function deleteModel(name: string): Promise<void> {
    const header = await (await models()).findOneAndDelete({ _id: name });
    if (header !== null) await deleteChunks(name, header);
  }
  async function deleteChunks(name: string, { version, chunks: count }: ModelHeader): Promise<void> {
    for (let i = 0; i < count; i += 1) await (await chunks()).deleteOne({ _id: `${name}:${version}:${i}` });
  }
  async function loadModel(name: string): Promise<ModelDocument | undefined> {
    for (;;) {
      const header = await (await models()).findOne({ _id: name });
      if (header === null) return undefined;
      const parts: (string | undefined)[] = [];
      for (let i = 0; i < header.chunks; i += 1) {
        parts.push((await (await chunks()).findOne({ _id: `${name}:${header.version}:${i}` }))?.text);
      }
      // One that is missing was deleted because a newer model has come.
      if (!parts.includes(undefined)) return { name, time: header.time, json: parts.join('') };
    }
  }

  return {
    append: (batches) => guarded(() => patiently(() => append(batches))),
    appended: (partition) =>
      guarded(async () => (await (await progress()).findOne({ _id: String(partition) }))?.next ?? 0),
    readEvents: (partition, from, limit) =>
      guarded(async () => eventsOf(partition, await records.read(partition, from, limit))),
    readRecords: (partition, from, limit) => guarded(() => records.read(partition, from, limit)),
    deadLetters: ({ reason, limit }: DeadLetterQuery) =>
      guarded(async () => {
        const found = (await letters())
          .find({ ...OPEN, ...(reason === undefined ? {} : { reason }) })
          .sort({ time: -1, partition: -1, offset: -1, index: -1 })
          .limit(limit);
        return (await found.toArray()).map((document) => fromLetterDocument(document as LetterDocument));
      }),
    deadLetter: ({ partition, offset, index }) =>
      guarded(async () => {
        const found = await (await letters()).findOne({ _id: placeId(partition, offset, index) });
        return found === null ? undefined : fromLetterDocument(found as LetterDocument);
      }),
    deadLettersAfter: (after, limit, reason) =>
      guarded(async () => {
        const beyond =
          after === undefined ? {} : { _id: { $gt: placeId(after.partition, after.offset, after.index) } };
        const found = (await letters())
          .find({ ...beyond, ...OPEN, ...(reason === undefined ? {} : { reason }) } as object)
          .sort({ _id: 1 })
          .limit(limit);
        return (await found.toArray()).map((document) => fromLetterDocument(document as LetterDocument));
      }),
    markResent: (places, time) =>
      guarded(async () => {
        for (const { partition, offset, index } of places) {
          await (await letters()).updateOne(
            { _id: placeId(partition, offset, index) },
            { $set: { resent: new Date(time) } },
          );
        }
      }),
    deadLetterReasons: () =>
      guarded(async () => {
        const groups = await (await letters())
          .aggregate<{ _id: string; count: number }>([
            { $match: OPEN },
            { $group: { _id: '$reason', count: { $sum: 1 } } },
          ])
          .toArray();
        return groups
          .map(({ _id: reason, count }) => ({ reason, count }))
          .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
      }),
    clearedDeadLetters: () =>
      guarded(async () => (await letters()).countDocuments({ ...OPEN, cleared: true } as object)),
    saveModel: (model) => guarded(() => saveModel(model)),
    loadModel: (name) => guarded(() => loadModel(name)),
    deleteModel: (name) => guarded(() => deleteModel(name)),
    close: () => connection.close(),
  };
}
