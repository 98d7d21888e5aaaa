import { LIMITS } from '../shop-event.ts';
import { type RowFields } from './row-fields.ts';

const QUOTE = 0x22;
const ZERO = 0x30;
/** Up to here a loop copies quicker than the engine. */
const FEW_BYTES = 64;
const TEN_DIGITS = 1e10;

/** A piece of JSON that is the same in every line. */
export type Piece = Uint8Array;

export function piece(text: string): Piece {
  return Uint8Array.from(Buffer.from(text));
}

/**
 * Writes a row as the line of JSON that the log keeps, byte by byte the one that `JSON.stringify` gives for what the format
 * reads: a format's `write` puts its fields one after the other. Texts are written as they stand in the row, which
 * {@link RowFields} allows.
 *
 * Invariant: the line is `bytes` up to `length`; where `length` is beyond the bytes, it did not fit and is none.
 */
export class LineWriter {
  readonly bytes: Buffer = Buffer.allocUnsafeSlow(LIMITS.eventBytes + 1);
  length = 0;
  private readonly idOpens: Piece;
  private readonly idStart: Piece;
  private readonly source: Piece;
  private line = 0;
  private hasId = false;

  /** @param key what the ids of rows begin with @param name the source's, for events */
  constructor(key: string, name: string) {
    this.idOpens = piece(',"id":"');
    this.idStart = piece(JSON.stringify(`${key}:`).slice(1, -1));
    this.source = piece(`,"source":${JSON.stringify(name)}}\n`);
  }

  /** @param line number of the row's line, from 1 */
  begin(line: number): void {
    this.length = 0;
    this.line = line;
    this.hasId = false;
  }

  /** Adds what every event has at its end. @returns whether the line fits */
  finish(): boolean {
    if (!this.hasId) this.rowId(this.idOpens);
    this.put(this.source);
    return this.length <= this.bytes.length;
  }

  put(piece: Piece): void {
    const { bytes, length } = this;
    for (let i = 0; i < piece.length; i += 1) bytes[length + i] = piece[i]!;
    this.length = length + piece.length;
  }

  /** A piece that opens a text, the text, and its closing quote. */
  text(opens: Piece, row: RowFields, column: number): void {
    this.put(opens);
    this.part(row.bytes, row.start(column), row.size(column));
    this.quote();
  }

  /** A part of a text, of an opened one. */
  part(from: Buffer, start: number, size: number): void {
    const { bytes, length } = this;
    if (size > FEW_BYTES) from.copy(bytes, length, start, start + size);
    else for (let i = 0; i < size; i += 1) bytes[length + i] = from[start + i]!;
    this.length = length + size;
  }

  quote(): void {
    this.bytes[this.length] = QUOTE;
    this.length += 1;
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  whole(value: number): void {
    if (value < TEN_DIGITS) {
      this.digits(value, 1);
      return;
    }
    const high = Math.floor(value / TEN_DIGITS);
    this.digits(high, 1);
    this.digits(value - high * TEN_DIGITS, 10);
  }

  /** At least so many digits of a number below 10^10. */
  private digits(value: number, least: number): void {
    let size = 1;
    for (let bound = 10; bound <= value; bound *= 10) size += 1;
    if (size < least) size = least;
    let rest = value;
    for (let at = this.length + size - 1; at >= this.length; at -= 1) {
      const tenth = Math.floor(rest / 10);
      this.bytes[at] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    this.length += size;
  }

  /** The event's own id, or that of the row where the field is empty. */
  id(opens: Piece, row: RowFields, column: number): void {
    if (row.size(column) === 0) this.rowId(opens);
    else this.text(opens, row, column);
    this.hasId = true;
  }

  /** The id of the row: source and line. */
  rowId(opens: Piece): void {
    this.put(opens);
    this.put(this.idStart);
    this.whole(this.line);
    this.quote();
    this.hasId = true;
  }
}
