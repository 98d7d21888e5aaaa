import { type RowIds } from '../row-ids.ts';
import { LIMITS } from '../shop-event.ts';
import { spareZeros } from './plain-amount.ts';
import { type RowFields } from './row-fields.ts';

const QUOTE = 0x22;
const ZERO = 0x30;
/** Bytes that an id of the row's content may take. */
const ID_ROOM = 64;
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
  private readonly idOpens = piece(',"id":"');
  private readonly source: Piece;
  private readonly ids: RowIds;
  private hasId = false;

  /** @param ids names rows that have none @param name the source's, for events */
  constructor(ids: RowIds, name: string) {
    this.ids = ids;
    this.source = piece(`,"source":${JSON.stringify(name)}}\n`);
  }

  begin(): void {
    this.length = 0;
    this.hasId = false;
  }

  /** Adds what every event has at its end. @returns whether the line fits */
  finish(): boolean {
    if (!this.hasId) {
      const content = this.length;
      if (content + ID_ROOM > this.bytes.length) return false;
      this.put(this.idOpens);
      this.length = this.ids.write(this.bytes, 0, content, this.bytes, this.length);
      this.quote();
    }
    this.put(this.source);
    return this.length <= this.bytes.length;
  }

  /** Says that the row counts as the line that was finished. */
  keep(): void {
    if (!this.hasId) this.ids.keep();
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

  /** Like {@link text}, of an amount, which is written as {@link plainAmount} has it. */
  amount(opens: Piece, row: RowFields, column: number): void {
    const start = row.start(column);
    this.put(opens);
    this.part(row.bytes, start, row.size(column) - spareZeros(row.bytes, start, row.size(column)));
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

  /** The event's own id, where the field is not empty. */
  id(opens: Piece, row: RowFields, column: number): void {
    if (row.size(column) === 0) return;
    this.text(opens, row, column);
    this.hasId = true;
  }
}
