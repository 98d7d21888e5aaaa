import { isUtf8 } from 'node:buffer';
import { larger } from './new-lines.ts';

/** One record, for whoever has few of them. */
export interface LogRecord {
  readonly offset: number;
  /** Place among the events of one record that holds several; absent for the first and only one. */
  readonly index?: number;
  /** As it was appended; bytes where a foreign producer wrote what is no UTF-8, `null` for a tombstone. */
  readonly value: string | Uint8Array | null;
  /** When the log took it, ms since the epoch. */
  readonly appendedAt: number;
}

const LINE_FEED = 10;
/** The start of a record that has no value. */
const NONE = -1;

/**
 * Records of one partition in the order of their offsets, as bytes: no string is made of one that nobody asks for.
 *
 * Invariant: the value of record `i` lies in `bytes` from `starts[i]` to `ends[i]`, and a line feed follows it.
 */
export class LogRecords implements Iterable<LogRecord> {
  private count = 0;
  private used = 0;
  private held: Buffer;
  private starts: Int32Array;
  private ends: Int32Array;
  private offsets: Float64Array;
  private times: Float64Array;
  /** Empty as long as no record holds several events. */
  private indexes = new Int32Array(0);

  /** @param records room for so many at first @param bytes and for so many bytes */
  constructor(records = 0, bytes = 0) {
    this.held = Buffer.allocUnsafeSlow(bytes);
    this.starts = new Int32Array(records);
    this.ends = new Int32Array(records);
    this.offsets = new Float64Array(records);
    this.times = new Float64Array(records);
  }

  static of(records: Iterable<LogRecord>): LogRecords {
    const result = new LogRecords();
    for (const { offset, index = 0, value, appendedAt } of records)
      result.add(offset, index, value, appendedAt);
    return result;
  }

  get length(): number {
    return this.count;
  }

  /** What the values lie in. */
  get bytes(): Buffer {
    return this.held.subarray(0, this.used);
  }

  /** Bytes of all values. */
  get size(): number {
    return this.used;
  }

  offset(record: number): number {
    return this.offsets[record]!;
  }

  /** 0 for the first and only event of a record. */
  index(record: number): number {
    return this.indexes.length === 0 ? 0 : this.indexes[record]!;
  }

  /** ms since the epoch */
  appendedAt(record: number): number {
    return this.times[record]!;
  }

  /** Whether it has no value. */
  isTombstone(record: number): boolean {
    return this.starts[record] === NONE;
  }

  /** Where its value begins. */
  start(record: number): number {
    return this.starts[record]!;
  }

  end(record: number): number {
    return this.ends[record]!;
  }

  value(record: number): Buffer | null {
    return this.isTombstone(record) ? null : this.held.subarray(this.starts[record], this.ends[record]);
  }

  /** Its text; its bytes where they are no UTF-8. */
  text(record: number): LogRecord['value'] {
    const value = this.value(record);
    if (value === null) return null;
    return isUtf8(value) ? value.toString('utf8') : new Uint8Array(value);
  }

  at(record: number): LogRecord {
    const place = {
      offset: this.offset(record),
      value: this.text(record),
      appendedAt: this.appendedAt(record),
    };
    const index = this.index(record);
    return index === 0 ? place : { ...place, index };
  }

  *[Symbol.iterator](): Iterator<LogRecord> {
    for (let i = 0; i < this.count; i += 1) yield this.at(i);
  }

  /** The first record at an offset or beyond it; {@link length} where there is none. */
  firstFrom(offset: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // Writing.

  /** @param index 0 for the first and only event of a record */
  add(offset: number, index: number, value: string | Uint8Array | null, appendedAt: number): void {
    if (value === null) {
      this.note(offset, index, NONE, NONE, appendedAt);
      return;
    }
    const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    const start = this.makeRoom(size + 1);
    if (typeof value === 'string') this.held.write(value, start);
    else this.held.set(value, start);
    this.held[start + size] = LINE_FEED;
    this.note(offset, index, start, start + size, appendedAt);
  }

  /**
   * Adds the lines of a piece of text, each a record, whose offsets follow each other.
   * @param base offset of the first line @param from how many of the lines are passed over @param most how many are taken at most
   * @returns how many lines there are
   */
  addLines(base: number, lines: Uint8Array, from: number, most: number, appendedAt: number): number {
    const shift = this.hold(lines);
    const { held, used } = this;
    let line = 0;
    for (let start = shift; start < used; line += 1) {
      const end = held.indexOf(LINE_FEED, start);
      if (line >= from && line - from < most) this.note(base + line, 0, start, end, appendedAt);
      start = end + 1;
    }
    return line;
  }

  /**
   * Adds lines whose ends are known, each a record, whose offsets follow each other.
   * @param ends the place after each line's line feed @param from the first of the lines that is taken @param to the one after the last
   * @returns how much further back they lie here
   */
  addCutLines(
    base: number,
    lines: Uint8Array,
    ends: Uint32Array,
    from: number,
    to: number,
    appendedAt: number,
  ): number {
    let start = from === 0 ? 0 : ends[from - 1]!;
    const end = ends[to - 1]!;
    const shift = this.makeRoom(end - start) - start;
    this.held.set(lines.subarray(start, end), start + shift);
    for (let line = from; line < to; line += 1) {
      this.note(base + line, 0, start + shift, ends[line]! - 1 + shift, appendedAt);
      start = ends[line]!;
    }
    return shift;
  }

  /** Adds the lines of a piece of text, each an event of the one record at an offset. */
  addEvents(offset: number, lines: Uint8Array, appendedAt: number): void {
    const shift = this.hold(lines);
    const { held, used } = this;
    let index = 0;
    for (let start = shift; start < used; index += 1) {
      const end = held.indexOf(LINE_FEED, start);
      this.note(offset, index, start, end, appendedAt);
      start = end + 1;
    }
  }

  /** @returns where the lines are now, the last one ended by a line feed too */
  private hold(lines: Uint8Array): number {
    const start = this.makeRoom(lines.length + 1);
    this.held.set(lines, start);
    this.held[this.used - 1] = LINE_FEED;
    return start;
  }

  private makeRoom(size: number): number {
    const start = this.used;
    if (start + size > this.held.length) this.held = larger(this.held, start, start + size);
    this.used = start + size;
    return start;
  }

  private note(offset: number, index: number, start: number, end: number, appendedAt: number): void {
    const { count } = this;
    if (count === this.starts.length) this.grow();
    if (index > 0 && this.indexes.length === 0) this.indexes = new Int32Array(this.starts.length);
    this.offsets[count] = offset;
    this.starts[count] = start;
    this.ends[count] = end;
    this.times[count] = appendedAt;
    if (this.indexes.length > 0) this.indexes[count] = index;
    this.count = count + 1;
  }

  private grow(): void {
    const room = Math.max(16, 2 * this.count);
    this.starts = grown(this.starts, new Int32Array(room));
    this.ends = grown(this.ends, new Int32Array(room));
    this.offsets = grown(this.offsets, new Float64Array(room));
    this.times = grown(this.times, new Float64Array(room));
    if (this.indexes.length > 0) this.indexes = grown(this.indexes, new Int32Array(room));
  }
}

function grown<T extends Int32Array | Float64Array>(before: T, room: T): T {
  room.set(before);
  return room;
}
