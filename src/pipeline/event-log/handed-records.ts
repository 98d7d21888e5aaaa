import { EventColumns } from '../events/columns.ts';
import { type LogBatch, type Placed, type ScannedRecords } from './event-log.ts';
import { LogRecords } from './log-records.ts';
import { type NewLines, type PackedLines } from './new-lines.ts';

/** Records of one partition that the log holds, on their way to another thread with what they were scanned as. */
export interface HandedPiece extends PackedLines {
  readonly partition: number;
  /** Offset of the first one. */
  readonly base: number;
  readonly appendedAt: number;
}

/** Bytes that one `take` returns at most, about: as many as a reading of the log. */
const TAKEN_BYTES = 4 * 1024 * 1024;

/**
 * Pieces of what was appended, for another thread. None where nothing is kept of what was scanned.
 * @param memory gives so many bytes for a piece, or more
 */
export function piecesOf(
  lines: NewLines,
  { bases, appendedAt }: Placed,
  memory: (bytes: number) => SharedArrayBuffer = (bytes) => new SharedArrayBuffer(bytes),
): HandedPiece[] {
  return lines.partitions.flatMap((own, partition) => {
    const packed = own.count === 0 ? undefined : own.pack(memory);
    return packed === undefined ? [] : [{ ...packed, partition, base: bases[partition]!, appendedAt }];
  });
}

/** What all of a piece lies in. */
export function memoryOf({ bytes }: HandedPiece): SharedArrayBuffer {
  return bytes.buffer;
}

/**
 * Memory of pieces, which the other thread says it is done with, and the next ones are written to. It is shared, as what is moved
 * has the engine look for garbage each time that much of it has arrived.
 */
export class PieceMemory {
  private readonly free: SharedArrayBuffer[] = [];
  private out = 0;

  /** Bytes that are with the other thread. */
  get given(): number {
    return this.out;
  }

  give(bytes: number): SharedArrayBuffer {
    const fitting = this.free.findIndex(({ byteLength }) => byteLength >= bytes);
    // One that is too small goes, so that there are never more than were needed at once.
    const [known] = this.free.splice(Math.max(0, fitting), 1);
    const memory = fitting >= 0 ? known! : new SharedArrayBuffer(bytes + (bytes >> 2));
    this.out += memory.byteLength;
    return memory;
  }

  takeBack(memory: SharedArrayBuffer): void {
    this.out -= memory.byteLength;
    this.free.push(memory);
  }
}

/**
 * What another thread has handed over of what it appended: the same records that the log holds at these offsets. So whoever reads
 * on at one of them gets them from here, and whatever is not here from the log.
 *
 * Invariant: the pieces of a partition are in the order of their offsets; none lies below what was taken before the last time.
 */
export class HandedRecords {
  private readonly pieces = new Map<number, HandedPiece[]>();
  private readonly properties: readonly string[];
  private readonly gone: (memory: SharedArrayBuffer) => void;

  /** @param properties whose values were kept @param gone is given the memory of pieces that are done with */
  constructor(properties: readonly string[], gone: (memory: SharedArrayBuffer) => void) {
    this.properties = properties;
    this.gone = gone;
  }

  add(piece: HandedPiece): void {
    const known = this.pieces.get(piece.partition);
    if (known === undefined) this.pieces.set(piece.partition, [piece]);
    else known.push(piece);
  }

  /**
   * Records from an offset on, up to so many; `undefined` where that one is not here. What they were scanned as stands until
   * the next call.
   */
  take(partition: number, offset: number, limit: number): LogBatch | undefined {
    const pieces = this.from(partition, offset);
    if (pieces === undefined || pieces[0]!.base > offset) return undefined;
    const size = roomFor(pieces, limit);
    const records = new LogRecords(size.records, size.bytes);
    const scanned: ScannedRecords[] = [];
    let next = offset;
    for (const piece of pieces) {
      const room = limit - records.length;
      if (piece.base > next || room <= 0 || records.size >= TAKEN_BYTES) break;
      const row = next - piece.base;
      const to = Math.min(piece.ends.length, row + room);
      const { base, bytes, ends, appendedAt } = piece;
      const record = records.length;
      const shift = records.addCutLines(base, bytes, ends, row, to, appendedAt);
      const columns = EventColumns.unpacked(piece.columns, this.properties);
      scanned.push({ record, count: to - row, columns, row, shift });
      next = base + to;
    }
    return { partition, records, scanned, next };
  }

  /** How many of so many records can be read from an offset on before those that are here. */
  roomBefore(partition: number, offset: number, limit: number): number {
    const first = this.from(partition, offset)?.[0];
    return first === undefined ? limit : Math.min(limit, first.base - offset);
  }

  /** The pieces from an offset on, if there are any; those below it go. */
  private from(partition: number, offset: number): readonly HandedPiece[] | undefined {
    const pieces = this.pieces.get(partition);
    if (pieces === undefined) return undefined;
    let past = 0;
    for (; past < pieces.length; past += 1)
      if (pieces[past]!.base + pieces[past]!.ends.length > offset) break;
    for (const piece of pieces.splice(0, past)) this.gone(memoryOf(piece));
    if (pieces.length > 0) return pieces;
    this.pieces.delete(partition);
    return undefined;
  }
}

/** How many records, and how many bytes, the first pieces hold, up to what is taken of them. */
function roomFor(pieces: readonly HandedPiece[], limit: number): { records: number; bytes: number } {
  let [records, bytes] = [0, 0];
  for (const piece of pieces) {
    if (records >= limit || bytes >= TAKEN_BYTES) break;
    records += piece.ends.length;
    bytes += piece.bytes.length;
  }
  return { records: Math.min(limit, records), bytes };
}
