import { type Collection } from 'mongodb';
import { type RecordDocument } from './mongodb-block.ts';

const DAY_MS = 86_400_000;
const SWEEP_MS = 3_600_000;
const INDEX = 'expiry';
const NO_COLLECTION = 26;

/**
 * Removes events that are older than `days`; 0 keeps them. MongoDB does it by itself with a TTL index. Where the server has
 * none, what this returns sweeps, at most once an hour: to be called after an append.
 */
export function expireEvents(
  events: () => Promise<Collection<RecordDocument>>,
  days: number,
): () => Promise<void> {
  let sweeps: Promise<boolean> | undefined;
  let sweptAt = Number.NEGATIVE_INFINITY;

  /** @returns whether there has to be swept */
  async function prepare(): Promise<boolean> {
    const collection = await events();
    const seconds = days * 86_400;
    const indexes = await collection.indexes().catch((error: { code?: number }) => {
      if (error.code === NO_COLLECTION) return [];
      throw error;
    });
    const existing = indexes.find(({ name }) => name === INDEX);
    if (existing !== undefined && (days === 0 || existing.expireAfterSeconds !== seconds)) {
      await collection.dropIndex(INDEX);
    }
    if (days === 0) return false;
    try {
      await collection.createIndex({ at: 1 }, { name: INDEX, expireAfterSeconds: seconds });
      return false;
    } catch (error) {
      // FerretDB 1 has no TTL index.
      if ((error as { codeName?: string }).codeName !== 'NotImplemented') throw error;
      return true;
    }
  }
  return async () => {
    sweeps ??= prepare();
    const preparing = sweeps;
    const needed = await preparing.catch((error) => {
      if (sweeps === preparing) sweeps = undefined;
      throw error;
    });
    const now = Date.now();
    if (!needed || now - sweptAt < SWEEP_MS) return;
    await (await events()).deleteMany({ at: { $lt: new Date(now - days * DAY_MS) } } as object);
    sweptAt = now;
  };
}
