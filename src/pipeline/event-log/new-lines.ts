import { EcomError } from '../../errors.ts';
import { EventColumns, type PackedColumns } from '../events/columns.ts';
import { partitionFor, partitionOfBytes } from './partitioner.ts';

const LINE_FEED = 10;
/** Up to here a loop copies quicker than the engine. */
const FEW_BYTES = 64;

/** A record to be appended: one line of text, normally a JSON event, and the key that picks its partition. */
export interface NewRecord {
  readonly key: string;
  /** No line feed in it. */
  readonly value: string;
  /** Of a record that has to be in one partition with another; that of the key where absent. */
  readonly partition?: number | undefined;
}

/** Records on their way to the log as bytes, gathered by partition, each partition's in the order in which they came. */
export class NewLines {
  readonly partitions: readonly PartitionLines[];
  private records = 0;
  private size = 0;

  /** @param scanned properties whose values are kept of lines that were scanned, whose rows are kept then */
  constructor(partitions: number, scanned?: readonly string[]) {
    this.partitions = Array.from({ length: partitions }, () => new PartitionLines(scanned));
  }

  /** @throws EcomError `INPUT` for a value with a line feed in it */
  static of(records: readonly NewRecord[], partitions: number): NewLines {
    const lines = new NewLines(partitions);
    for (const record of records) lines.addRecord(record);
    return lines;
  }

  /** Number of records. */
  get count(): number {
    return this.records;
  }

  /** Bytes of all lines. */
  get bytes(): number {
    return this.size;
  }

  /** Adds the line of a row that was scanned. Both are copied. */
  add(bytes: Buffer, columns: EventColumns, row: number): void {
    const field = columns.keyField(row);
    const [keyStart, keySize] = [columns.place(row, field), columns.size(row, field)];
    const [start, end] = [columns.lineStart(row), columns.lineEnd(row)];
    const lines = this.partitions[partitionOfBytes(bytes, keyStart, keySize, this.partitions.length)]!;
    lines.add(bytes, start, end, keyStart, keySize, columns, row);
    this.records += 1;
    this.size += end - start;
  }

  /** @throws EcomError `INPUT` for a value with a line feed in it */
  addRecord({ key, value, partition = partitionFor(key, this.partitions.length) }: NewRecord): void {
    if (value.includes('\n'))
      throw new EcomError('INPUT', 'a record of the event log must not hold a line feed');
    const line = Buffer.byteLength(value);
    const bytes = Buffer.from(value + key);
    this.partitions[partition]!.add(bytes, 0, line, line, bytes.length - line);
    this.records += 1;
    this.size += line;
  }

  clear(): void {
    for (const lines of this.partitions) lines.clear();
    this.records = 0;
    this.size = 0;
  }
}

/** Records on their way to another thread: the bytes of lines, each ended by a line feed, where each ends, and a row for each, which holds none where it was not scanned. */
export interface PackedLines {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly ends: Uint32Array;
  readonly columns: PackedColumns;
}

/**
 * The new records of one partition.
 *
 * Invariant: `lines` holds them one after the other, each ended by a line feed, and `ends[i]` is the place after that of record
 * `i`; `keys` and `keyEnds` are the same without line feeds. So some that follow each other are one piece of bytes.
 */
export class PartitionLines {
  private records = 0;
  private lines: Buffer = Buffer.allocUnsafeSlow(4096);
  private keys: Buffer = Buffer.allocUnsafeSlow(1024);
  private ends = new Uint32Array(64);
  private keyEnds = new Uint32Array(64);
  private readonly columns: EventColumns | undefined;

  /** @param scanned properties whose values are kept of records that were scanned; nothing of them is where it is absent */
  constructor(scanned?: readonly string[]) {
    this.columns = scanned === undefined ? undefined : new EventColumns(scanned);
  }

  get count(): number {
    return this.records;
  }

  /** @param row of the columns that the line was scanned into, if it was */
  add(
    bytes: Buffer,
    start: number,
    end: number,
    keyStart: number,
    keySize: number,
    columns?: EventColumns,
    row = 0,
  ): void {
    const at = this.endOf(this.records);
    const after = at + end - start + 1;
    const keyAt = this.keyEndOf(this.records);
    if (after > this.lines.length) this.lines = larger(this.lines, at, after);
    if (keyAt + keySize > this.keys.length) this.keys = larger(this.keys, keyAt, keyAt + keySize);
    if (this.records === this.ends.length) this.growEnds();
    copyBytes(bytes, start, end, this.lines, at);
    this.lines[after - 1] = LINE_FEED;
    copyBytes(bytes, keyStart, keyStart + keySize, this.keys, keyAt);
    this.ends[this.records] = after;
    this.keyEnds[this.records] = keyAt + keySize;
    this.records += 1;
    if (columns === undefined) this.columns?.addNone();
    else this.columns?.take(columns, row, at - start);
  }

  /**
   * Copies of all records, in one piece of memory that another thread can read; `undefined` where nothing is kept of what
   * was scanned.
   * @param memory gives so many bytes, or more
   */
  pack(memory: (bytes: number) => SharedArrayBuffer): PackedLines | undefined {
    if (this.columns === undefined) return undefined;
    const { records, columns } = this;
    const [size, used] = [columns.packedSize, this.endOf(records)];
    const into = memory(size + 4 * records + used);
    const packed = columns.pack(into);
    const ends = new Uint32Array(into, size, records);
    ends.set(this.ends.subarray(0, records));
    const bytes = new Uint8Array(into, size + ends.byteLength, used);
    bytes.set(this.lines.subarray(0, used));
    return { bytes, ends, columns: packed };
  }

  /** Consecutive records, a line feed between any two. They stand there until the next `add` or `clear`. */
  piece(from: number, to: number): Buffer {
    return this.lines.subarray(this.endOf(from), this.ends[to - 1]! - 1);
  }

  /**
   * After which record a piece ends that begins with one: it holds at most so many, and at most so many bytes unless that one
   * alone is larger.
   */
  endOfPiece(from: number, records: number, bytes: number): number {
    const limit = this.endOf(from) + bytes;
    const last = Math.min(this.records, from + records);
    let to = from + 1;
    while (to < last && this.ends[to]! <= limit) to += 1;
    return to;
  }

  key(record: number): Buffer {
    return this.keys.subarray(this.keyEndOf(record), this.keyEnds[record]);
  }

  clear(): void {
    this.records = 0;
    this.columns?.begin(this.lines);
  }

  private endOf(records: number): number {
    return records === 0 ? 0 : this.ends[records - 1]!;
  }

  private keyEndOf(records: number): number {
    return records === 0 ? 0 : this.keyEnds[records - 1]!;
  }

  private growEnds(): void {
    const { ends, keyEnds } = this;
    this.ends = new Uint32Array(2 * ends.length);
    this.ends.set(ends);
    this.keyEnds = new Uint32Array(2 * ends.length);
    this.keyEnds.set(keyEnds);
  }
}

function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > FEW_BYTES) from.copy(to, at, start, end);
  else for (let i = start; i < end; i += 1) to[at + i - start] = from[i]!;
}

/** A buffer with the bytes that are used, and room for more. */
export function larger(buffer: Buffer, used: number, wanted: number): Buffer {
  const grown = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * buffer.length));
  buffer.copy(grown, 0, 0, used);
  return grown;
}
