import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { hash128 } from '../events/murmur.ts';
import { DERIVED } from '../events/row-ids.ts';

/** Derived ids in a generation: so many of the latest of a partition count at least, and twice as many at most. */
const MOST = 2 ** 20;
const FIRST_ROOM = 2 ** 10;
/** A step is kept together with those before it until it has so many ids. */
const FEW = 512;
const VERSION = 1;
/** Bytes that an id takes in the store. */
const SIZE = 8;

/** Ids of a partition that a step leaves in the store, perhaps in the place of what those before it have left. */
export interface DerivedStep {
  /** Offset behind which it takes the place of others. */
  readonly from: number;
  readonly ids: Uint8Array;
  /** Steps that end at this offset or before are not needed any more. */
  readonly since: number;
}

/** Whether an id was made from what its event says. */
export function isDerived(bytes: Uint8Array, start: number, size: number): boolean {
  return size > 0 && bytes[start] === DERIVED;
}

const words = new Int32Array(4);

/**
 * The derived ids of a partition, by 64 bits of a hash, in 32 MiB at most. What comes again in an export may come again after a
 * month, so they are remembered for longer than other ids.
 *
 * They are numbered in the order in which they came. Two generations: where a number is a multiple of {@link MOST}, the younger one takes the
 * place of the older one. So what it answers depends on the log alone, wherever the memory begins.
 */
export class DerivedIds {
  private readonly most: number;
  private young = new Hashes();
  private old = new Hashes();
  private count = 0;
  /** What the last step that is stored holds, or is to hold. */
  private readonly tail = new ByteWriter(FEW * SIZE);
  private tailFirst = 0;
  private tailFrom = 0;
  /** Whether the next step begins anew. */
  private isFull = true;
  private added = 0;
  /** Steps that are stored before that: where they end, and the number behind their last id. */
  private steps: { readonly to: number; readonly next: number }[] = [];

  constructor(most = MOST) {
    this.most = most;
  }

  /** Notes an id. @returns whether it is known */
  add(bytes: Uint8Array, start: number, size: number): boolean {
    hash128(bytes, start, start + size, words);
    const [first, second] = [words[0]!, words[1]!];
    this.tail.word(first);
    this.tail.word(second);
    this.added += 1;
    return this.note(first, second);
  }

  /** Begins with a step from an offset on. */
  begin(from: number): void {
    this.added = 0;
    if (!this.isFull && this.tail.length > 0) return;
    this.isFull = false;
    this.tail.clear();
    this.tailFirst = this.count;
    this.tailFrom = from;
  }

  /** Ends a step at an offset. @returns what it leaves; `undefined` for nothing new */
  end(to: number): DerivedStep | undefined {
    if (this.added === 0) return undefined;
    const { count, most, tailFrom, tailFirst } = this;
    const writer = new ByteWriter(this.tail.length + 16);
    writer.uint(VERSION);
    writer.uint(tailFirst);
    writer.copy(this.tail.bytes, 0, this.tail.length);
    const needed = (Math.floor(count / most) - 1) * most;
    let since = -1;
    while (this.steps.length > 0 && this.steps[0]!.next <= needed) since = this.steps.shift()!.to;
    if (count - tailFirst >= FEW) {
      this.isFull = true;
      this.steps.push({ to, next: count });
    }
    return { from: tailFrom, ids: writer.slice(), since };
  }

  /** Notes what steps have left, in their order. @throws RangeError where the bytes are not that */
  recall(from: number, to: number, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes);
    reader.version(VERSION);
    const first = reader.uint();
    // What is not needed any more may be gone, and what comes after a gap is of another time.
    if (first !== this.count) this.forget(first);
    if ((reader.end - reader.at) % SIZE !== 0) throw new RangeError('the bytes end too early');
    this.isFull = true;
    this.begin(from);
    while (reader.at < reader.end) {
      const [one, two] = [reader.word(), reader.word()];
      this.tail.word(one);
      this.tail.word(two);
      this.note(one, two);
    }
    if (this.count - this.tailFirst < FEW) return;
    this.isFull = true;
    this.steps.push({ to, next: this.count });
  }

  private forget(first: number): void {
    this.young.clear();
    this.old.clear();
    this.steps = [];
    this.count = first;
  }

  private note(first: number, second: number): boolean {
    if (this.count % this.most === 0) {
      [this.young, this.old] = [this.old, this.young];
      this.young.clear();
    }
    this.count += 1;
    return this.young.add(first, second) || this.old.has(first, second);
  }
}

/** A set of 64 bits each, open addressing at most half full; 0 in both words is free, and in a slot of its own. */
class Hashes {
  private slots = new Int32Array(2 * FIRST_ROOM);
  private mask = FIRST_ROOM - 1;
  private size = 0;
  private hasZero = false;

  clear(): void {
    if (this.size > 0) this.slots.fill(0);
    this.size = 0;
    this.hasZero = false;
  }

  has(first: number, second: number): boolean {
    if (first === 0 && second === 0) return this.hasZero;
    const at = this.place(first, second);
    return this.slots[at] !== 0 || this.slots[at + 1] !== 0;
  }

  /** @returns whether it was there */
  add(first: number, second: number): boolean {
    if (first === 0 && second === 0) {
      const had = this.hasZero;
      this.hasZero = true;
      return had;
    }
    const at = this.place(first, second);
    if (this.slots[at] !== 0 || this.slots[at + 1] !== 0) return true;
    this.slots[at] = first;
    this.slots[at + 1] = second;
    this.size += 1;
    if (2 * this.size > this.mask) this.grow();
    return false;
  }

  private place(first: number, second: number): number {
    const { slots, mask } = this;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const at = 2 * slot;
      const [one, two] = [slots[at], slots[at + 1]];
      if ((one === first && two === second) || (one === 0 && two === 0)) return at;
    }
  }

  private grow(): void {
    const { slots } = this;
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array(2 * (this.mask + 1));
    for (let at = 0; at < slots.length; at += 2) {
      if (slots[at] === 0 && slots[at + 1] === 0) continue;
      const to = this.place(slots[at]!, slots[at + 1]!);
      this.slots[to] = slots[at]!;
      this.slots[to + 1] = slots[at + 1]!;
    }
  }
}
