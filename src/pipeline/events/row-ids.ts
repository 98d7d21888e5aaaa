import { hash128 } from './murmur.ts';
import { Occurrences } from './occurrences.ts';

/** What an id begins with that was made from what its event says, because the source gives none. */
export const DERIVED = 0x7e;
const POINT = 0x2e;
const ZERO = 0x30;
const DIGITS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
/** `~` and 96 bits of a hash. */
const SIZE = 17;
/** Bytes that an id may take. */
const ROOM = SIZE + 12;

const words = new Int32Array(4);

/**
 * Names the rows of one source that have no id by their content, and by how often that came before in the source: two equal
 * rows of it are two, and the same ones in another export of it are the same two.
 */
export class RowIds {
  private readonly occurrences: Occurrences;
  private readonly bytes = Buffer.alloc(ROOM);

  constructor(occurrences = new Occurrences()) {
    this.occurrences = occurrences;
  }

  /**
   * Writes the id of a content to a place where there is room for it. It is taken once {@link keep} is called.
   * @returns the place behind it
   */
  write(content: Uint8Array, start: number, end: number, to: Buffer, at: number): number {
    hash128(content, start, end, words);
    const count = this.occurrences.find(words[0]!, words[1]!);
    const after = writeHash(to, at);
    if (count === 0) return after;
    to[after] = POINT;
    return writeNumber(count, to, after + 1);
  }

  /** Takes the id that was written last. */
  keep(): void {
    this.occurrences.keep();
  }

  /** The id of a content, which is taken. */
  take(content: string | Uint8Array): string {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const end = this.write(bytes, 0, bytes.length, this.bytes, 0);
    this.keep();
    return this.bytes.toString('latin1', 0, end);
  }
}

/** The id that a natural key stands for: the same wherever it occurs. */
export function idOfKey(key: string): string {
  const bytes = Buffer.from(key);
  hash128(bytes, 0, bytes.length, words);
  const id = Buffer.alloc(SIZE);
  writeHash(id, 0);
  return id.toString('latin1');
}

function writeHash(to: Uint8Array, at: number): number {
  to[at] = DERIVED;
  let place = at + 1;
  for (let i = 0; i < 3; i += 1) {
    const word = words[i]!;
    // Six digits would hold 36 bits: two words share what is left of theirs with the third.
    for (let bit = 0; bit < 30; bit += 6) to[place++] = DIGITS[(word >>> bit) & 63]!;
  }
  to[place++] = DIGITS[(words[0]! >>> 30) | ((words[1]! >>> 30) << 2) | ((words[2]! >>> 30) << 4)]!;
  return place;
}

function writeNumber(value: number, to: Uint8Array, at: number): number {
  let end = at + 1;
  for (let bound = 10; bound <= value; bound *= 10) end += 1;
  for (let place = end - 1, rest = value; place >= at; place -= 1) {
    const tenth = Math.floor(rest / 10);
    to[place] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  return end;
}
