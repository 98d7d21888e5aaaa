import { ByteWriter } from '../events/bytes.ts';

/** Ids for which there is room at first; a power of two. */
const FIRST_ROOM = 1024;

/**
 * Different ids, by their bytes, each with an offset and a number. It costs no object an id, and leaves nothing for the collector.
 * Slots hold places, each where its hash says or in the first free slot after that; at most half of them are taken.
 */
export class IdTable {
  /** By place: the order in which ids came. */
  private offsets = new Float64Array(FIRST_ROOM);
  private numbers = new Float64Array(FIRST_ROOM);
  private hashes = new Int32Array(FIRST_ROOM);
  /** Where an id's bytes end; they begin where those of the one before end. */
  private ends = new Int32Array(FIRST_ROOM);
  private readonly ids = new ByteWriter(32 * FIRST_ROOM);
  /** −1 is free. */
  private slots = new Int32Array(2 * FIRST_ROOM).fill(-1);
  private size = 0;

  clear(): void {
    if (this.size > 0) this.slots.fill(-1);
    this.size = 0;
    this.ids.clear();
  }

  /** @returns the place of an id of `length` bytes from `start` on; −1 where it is not here */
  find(bytes: Uint8Array, start: number, length: number, hash: number): number {
    const { slots, hashes } = this;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const place = slots[slot]!;
      if (place < 0 || (hashes[place] === hash && this.equals(place, bytes, start, length))) return place;
    }
  }

  /** Adds an id that is not here. */
  add(bytes: Uint8Array, start: number, length: number, hash: number, offset: number, number: number): void {
    if (this.size === this.offsets.length) this.grow();
    const place = this.size;
    this.size += 1;
    this.ids.copy(bytes, start, length);
    this.ends[place] = this.ids.length;
    this.offsets[place] = offset;
    this.numbers[place] = number;
    this.hashes[place] = hash;
    this.take(place);
  }

  offsetAt(place: number): number {
    return this.offsets[place]!;
  }

  numberAt(place: number): number {
    return this.numbers[place]!;
  }

  moveTo(place: number, offset: number, number: number): void {
    this.offsets[place] = offset;
    this.numbers[place] = number;
  }

  private equals(place: number, bytes: Uint8Array, start: number, length: number): boolean {
    const own = this.ids.bytes;
    const from = place === 0 ? 0 : this.ends[place - 1]!;
    if (this.ends[place]! - from !== length) return false;
    for (let i = 0; i < length; i += 1) if (own[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private take(place: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = this.hashes[place]! & mask;
    while (slots[slot]! >= 0) slot = (slot + 1) & mask;
    slots[slot] = place;
  }

  private grow(): void {
    const room = 2 * this.size;
    const { offsets, numbers, hashes, ends } = this;
    this.offsets = new Float64Array(room);
    this.offsets.set(offsets);
    this.numbers = new Float64Array(room);
    this.numbers.set(numbers);
    this.hashes = new Int32Array(room);
    this.hashes.set(hashes);
    this.ends = new Int32Array(room);
    this.ends.set(ends);
    this.slots = new Int32Array(2 * room).fill(-1);
    for (let place = 0; place < this.size; place += 1) this.take(place);
  }
}
