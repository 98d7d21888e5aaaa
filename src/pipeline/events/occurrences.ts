/** Different contents in a generation; a power of two. */
const MOST = 2 ** 20;
const FIRST_ROOM = 2 ** 12;
/** Of a slot: two words of the content's hash, and how often it came; a slot that is free has 0 of that. */
const WIDTH = 3;

/**
 * How often contents came, by 64 bits of their hash: at least within the last 2^20 different ones, in at most 48 MiB.
 * Two generations: when the younger one is full, it takes the place of the older one.
 */
export class Occurrences {
  private readonly most: number;
  private young: Generation;
  private old: Generation;
  // What was looked up last: its slot in the younger one, and how often it came.
  private slot = 0;
  private count = 0;
  private first = 0;
  private second = 0;

  constructor(most = MOST) {
    this.most = most;
    this.young = new Generation();
    this.old = new Generation();
  }

  /** How often a content came so far. It has come once more when {@link keep} is called. */
  find(first: number, second: number): number {
    if (this.young.size >= this.most) {
      [this.young, this.old] = [this.old, this.young];
      this.young.clear();
    }
    this.slot = this.young.slotOf(first, second);
    this.count = this.young.countAt(this.slot);
    if (this.count === 0) this.count = this.old.countAt(this.old.slotOf(first, second));
    this.first = first;
    this.second = second;
    return this.count;
  }

  /** Notes that what was found last came. */
  keep(): void {
    this.young.put(this.slot, this.first, this.second, this.count + 1);
  }
}

class Generation {
  size = 0;
  private slots = new Int32Array(FIRST_ROOM * WIDTH);
  private mask = FIRST_ROOM - 1;

  clear(): void {
    this.slots.fill(0);
    this.size = 0;
  }

  /** The slot of a content, or the free one that it would get. */
  slotOf(first: number, second: number): number {
    const { slots, mask } = this;
    for (let slot = first & mask; ; slot = (slot + 1) & mask) {
      const at = slot * WIDTH;
      if (slots[at + 2] === 0 || (slots[at] === first && slots[at + 1] === second)) return slot;
    }
  }

  countAt(slot: number): number {
    return this.slots[slot * WIDTH + 2]!;
  }

  put(slot: number, first: number, second: number, count: number): void {
    const { slots } = this;
    const at = slot * WIDTH;
    if (slots[at + 2] === 0) this.size += 1;
    slots[at] = first;
    slots[at + 1] = second;
    slots[at + 2] = count;
    if (2 * this.size > this.mask) this.grow();
  }

  private grow(): void {
    const { slots } = this;
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array((this.mask + 1) * WIDTH);
    for (let at = 0; at < slots.length; at += WIDTH) {
      if (slots[at + 2] === 0) continue;
      const to = this.slotOf(slots[at]!, slots[at + 1]!) * WIDTH;
      this.slots[to] = slots[at]!;
      this.slots[to + 1] = slots[at + 1]!;
      this.slots[to + 2] = slots[at + 2]!;
    }
  }
}
