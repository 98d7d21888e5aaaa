import { add, type Count } from '../events/money.ts';
import { BEYOND, LIST, type PageReader, RUN, ZIGZAG_LIMIT } from './page-reader.ts';

/** Longest varint: 53 bits. */
const VARINT_BYTES = 8;
const FIRST_COUNTERS = 256;

/** Makes pages, one after the other. */
export class PageWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #end = 0;
  /** The column before the one in hand. */
  #before = 0;
  #column = 0;
  /** Counters of the column in hand. */
  #count = 0;
  #keys = new Int32Array(FIRST_COUNTERS);
  #values = new Float64Array(FIRST_COUNTERS);
  /** Values in place of `#values`, by place; those stand there as NaN. */
  readonly #beyond = new Map<number, Count>();

  /** @param column from 1 on, not below the one before @param key above the one before where the column is the same */
  put(column: number, key: number, value: Count): void {
    if (value === 0) return;
    if (column !== this.#column) {
      this.#finishColumn();
      this.#column = column;
    }
    const place = this.#count;
    if (place === this.#keys.length) this.#grow();
    this.#keys[place] = key;
    if (typeof value === 'number' && value < ZIGZAG_LIMIT && value > -ZIGZAG_LIMIT)
      this.#values[place] = value;
    else {
      this.#values[place] = Number.NaN;
      this.#beyond.set(place, value);
    }
    this.#count = place + 1;
  }

  #finishColumn(): void {
    const count = this.#count;
    if (count === 0) return;
    const keys = this.#keys;
    const span = keys[count - 1]! - keys[0]! + 1;
    this.#reserve(3 * VARINT_BYTES);
    this.#varint(this.#column - this.#before);
    if (span - count <= count) {
      this.#varint(span * 2 + RUN);
      this.#varint(keys[0]!);
      this.#putRun(count);
    } else {
      this.#varint(count * 2 + LIST);
      this.#putList(count);
    }
    this.#before = this.#column;
    this.#count = 0;
    if (this.#beyond.size > 0) this.#beyond.clear();
  }

  #putRun(count: number): void {
    let key = this.#keys[0]!;
    for (let i = 0; i < count; i += 1) {
      const next = this.#keys[i]!;
      this.#reserve(VARINT_BYTES + next - key);
      for (; key < next; key += 1) {
        this.#bytes[this.#end] = 0;
        this.#end += 1;
      }
      this.#putValue(i);
      key += 1;
    }
  }

  #putList(count: number): void {
    let before = 0;
    for (let i = 0; i < count; i += 1) {
      const key = this.#keys[i]!;
      this.#reserve(2 * VARINT_BYTES);
      this.#varint(key - before);
      before = key;
      this.#putValue(i);
    }
  }

  #putValue(place: number): void {
    const value = this.#values[place]!;
    if (Number.isNaN(value)) this.#putBeyond(this.#beyond.get(place)!);
    else this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  #putBeyond(value: Count): void {
    const text = Buffer.from(value.toString(), 'latin1');
    this.#reserve(2 * VARINT_BYTES + text.length);
    this.#varint(BEYOND);
    this.#varint(text.length);
    text.copy(this.#bytes, this.#end);
    this.#end += text.length;
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

  #grow(): void {
    const keys = new Int32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
    const values = new Float64Array(keys.length);
    values.set(this.#values);
    this.#values = values;
  }

  /** The page, of its own memory; the next one begins. */
  finish(): Buffer {
    this.#finishColumn();
    const page = Buffer.from(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
    this.#before = 0;
    this.#column = 0;
    return page;
  }
}

/** Counters in the order of column and key. */
export interface OrderedCounters {
  readonly length: number;
  key(i: number): number;
  column(i: number): number;
  amount(i: number): Count;
}

/**
 * Writes the sum of a page and of counters from `from` on, up to `to`; sums that are 0 are left out.
 * @param reader has begun to read the page
 */
export function mergePage(
  writer: PageWriter,
  reader: PageReader,
  counters: Omit<OrderedCounters, 'length'>,
  from: number,
  to: number,
): Buffer {
  let more = reader.nextColumn();
  let i = from;
  while (more || i < to) {
    const added = i < to ? counters.column(i) : Number.POSITIVE_INFINITY;
    if (more && reader.column < added) {
      copyRest(writer, reader, 0);
      more = reader.nextColumn();
    } else if (!more || added < reader.column) {
      for (; i < to && counters.column(i) === added; i += 1)
        writer.put(added, counters.key(i), counters.amount(i));
    } else {
      i = mergeColumn(writer, reader, counters, i, to);
      more = reader.nextColumn();
    }
  }
  return writer.finish();
}

/** @returns the first of the counters that is of another column */
function mergeColumn(
  writer: PageWriter,
  reader: PageReader,
  counters: Omit<OrderedCounters, 'length'>,
  from: number,
  to: number,
): number {
  const { column, keys, count } = reader;
  let place = 0;
  let i = from;
  for (; i < to && counters.column(i) === column; i += 1) {
    const key = counters.key(i);
    for (; place < count && keys[place]! < key; place += 1)
      writer.put(column, keys[place]!, reader.value(place));
    if (place < count && keys[place] === key) {
      writer.put(column, key, add(reader.value(place), counters.amount(i)));
      place += 1;
    } else writer.put(column, key, counters.amount(i));
  }
  copyRest(writer, reader, place);
  return i;
}

function copyRest(writer: PageWriter, reader: PageReader, from: number): void {
  const { column, keys, count } = reader;
  for (let place = from; place < count; place += 1) writer.put(column, keys[place]!, reader.value(place));
}
