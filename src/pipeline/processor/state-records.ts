import { ByteDictionary } from '../events/byte-dictionary.ts';
import { type ByteReader } from '../events/bytes.ts';

/** The length of a state of which nobody has said yet whether the store has it. */
const UNKNOWN = -1;

/**
 * The newest states of the shoppers who acted lately, as they are stored, by a number that they have until `turn` is called. Two
 * generations: what did not occur while the younger one filled up goes, at no cost for what did. They hold whatever a processor
 * has computed, so what goes before it is stored has to be found elsewhere.
 */
export class StateRecords {
  private young = new Generation();
  private old = new Generation();
  private readonly size: number;
  /** Numbers of those of whom nothing is known yet. */
  private asked: number[] = [];

  /** @param size shoppers in a generation, about */
  constructor(size: number) {
    this.size = size;
  }

  /** Makes room for others, and forgets numbers, where there are many. */
  turn(): void {
    if (this.young.count < this.size) return;
    [this.young, this.old] = [this.old, this.young];
    this.young.clear();
    this.asked = [];
  }

  /** How many numbers there are. */
  get count(): number {
    return this.young.count;
  }

  /** The number of a shopper. Where it is new here, {@link unknown} has it until `put` says what its state is. */
  numberOf(key: Uint8Array, start: number, size: number): number {
    const before = this.young.count;
    const number = this.young.numberOf(key, start, size);
    if (number === before && !this.young.takeFrom(this.old, number, key, start, size))
      this.asked.push(number);
    return number;
  }

  keyOf(number: number): string {
    return this.young.keyOf(number);
  }

  /** Those whose state has to be put before it can be read. */
  unknown(): readonly number[] {
    return this.asked;
  }

  /** All that is unknown is said. @throws Error where it is not */
  settle(): void {
    if (this.asked.some((number) => !this.young.isKnown(number)))
      throw new Error('a state was not looked for');
    this.asked = [];
  }

  /** Lets a reader read a state. @returns false for a shopper who has none */
  open(number: number, reader: ByteReader): boolean {
    return this.young.open(number, reader);
  }

  /** Copies of states, in one piece of memory. */
  copiesOf(numbers: Iterable<number>): Map<string, Uint8Array> {
    return this.young.copiesOf([...numbers]);
  }

  /** @param bytes what has the state between the two places; none for a shopper who has no state */
  put(number: number, bytes: Uint8Array, start: number, end: number): void {
    this.young.put(number, bytes, start, end);
  }
}

/**
 * States in one piece of memory, with a few bytes to spare: a state that has grown beyond them moves to the end. Each time it
 * has to spare a part of its length, so what it leaves behind stays a multiple of what there is.
 */
class Generation {
  private readonly keys = new ByteDictionary();
  // By number.
  private starts = new Float64Array(64);
  private lengths = new Int32Array(64);
  private rooms = new Int32Array(64);
  private bytes = Buffer.allocUnsafeSlow(1024);
  private end = 0;

  get count(): number {
    return this.keys.size;
  }

  clear(): void {
    this.keys.clear();
    this.end = 0;
  }

  numberOf(key: Uint8Array, start: number, size: number): number {
    const number = this.keys.number(key, start, size);
    if (number === this.lengths.length) this.grow();
    return number;
  }

  /** Takes the state of a shopper, who is new here, from another generation. @returns whether it is there */
  takeFrom(other: Generation, number: number, key: Uint8Array, start: number, size: number): boolean {
    this.lengths[number] = UNKNOWN;
    this.rooms[number] = 0;
    const there = other.keys.find(key, start, size);
    if (there < 0 || !other.isKnown(there)) return false;
    const from = other.starts[there]!;
    this.put(number, other.bytes, from, from + other.lengths[there]!);
    return true;
  }

  keyOf(number: number): string {
    return this.keys.textOf(number);
  }

  isKnown(number: number): boolean {
    return this.lengths[number] !== UNKNOWN;
  }

  open(number: number, reader: ByteReader): boolean {
    const start = this.starts[number]!;
    reader.open(this.bytes, start, start + this.lengths[number]!);
    return this.lengths[number]! > 0;
  }

  copiesOf(numbers: readonly number[]): Map<string, Uint8Array> {
    const size = numbers.reduce((sum, number) => sum + this.lengths[number]!, 0);
    const bytes = Buffer.allocUnsafeSlow(size);
    const copies = new Map<string, Uint8Array>();
    let at = 0;
    for (const number of numbers) {
      const [start, length] = [this.starts[number]!, this.lengths[number]!];
      this.bytes.copy(bytes, at, start, start + length);
      copies.set(this.keyOf(number), bytes.subarray(at, at + length));
      at += length;
    }
    return copies;
  }

  put(number: number, state: Uint8Array, from: number, to: number): void {
    const length = to - from;
    if (length > this.rooms[number]!) this.place(number, length);
    const { bytes } = this;
    const start = this.starts[number]!;
    for (let i = 0; i < length; i += 1) bytes[start + i] = state[from + i]!;
    this.lengths[number] = length;
  }

  private place(number: number, length: number): void {
    const room = length + (length >> 2) + 16;
    const end = this.end + room;
    if (end > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.end);
      this.bytes = larger;
    }
    this.starts[number] = this.end;
    this.rooms[number] = room;
    this.end = end;
  }

  private grow(): void {
    const { starts, lengths, rooms } = this;
    this.starts = new Float64Array(2 * starts.length);
    this.starts.set(starts);
    this.lengths = new Int32Array(2 * lengths.length);
    this.lengths.set(lengths);
    this.rooms = new Int32Array(2 * rooms.length);
    this.rooms.set(rooms);
  }
}
