import { LIMITS } from '../shop-event.ts';

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const ZERO = 0x30;
const POINT = 0x2e;
/** Digits of the largest number that a double holds exactly, as all below it. */
const MOST_DIGITS = 16;

// What a byte is in a row that needs no thought.
const PLAIN = 0;
const DELIMITER = 1;
const LINE_END = 2;
const WIDE = 3;
const REFUSED = 4;

/**
 * The fields of one row of separated values, as places in its bytes: no string is made. It takes only rows that need no thought: as
 * many fields as there are columns, in one line, without a backslash or a control character; quotes around a field, and none
 * in it. What it says of a row, `parseCsvRecord` says too.
 */
export class RowFields {
  bytes: Buffer = Buffer.alloc(0);
  private readonly starts: Int32Array;
  private readonly sizes: Int32Array;
  private readonly kinds = new Uint8Array(256);

  /** @returns `undefined` where rows with this delimiter need thought */
  static of(delimiter: string, width: number): RowFields | undefined {
    const isPlain = /^[\t !#-[\]-~]$/.test(delimiter);
    return isPlain ? new RowFields(delimiter.charCodeAt(0), width) : undefined;
  }

  private constructor(delimiter: number, width: number) {
    this.starts = new Int32Array(width);
    this.sizes = new Int32Array(width);
    this.kinds.fill(REFUSED, 0, 0x20).fill(WIDE, 0x80);
    for (const byte of [QUOTE, 0x5c, 0x7f]) this.kinds[byte] = REFUSED;
    this.kinds[LINE_FEED] = LINE_END;
    this.kinds[RETURN] = LINE_END;
    this.kinds[delimiter] = DELIMITER;
  }

  /** @param isUtf8 whether all of the bytes are valid UTF-8; if not, only rows of ASCII are taken */
  begin(bytes: Buffer, isUtf8: boolean): void {
    this.bytes = bytes;
    this.kinds.fill(isUtf8 ? WIDE : REFUSED, 0x80);
  }

  /** Finds the fields of the row that begins at a place. @returns the place after its line end; -1 for a row that is refused */
  cut(row: number): number {
    const { bytes, starts, sizes, kinds } = this;
    const { length } = bytes;
    const width = starts.length;
    let at = row;
    for (let column = 0; column < width; column += 1) {
      const quoted = bytes[at] === QUOTE;
      if (quoted) at += 1;
      starts[column] = at;
      let kind = PLAIN;
      while (at < length) {
        kind = kinds[bytes[at]!]!;
        // Inside quotes, a delimiter is a character like others.
        if (kind !== PLAIN && kind !== WIDE && !(quoted && kind === DELIMITER)) break;
        at += 1;
      }
      sizes[column] = at - starts[column]!;
      if (quoted) {
        if (at >= length || bytes[at] !== QUOTE) return -1;
        at += 1;
        kind = at < length ? kinds[bytes[at]!]! : LINE_END;
      } else if (at >= length) kind = LINE_END;
      if (column === width - 1) return kind === LINE_END ? this.afterLine(row, at) : -1;
      if (kind !== DELIMITER) return -1;
      at += 1;
    }
    return -1;
  }

  private afterLine(row: number, end: number): number {
    const { bytes } = this;
    const feed = bytes[end] === RETURN ? end + 1 : end;
    if (end - row > LIMITS.eventBytes) return -1;
    if (feed >= bytes.length) return bytes.length;
    return bytes[feed] === LINE_FEED ? feed + 1 : -1;
  }

  /** Where the field of a column begins. */
  start(column: number): number {
    return this.starts[column]!;
  }

  /** Bytes of the field of a column. */
  size(column: number): number {
    return this.sizes[column]!;
  }

  /** The field as {@link wholeNumber}. */
  whole(column: number): number {
    const start = this.starts[column]!;
    return wholeNumber(this.bytes, start, start + this.sizes[column]!);
  }
}

/** The digits from a place to another one as a number up to 2^53 - 1; -1 where they are none, or have zeros before them. */
export function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits < 1 || digits > MOST_DIGITS || (digits > 1 && bytes[start] === ZERO)) return -1;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}

/** Like {@link wholeNumber}, also of one with a point and zeros behind it. */
export function wholeUnits(bytes: Uint8Array, start: number, end: number): number {
  let rest = end;
  while (rest > start && bytes[rest - 1] === ZERO) rest -= 1;
  const isPointed = rest < end && rest > start && bytes[rest - 1] === POINT;
  return wholeNumber(bytes, start, isPointed ? rest - 1 : end);
}
