import { hashBytes } from './bytes.ts';

/** What stands in a slot without a number. */
const FREE = -1;

/** Names that can be sent to another thread. */
export interface DictionaryNames {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
}

/**
 * Numbers for names: the same bytes get the same number, from 0 on, in the order in which they came. No string is made for a
 * name that is known.
 *
 * Invariant: `slots` is open addressing over the hashes of all names, at most half full, so a search ends at the name or at a
 * free slot. The name of number `n` lies in `names` from `ends[n - 1]` to `ends[n]`.
 */
export class ByteDictionary {
  private count = 0;
  private names: Buffer;
  private ends: Uint32Array;
  private hashes: Int32Array;
  private slots: Int32Array;

  /** @param room names that it takes before it grows */
  constructor(room = 64) {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(8, room)));
    this.names = Buffer.allocUnsafeSlow(capacity * 16);
    this.ends = new Uint32Array(capacity);
    this.hashes = new Int32Array(capacity);
    this.slots = new Int32Array(2 * capacity).fill(FREE);
  }

  /** How many names have a number. */
  get size(): number {
    return this.count;
  }

  /** The number of a name; -1 where it has none. */
  find(bytes: Uint8Array, from: number, size: number): number {
    return this.slots[this.slotOf(bytes, from, size, hashBytes(bytes, from, size))]!;
  }

  /** The number of a name, which it gets where it has none. */
  number(bytes: Uint8Array, from: number, size: number): number {
    const hash = hashBytes(bytes, from, size);
    const slot = this.slotOf(bytes, from, size, hash);
    const known = this.slots[slot]!;
    return known === FREE ? this.add(slot, hash, bytes, from, size) : known;
  }

  /** Forgets all names; numbers begin at 0 again. */
  clear(): void {
    if (this.count > 0) this.slots.fill(FREE);
    this.count = 0;
  }

  numberOf(text: string): number {
    const bytes = Buffer.from(text);
    return this.number(bytes, 0, bytes.length);
  }

  /** The name of a number below {@link size}. */
  textOf(number: number): string {
    return this.names.toString('utf8', this.startOf(number), this.ends[number]);
  }

  /** What the names lie in. */
  get bytes(): Buffer {
    return this.names;
  }

  /** Where a name begins. */
  startOf(number: number): number {
    return number === 0 ? 0 : this.ends[number - 1]!;
  }

  /** Bytes of a name. */
  sizeOf(number: number): number {
    return this.ends[number]! - this.startOf(number);
  }

  /** UTF-16 code units of the name of a number, which is what the length of its text is. */
  lengthOf(number: number): number {
    let length = 0;
    for (let i = this.startOf(number); i < this.ends[number]!; i += 1) {
      const byte = this.names[i]!;
      if (byte < 0x80 || byte >= 0xc0) length += byte < 0xf0 ? 1 : 2;
    }
    return length;
  }

  /** The number of a name of another dictionary, which it gets where it has none. @param number its number there */
  numberFrom(other: ByteDictionary, number: number): number {
    return this.number(other.names, other.startOf(number), other.sizeOf(number));
  }

  /** The names of the numbers from `first` on, as bytes one behind the other, and where each ends. */
  namesFrom(first: number): DictionaryNames {
    const start = first === 0 ? 0 : this.ends[first - 1]!;
    const ends = this.ends.slice(first, this.count);
    for (let i = 0; i < ends.length; i += 1) ends[i] = ends[i]! - start;
    return { bytes: Uint8Array.from(this.names.subarray(start, start + (ends.at(-1) ?? 0))), ends };
  }

  /** Gives numbers to names, in their order. */
  addNames({ bytes, ends }: DictionaryNames): void {
    let start = 0;
    for (const end of ends) {
      this.number(bytes, start, end - start);
      start = end;
    }
  }

  /** The slot of a name, or the free one that it would get. */
  private slotOf(bytes: Uint8Array, from: number, size: number, hash: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    let slot = hash & mask;
    for (let number = slots[slot]!; number !== FREE; number = slots[slot]!) {
      if (hashes[number] === hash && this.isName(number, bytes, from, size)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Whether the name of a number is these bytes. */
  isName(number: number, bytes: Uint8Array, from: number, size: number): boolean {
    const { names } = this;
    const start = this.startOf(number);
    if (this.ends[number]! - start !== size) return false;
    for (let i = 0; i < size; i += 1) if (names[start + i] !== bytes[from + i]) return false;
    return true;
  }

  private add(slot: number, hash: number, bytes: Uint8Array, from: number, size: number): number {
    const number = this.count;
    const start = number === 0 ? 0 : this.ends[number - 1]!;
    this.makeRoom(start + size);
    for (let i = 0; i < size; i += 1) this.names[start + i] = bytes[from + i]!;
    this.ends[number] = start + size;
    this.hashes[number] = hash;
    this.slots[slot] = number;
    this.count = number + 1;
    if (this.count === this.ends.length) this.grow();
    return number;
  }

  private makeRoom(bytes: number): void {
    if (bytes <= this.names.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.names.length));
    this.names.copy(larger);
    this.names = larger;
  }

  private grow(): void {
    const capacity = 2 * this.ends.length;
    const ends = new Uint32Array(capacity);
    const hashes = new Int32Array(capacity);
    ends.set(this.ends);
    hashes.set(this.hashes);
    const slots = new Int32Array(2 * capacity).fill(FREE);
    const mask = slots.length - 1;
    for (let number = 0; number < this.count; number += 1) {
      let slot = hashes[number]! & mask;
      while (slots[slot] !== FREE) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.ends = ends;
    this.hashes = hashes;
    this.slots = slots;
  }
}
