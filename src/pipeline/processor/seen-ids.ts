import { ByteReader, ByteWriter, hashBytes } from '../events/bytes.ts';
import { IdTable } from './id-table.ts';

/** An event whose id occurred within so many earlier offsets of its partition is a duplicate. */
export const DUPLICATE_HORIZON = 100_000;

/** Of records that hold many events, so many of the latest ids count at most: it bounds memory. */
export const MOST_IDS = 200_000;

/** The ids of the last records of a partition. What it answers depends on the log alone, so a replay decides alike. */
export interface SeenIds {
  /**
   * Notes the id of an event of the record at an offset, which is not below the one before: `length` bytes from `start` on.
   * @returns whether it occurred within the horizon before
   */
  add(bytes: Uint8Array, start: number, length: number, offset: number): boolean;
}

/**
 * Two generations: where the younger one reaches back beyond the horizon, or holds as many ids as count, it takes the place of the older one, which is emptied.
 * So whatever lies within both bounds is in one of the two, no id is ever deleted, and its offset and its number decide.
 */
export function createSeenIds(horizon = DUPLICATE_HORIZON, most = MOST_IDS): SeenIds {
  let young = new IdTable();
  let old = new IdTable();
  /** The younger one's first offset. */
  let since = Number.NEGATIVE_INFINITY;
  /** Number of the next id, and of the younger one's first: repeated ones have numbers too. */
  let next = 0;
  let begun = 0;
  /** Whether an id that was last seen there still counts. */
  const counts = (table: IdTable, place: number, offset: number): boolean =>
    table.offsetAt(place) >= offset - horizon && table.numberAt(place) >= next - most;

  return {
    add(bytes, start, length, offset) {
      if (offset - since > horizon || next - begun >= most) {
        [young, old] = [old, young];
        young.clear();
        since = offset;
        begun = next;
      }
      const hash = hashBytes(bytes, start, length);
      const place = young.find(bytes, start, length, hash);
      if (place >= 0) {
        const isKnown = counts(young, place, offset);
        young.moveTo(place, offset, next++);
        return isKnown;
      }
      const aged = old.find(bytes, start, length, hash);
      const isKnown = aged >= 0 && counts(old, aged, offset);
      young.add(bytes, start, length, hash, offset, next++);
      return isKnown;
    },
  };
}

/** The ids of a step as a store keeps them: the layout's version, then by id how far its offset lies above the one before. */
export interface IdNotes {
  /** Notes an id as `SeenIds` does. */
  note(bytes: Uint8Array, start: number, length: number, offset: number): void;
  /** All that was noted. */
  bytes(): Uint8Array;
}

const VERSION = 1;

export function createIdNotes(): IdNotes {
  const notes = new ByteWriter(4096);
  notes.uint(VERSION);
  let before = 0;
  return {
    note(bytes, start, length, offset) {
      notes.uint(offset - before);
      notes.uint(length);
      notes.copy(bytes, start, length);
      before = offset;
    },
    bytes: () => notes.slice(),
  };
}

/** Adds to `seen` what `IdNotes` gave. @throws RangeError where the bytes are not that */
export function addNoted(seen: SeenIds, bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  reader.version(VERSION);
  let offset = 0;
  while (reader.at < reader.end) {
    offset += reader.uint();
    const length = reader.uint();
    seen.add(bytes, reader.skip(length), length, offset);
  }
}

const scratch = new ByteWriter();

/** The bytes of an id, which stand there until those of the next one do. */
export function idBytes(id: string): Pick<ByteWriter, 'bytes' | 'length'> {
  scratch.clear();
  scratch.characters(id);
  return scratch;
}
