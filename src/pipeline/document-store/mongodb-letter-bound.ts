import { Binary, type Collection } from 'mongodb';
import { type DeadLetter, type LetterBound } from './document-store.ts';
import { type LetterDocument, letterSize } from './mongodb-documents.ts';

const DAY_MS = 86_400_000;
const COUNT_MS = 3_600_000;
/** Letters that are changed together. */
const PART = 1000;

/** Letters that are kept whole. */
const WHOLE = { cleared: { $exists: false } } as const;

/**
 * Clears the letters beyond the bound. Several processors may write: each counts all of them, once an hour and whenever it
 * has written a sixteenth of the bound itself.
 * @returns to be called after an append with what was appended
 */
export function boundLetters(
  collection: () => Promise<Collection<LetterDocument>>,
  { bytes, days }: LetterBound,
): (appended: readonly DeadLetter[]) => Promise<void> {
  let written = 0;
  let countedAt = Number.NEGATIVE_INFINITY;

  /** Those of a version that did not note the size. */
  async function noteSizes(letters: Collection<LetterDocument>): Promise<void> {
    const unknown = letters.find({ ...WHOLE, size: { $exists: false } } as object);
    for await (const { _id, ...letter } of unknown) {
      await letters.updateOne({ _id }, { $set: { size: letterSize(letter.detail, letter.bytes.length()) } });
    }
  }
  async function clear(letters: Collection<LetterDocument>, filter: object): Promise<void> {
    const nothing = { cleared: true as const, detail: '', size: 0, bytes: new Binary(Buffer.alloc(0)) };
    await letters.updateMany({ ...filter, ...WHOLE } as object, { $set: nothing });
  }
  async function clearOldest(letters: Collection<LetterDocument>, wanted: number): Promise<void> {
    const oldest = letters
      .find(WHOLE as object)
      .sort({ time: 1 })
      .project<{ _id: string; size: number }>({ size: 1 });
    const ids: string[] = [];
    let freed = 0;
    for await (const { _id, size } of oldest) {
      if (freed >= wanted) break;
      freed += size;
      ids.push(_id);
    }
    for (let i = 0; i < ids.length; i += PART) await clear(letters, { _id: { $in: ids.slice(i, i + PART) } });
  }
  async function bound(isFirst: boolean, now: number): Promise<void> {
    const letters = await collection();
    if (isFirst) await noteSizes(letters);
    if (days > 0) await clear(letters, { time: { $lt: now - days * DAY_MS } });
    const [sum] = await letters
      .aggregate<{ bytes: number }>([{ $match: WHOLE }, { $group: { _id: null, bytes: { $sum: '$size' } } }])
      .toArray();
    const held = Number(sum?.bytes ?? 0);
    if (held > bytes + bytes / 8) await clearOldest(letters, held - bytes);
  }
  return async (appended) => {
    for (const { detail, bytes: original } of appended) written += letterSize(detail, original.length);
    const now = Date.now();
    if (written <= bytes / 16 && now - countedAt < COUNT_MS) return;
    const isFirst = countedAt < 0;
    written = 0;
    countedAt = now;
    try {
      await bound(isFirst, now);
    } catch (error) {
      countedAt = Number.NEGATIVE_INFINITY;
      throw error;
    }
  };
}
