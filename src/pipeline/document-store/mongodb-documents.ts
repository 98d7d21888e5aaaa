import { Binary, type Collection } from 'mongodb';
import { type DeadLetter } from './document-store.ts';

/** Documents in one insert. */
const INSERT = 5000;
const DUPLICATE_KEY = 11_000;

/** Digits that every partition and every offset has: so the order of the ids is that of the log. */
const PARTITION_DIGITS = 4;
const OFFSET_DIGITS = 15;

/** `partition:offset`, and `:index` for the second and later events of a record. */
export function placeId(partition: number, offset: number, index?: number): string {
  const place = `${pad(partition, PARTITION_DIGITS)}:${pad(offset, OFFSET_DIGITS)}`;
  return index === undefined ? place : `${place}:${pad(index, 3)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

export interface LetterDocument extends Omit<DeadLetter, 'bytes'> {
  readonly _id: string;
  readonly bytes: Binary;
  /** Of detail and bytes; absent where an older version wrote it. */
  readonly size?: number;
  /** When it was sent again. */
  readonly resent?: Date;
}

export function toLetterDocument(letter: DeadLetter): LetterDocument {
  const { partition, offset, index, bytes, ...rest } = letter;
  return {
    _id: placeId(partition, offset, index),
    partition,
    offset,
    ...(index === undefined ? {} : { index }),
    ...rest,
    bytes: new Binary(Buffer.from(bytes)),
    size: letterSize(letter.detail, bytes.length),
  };
}

/** What a letter takes of the bound, bytes. */
export function letterSize(detail: string, bytes: number): number {
  return Buffer.byteLength(detail) + bytes;
}

export function fromLetterDocument({
  _id,
  bytes,
  resent: _,
  size: __,
  ...letter
}: LetterDocument): DeadLetter {
  return { ...letter, bytes: new Uint8Array(bytes.buffer) };
}

/** Inserts documents, of which some may be there already. */
export async function insertAll<T extends { _id: string }>(
  into: Collection<T>,
  documents: readonly T[],
): Promise<void> {
  for (let i = 0; i < documents.length; i += INSERT) {
    try {
      await into.insertMany(documents.slice(i, i + INSERT) as never, { ordered: false });
    } catch (error) {
      if (!isThere(error)) throw error;
    }
  }
}

/** Whether nothing went wrong but that some documents are there already. */
export function isThere(error: unknown): boolean {
  const { writeErrors } = error as { writeErrors?: unknown };
  const failures = writeErrors === undefined ? [] : [writeErrors].flat();
  const known = failures.every((failure) => (failure as { code?: number }).code === DUPLICATE_KEY);
  return failures.length > 0 && known;
}
