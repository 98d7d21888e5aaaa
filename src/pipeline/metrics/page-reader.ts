import { add, type Count } from '../events/money.ts';

/**
 * A page holds the counters of some keys of a bucket as bytes, column after column, because whoever sums up goes through many keys
 * of few columns. A column is its number's distance from the one before, its form, and its counters by key, ascending:
 *
 * - `LIST` of `count`: each key's distance from the one before, and its value
 * - `RUN` of `count`: the first key, and a value for it and each of those behind it, 0 where there is none
 *
 * All numbers are varints of seven bits a byte, values zigzag. Of a value whose zigzag form a double may not hold there is `BEYOND`,
 * the length of its decimal text, and that.
 */
export const LIST = 0;
export const RUN = 1;
export const BEYOND = 2 ** 53 - 1;
/** Values below this, and above its negative, are zigzag. */
export const ZIGZAG_LIMIT = 2 ** 52;

const MOST_KEYS = 2 ** 31;
const FIRST_COUNTERS = 1024;

/** Reads pages, one after the other, column after column: what stands here of one stays until the next. */
export class PageReader {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #form: number = LIST;
  column = 0;
  /** How many counters the column takes, those of a run that are 0 among them. */
  length = 0;
  /** The first key of a run. */
  first = 0;
  /** How many counters of the column are not 0. */
  count = 0;
  /** Their keys, ascending. */
  keys = new Int32Array(FIRST_COUNTERS);
  /** Their values; NaN for one that is in `beyond`. */
  values = new Float64Array(FIRST_COUNTERS);
  /** What a double cannot hold, by place. */
  readonly beyond = new Map<number, bigint>();

  /** Begins to read a page. */
  open(page: Uint8Array): this {
    this.#bytes = page;
    this.#at = 0;
    this.column = 0;
    return this;
  }

  /** Of the counter at a place below `count`. */
  value(place: number): Count {
    const value = this.values[place]!;
    return Number.isNaN(value) ? this.beyond.get(place)! : value;
  }

  /**
   * Goes to the next column and reads it. @returns false at the end
   * @throws RangeError where the bytes are no page
   */
  nextColumn(): boolean {
    if (!this.next()) return false;
    this.read();
    return true;
  }

  /**
   * Goes to the next column, which is to be read then. @returns false at the end
   * @throws RangeError where the bytes are no page
   */
  next(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    this.column += this.#varint();
    const head = this.#varint();
    this.length = Math.floor(head / 2);
    this.#form = head % 2;
    // Each takes a byte at least.
    if (this.length > this.#bytes.length - this.#at) throw damaged();
    if (this.#form === RUN) {
      this.first = this.#varint();
      if (this.first + this.length > MOST_KEYS) throw damaged();
    }
    return true;
  }

  get isRun(): boolean {
    return this.#form === RUN;
  }

  /** Reads the column. @throws RangeError where the bytes are no page */
  read(): void {
    const { length } = this;
    if (length > this.keys.length) {
      this.keys = new Int32Array(length * 2);
      this.values = new Float64Array(length * 2);
    }
    if (this.beyond.size > 0) this.beyond.clear();
    if (this.#form === RUN) this.#readRun(length);
    else this.#readList(length);
    if (this.#at > this.#bytes.length) throw damaged();
  }

  /**
   * Reads a run and adds its values to others by key, which costs half as much as to read it first.
   * @param sums has room for all keys
   * @param sign -1 to take them away
   * @param add told instead of a value, without the sign, whose sum a double cannot hold
   * @throws RangeError where the bytes are no page
   */
  addRunTo(sums: Float64Array, sign: 1 | -1, add: (key: number, value: Count) => void): void {
    const { first, length } = this;
    const bytes = this.#bytes;
    const end = first + length;
    let at = this.#at;
    for (let key = first; key < end; key += 1) {
      const byte = bytes[at]!;
      let value = 0;
      if (byte < 0x80) {
        value = (byte >>> 1) ^ -(byte & 1);
        at += 1;
      } else {
        const second = bytes[at + 1]!;
        if (second < 0x80) {
          const zigzag = (byte & 0x7f) | (second << 7);
          value = (zigzag >>> 1) ^ -(zigzag & 1);
          at += 2;
        } else {
          this.#at = at;
          value = this.#longValue(0);
          at = this.#at;
        }
      }
      const sum = sums[key]! + sign * value;
      if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) sums[key] = sum;
      else add(key, Number.isNaN(value) ? this.beyond.get(0)! : value);
    }
    if (at > bytes.length) throw damaged();
    this.#at = at;
  }

  #readRun(counters: number): void {
    const { first, keys, values } = this;
    const bytes = this.#bytes;
    let at = this.#at;
    let count = 0;
    for (let i = 0; i < counters; i += 1) {
      const byte = bytes[at]!;
      let zigzag = byte;
      if (byte < 0x80) at += 1;
      else {
        const second = bytes[at + 1]!;
        const third = bytes[at + 2]!;
        if (second < 0x80) {
          zigzag = (byte & 0x7f) | (second << 7);
          at += 2;
        } else if (third < 0x80) {
          zigzag = (byte & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
          at += 3;
        } else {
          this.#at = at;
          values[count] = this.#longValue(count);
          at = this.#at;
          keys[count] = first + i;
          count += 1;
          continue;
        }
      }
      values[count] = (zigzag >>> 1) ^ -(zigzag & 1);
      keys[count] = first + i;
      if (zigzag !== 0) count += 1;
    }
    this.#at = at;
    this.count = count;
  }

  #readList(counters: number): void {
    const { keys, values } = this;
    let key = 0;
    for (let i = 0; i < counters; i += 1) {
      key += this.#varint();
      if (key >= MOST_KEYS) throw damaged();
      keys[i] = key;
      values[i] = this.#longValue(i);
    }
    this.count = counters;
  }

  /** @returns NaN for one beyond, which is put there */
  #longValue(place: number): number {
    const zigzag = this.#varint();
    if (zigzag !== BEYOND) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw damaged();
    const text = Buffer.from(this.#bytes.subarray(this.#at, end)).toString('latin1');
    if (!/^-?\d+$/.test(text)) throw damaged();
    this.#at = end;
    const value = add(0, BigInt(text));
    if (typeof value === 'number') return value;
    this.beyond.set(place, value);
    return Number.NaN;
  }

  #varint(): number {
    let byte = this.#bytes[this.#at]!;
    this.#at += 1;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = this.#bytes[this.#at]!;
      this.#at += 1;
      if (byte === undefined || scale > 2 ** 49) throw damaged();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

function damaged(): RangeError {
  return new RangeError('a page of counters ends too early');
}

/** Reads a page to its end. @throws RangeError where the bytes are no page */
export function readWhole(page: Uint8Array): void {
  const reader = new PageReader().open(page);
  while (reader.nextColumn());
}
