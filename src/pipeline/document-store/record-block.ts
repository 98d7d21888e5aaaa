import { LogRecords } from '../event-log/event-log.ts';
import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { encodeDecoded } from '../events/record.ts';
import { type ShopEvent } from '../events/shop-event.ts';
import { compressLz4, decompressLz4 } from '../lz4.ts';
import { type DocumentBatch, type StoredEvent } from './document-store.ts';

/** The events that a stretch of a partition holds, as the lines of the log, compressed. */
export interface RecordBlock {
  /** It says of all offsets from here on, */
  readonly from: number;
  /** up to here, which are events. */
  readonly to: number;
  readonly count: number;
  /** None where `count` is 0. */
  readonly bytes: Buffer;
}

/** Most events, and about most bytes of lines, in one block, but for those of one record, which stay together. */
const BLOCK_EVENTS = 4096;
const BLOCK_BYTES = 1024 * 1024;
const VERSION = 1;

const places = new ByteWriter(64 * 1024);
const lines = new ByteWriter(BLOCK_BYTES);

/** The blocks of a batch, in order; together they say of all of its offsets. */
export function* blocksOf(batch: DocumentBatch): Generator<RecordBlock> {
  const { records, first, last } = batch;
  const skipped = otherThanEvents(batch);
  let from = batch.from;
  for (let start = first; start < last || from < batch.to; ) {
    const end = endOfBlock(records, start, last);
    const to = end < last ? records.offset(end) : batch.to;
    yield encodeBlock(records, start, end, from, to, skipped);
    [start, from] = [end, to];
  }
}

function endOfBlock(records: LogRecords, start: number, last: number): number {
  let end = start;
  let bytes = 0;
  for (; end < last; end += 1) {
    const isFull = end - start >= BLOCK_EVENTS || bytes >= BLOCK_BYTES;
    if (isFull && records.offset(end) !== records.offset(end - 1)) break;
    bytes += records.end(end) - records.start(end);
  }
  return end;
}

/** Numbers of the records that are no events. */
function otherThanEvents({ records, duplicates, deadLetters }: DocumentBatch): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const places of [duplicates, deadLetters]) for (const place of places) note(place);
  return numbers;

  function note({ offset, index = 0 }: Pick<StoredEvent, 'offset' | 'index'>): void {
    for (let i = records.firstFrom(offset); i < records.length && records.offset(i) === offset; i += 1)
      if (records.index(i) === index) numbers.add(i);
  }
}

/** @param start, end numbers of the records, of which those in `skipped` are left out */
function encodeBlock(
  records: LogRecords,
  start: number,
  end: number,
  from: number,
  to: number,
  skipped: ReadonlySet<number>,
): RecordBlock {
  places.clear();
  lines.clear();
  let count = 0;
  let [offset, time] = [from, 0];
  const { bytes } = records;
  for (let i = start; i < end; i += 1) {
    if (records.isTombstone(i) || skipped.has(i)) continue;
    count += 1;
    places.uint(records.offset(i) - offset);
    places.uint(records.index(i));
    places.int(records.appendedAt(i) - time);
    const size = records.end(i) - records.start(i);
    places.uint(size);
    lines.copy(bytes, records.start(i), size);
    offset = records.offset(i);
    time = records.appendedAt(i);
  }
  return { from, to, count, bytes: count === 0 ? Buffer.alloc(0) : compressLz4(withPlaces(count, from)) };
}

function withPlaces(count: number, from: number): Buffer {
  const head = new ByteWriter(32);
  head.uint(VERSION);
  head.uint(count);
  head.uint(from);
  const parts = [head, places, lines].map(({ bytes, length }) => bytes.subarray(0, length));
  return Buffer.concat(parts);
}

/** The records of a block. @throws RangeError where the bytes are none */
export function decodeBlock(frame: Buffer): LogRecords {
  const bytes = decompressLz4(frame);
  const reader = new ByteReader(bytes);
  reader.version(VERSION);
  const count = reader.uint();
  let [offset, time] = [reader.uint(), 0];
  const sizes = new Uint32Array(count);
  const [offsets, times, indexes] = [
    new Float64Array(count),
    new Float64Array(count),
    new Uint32Array(count),
  ];
  for (let i = 0; i < count; i += 1) {
    offset += reader.uint();
    offsets[i] = offset;
    indexes[i] = reader.uint();
    time += reader.int();
    times[i] = time;
    sizes[i] = reader.uint();
  }
  const records = new LogRecords(count, bytes.length);
  for (let i = 0; i < count; i += 1) {
    const at = reader.skip(sizes[i]!);
    records.add(offsets[i]!, indexes[i]!, bytes.subarray(at, at + sizes[i]!), times[i]!);
  }
  reader.finish();
  return records;
}

const NONE: ReadonlySet<number> = new Set();

/** The part of a block that says of the offsets from one on up to another one. */
export function cutBlock({ from, to, bytes, count }: RecordBlock, since: number, until: number): RecordBlock {
  const [start, end] = [Math.max(from, since), Math.min(to, until)];
  if (count === 0) return { from: start, to: end, count, bytes };
  const records = decodeBlock(bytes);
  return encodeBlock(records, records.firstFrom(start), records.firstFrom(end), start, end, NONE);
}

/**
 * Adds records, from the one with a number on up to another one, until there are so many; those of one offset are given together.
 * @returns the number of the first one that is left
 */
export function takeRecords(
  into: LogRecords,
  from: LogRecords,
  first: number,
  limit: number,
  end = from.length,
): number {
  let i = first;
  for (; i < end; i += 1) {
    const offset = from.offset(i);
    const last = into.length === 0 ? -1 : into.offset(into.length - 1);
    if (into.length >= limit && offset !== last) break;
    into.add(offset, from.index(i), from.value(i), from.appendedAt(i));
  }
  return i;
}

/** Adds an event that an older version stored as decoded. */
export function addDecoded(into: LogRecords, offset: number, index: number, json: string): void {
  const event = JSON.parse(json) as ShopEvent;
  // An event happened before it arrived; when that was says nothing more once it is decoded.
  into.add(offset, index, encodeDecoded(event), event.time);
}
