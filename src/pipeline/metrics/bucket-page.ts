import { add, type Count } from '../events/money.ts';

/**
 * A page holds the counters of some keys of a bucket as bytes: by key, ascending, the distance from the key before, how many
 * columns follow, and each column's number, ascending, with its value. All numbers are varints of seven bits a byte, values zigzag:
 * most take one byte. A value whose zigzag form a double may not hold is a column 0, the column, and the value as decimal text.
 */
const BEYOND = 0;
const LIMIT = 2 ** 52;
/** Longest varint: 53 bits. */
const VARINT_BYTES = 8;

/** Makes pages, one after the other. */
export class PageWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #end = 0;
  /** Where the number of columns of the key in hand stands. */
  #countAt = -1;
  #count = 0;
  #key = -1;

  /** @param column from 1 on, above the one before where the key is the same @param key not below the one before */
  put(key: number, column: number, value: Count): void {
    if (value === 0) return;
    if (key !== this.#key) this.#begin(key);
    this.#count += 1;
    this.#reserve(3 * VARINT_BYTES);
    if (typeof value === 'number' && value < LIMIT && value > -LIMIT) {
      this.#varint(column);
      this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
    } else this.#putBeyond(column, value);
  }

  #putBeyond(column: number, value: Count): void {
    const text = Buffer.from(value.toString(), 'latin1');
    this.#varint(BEYOND);
    this.#varint(column);
    this.#varint(text.length);
    this.#reserve(text.length);
    text.copy(this.#bytes, this.#end);
    this.#end += text.length;
  }

  #begin(key: number): void {
    this.#finishKey();
    this.#reserve(VARINT_BYTES + 2);
    this.#varint(key - this.#key);
    this.#key = key;
    this.#countAt = this.#end;
    this.#end += 1;
    this.#count = 0;
  }

  /** The number of columns is known only now; beyond 127 it takes a byte more than was left for it. */
  #finishKey(): void {
    if (this.#countAt < 0) return;
    if (this.#count < 0x80) {
      this.#bytes[this.#countAt] = this.#count;
      return;
    }
    const bytes = this.#count < 0x4000 ? 2 : 3;
    this.#reserve(bytes);
    this.#bytes.copyWithin(this.#countAt + bytes, this.#countAt + 1, this.#end);
    const end = this.#end + bytes - 1;
    this.#end = this.#countAt;
    this.#varint(this.#count);
    this.#end = end;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x8000_0000) {
      this.#bytes[this.#end] = (rest % 0x80) | 0x80;
      this.#end += 1;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      this.#bytes[this.#end] = (rest & 0x7f) | 0x80;
      this.#end += 1;
      rest >>>= 7;
    }
    this.#bytes[this.#end] = rest;
    this.#end += 1;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + bytes));
    this.#bytes.copy(grown, 0, 0, this.#end);
    this.#bytes = grown;
  }

  /** The page, of its own memory; the next one begins. */
  finish(): Buffer {
    this.#finishKey();
    const page = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    this.#countAt = -1;
    this.#key = -1;
    return page;
  }
}

/** Reads a page, counter after counter. */
export class PageReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Columns of the key in hand that are still to come. */
  #left = 0;
  key = -1;
  column = 0;
  value: Count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * Goes to the next counter. @returns false at the end
   * @throws RangeError where the bytes are no page
   */
  next(): boolean {
    while (this.#left === 0) {
      if (this.#at >= this.#bytes.length) return false;
      this.key += this.#varint();
      this.#left = this.#varint();
    }
    this.#left -= 1;
    const column = this.#varint();
    if (column === BEYOND) this.#readBeyond();
    else {
      this.column = column;
      const zigzag = this.#varint();
      this.value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    }
    return true;
  }

  #readBeyond(): void {
    this.column = this.#varint();
    const length = this.#varint();
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('a page of counters ends too early');
    this.value = add(0, BigInt(Buffer.from(this.#bytes.subarray(this.#at, end)).toString('latin1')));
    this.#at = end;
  }

  #varint(): number {
    let byte = this.#bytes[this.#at]!;
    this.#at += 1;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; ; scale *= 0x80) {
      byte = this.#bytes[this.#at]!;
      this.#at += 1;
      if (byte === undefined || scale > 2 ** 49) throw new RangeError('a page of counters ends too early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

/** Counters in the order of key and column. */
export interface OrderedCounters {
  readonly length: number;
  key(i: number): number;
  column(i: number): number;
  amount(i: number): Count;
}

/** Writes the sum of a page and of counters from `from` on, up to `to`; sums that are 0 are left out. */
export function mergePage(
  writer: PageWriter,
  page: Uint8Array,
  counters: Omit<OrderedCounters, 'length'>,
  from: number,
  to: number,
): Buffer {
  const reader = new PageReader(page);
  let more = reader.next();
  for (let i = from; i < to; i += 1) {
    const [key, column] = [counters.key(i), counters.column(i)];
    while (more && (reader.key < key || (reader.key === key && reader.column < column))) {
      writer.put(reader.key, reader.column, reader.value);
      more = reader.next();
    }
    const amount = counters.amount(i);
    if (more && reader.key === key && reader.column === column) {
      writer.put(key, column, add(reader.value, amount));
      more = reader.next();
    } else writer.put(key, column, amount);
  }
  for (; more; more = reader.next()) writer.put(reader.key, reader.column, reader.value);
  return writer.finish();
}

/** Reads a page to its end. @throws RangeError where the bytes are no page */
export function readWhole(page: Uint8Array): void {
  const reader = new PageReader(page);
  while (reader.next());
}
