import { isoTime } from './scan-time.ts';
import { LIMITS } from './shop-event.ts';

const QUOTE = 0x22;
const SPACE = 0x20;
const BACKSLASH = 0x5c;
const DELETE = 0x7f;
const POINT = 0x2e;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Digits of a whole number that a double holds exactly whatever they are. */
const DIGITS = 15;
/** Most digits before the point of a price: up to here a double times 10 000 is the decimal that was written. */
const PRICE_DIGITS = 8;
const DECIMALS = 4;

const NULL = ascii('null');
const TRUE = ascii('true');
const FALSE = ascii('false');

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text));
}

/** A name as words of four bytes, the last of which may overlap the one before: they are compared at once. */
export interface Name {
  readonly size: number;
  readonly words: Int32Array;
  readonly last: number;
}

/** @param text four characters or more, of ASCII */
export function nameOf(text: string): Name {
  const bytes = Buffer.from(text);
  const size = bytes.length;
  const words = Int32Array.from({ length: (size - 1) >> 2 }, (_, i) => bytes.readInt32LE(4 * i));
  return { size, words, last: bytes.readInt32LE(size - 4) };
}

/**
 * Reads values out of the bytes of JSON lines, those that need no thought. Every method takes the place of a value and returns
 * the place after it, or -1 for a value that is refused.
 *
 * Invariant: after a method, `size` is 0 for an absent value, which is `null` or an empty text; else `from` and `size` are
 * the place of what is between the quotes, or of the number, whose value is `number[0]`.
 */
export class ValueReader {
  from = 0;
  size = 0;
  /** Not a plain field: one that holds a double is made anew with every value. */
  readonly number = new Float64Array(1);
  private bytes: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  private isUtf8 = false;

  /** @param isUtf8 whether all of the bytes are valid UTF-8; if not, texts beyond ASCII are refused */
  begin(bytes: Uint8Array, isUtf8: boolean): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.isUtf8 = isUtf8;
  }

  /** Whether the bytes at a place are these. */
  isAt(at: number, expected: Uint8Array): boolean {
    const { bytes } = this;
    for (let i = 0; i < expected.length; i += 1) if (bytes[at + i] !== expected[i]) return false;
    return true;
  }

  /** Whether a name begins at a place. */
  isNameAt(at: number, { size, words, last }: Name): boolean {
    const { view } = this;
    if (at + size > view.byteLength) return false;
    for (let i = 0; i < words.length; i += 1) if (view.getInt32(at + 4 * i, true) !== words[i]) return false;
    return view.getInt32(at + size - 4, true) === last;
  }

  /** Whether the text that was read last is this one. */
  isText(expected: Uint8Array): boolean {
    return this.size === expected.length && this.isAt(this.from, expected);
  }

  /** A text without escapes, and without what `stripControls` removes; `at` is its quote. */
  string(at: number): number {
    const { bytes } = this;
    let end = at + 1;
    for (;;) {
      const byte = bytes[end]!;
      if (byte === QUOTE) break;
      if (byte >= SPACE && byte < DELETE && byte !== BACKSLASH) end += 1;
      else if (byte > DELETE && this.isUtf8 && !isUnsafe(bytes, end)) end += 1;
      else return -1;
    }
    this.from = at + 1;
    this.size = end - at - 1;
    return this.size <= LIMITS.stringBytes ? end + 1 : -1;
  }

  null(at: number): number {
    this.size = 0;
    return this.isAt(at, NULL) ? at + NULL.length : -1;
  }

  text(at: number): number {
    return this.bytes[at] === QUOTE ? this.string(at) : this.null(at);
  }

  /** A whole number, not below 0. */
  whole(at: number): number {
    const { bytes } = this;
    let value = 0;
    let end = at;
    for (let digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[end]! - ZERO) {
      value = value * 10 + digit;
      end += 1;
    }
    const digits = end - at;
    this.from = at;
    this.size = digits;
    this.number[0] = value;
    return digits === 0 || digits > DIGITS || (digits > 1 && bytes[at] === ZERO) ? -1 : end;
  }

  /** A text, or a whole number, which is a text then, as it is written. */
  id(at: number): number {
    const byte = this.bytes[at]!;
    if (byte === QUOTE) return this.string(at);
    return byte >= ZERO && byte <= ZERO + 9 ? this.whole(at) : this.null(at);
  }

  /** Units of a product. */
  quantity(at: number): number {
    return this.bytes[at] === NULL[0] ? this.null(at) : this.whole(at);
  }

  /** A price, as a number or a text; its value in 1/10 000 of the currency unit. */
  price(at: number): number {
    const { bytes } = this;
    if (bytes[at] === NULL[0]) return this.null(at);
    if (bytes[at] !== QUOTE) return this.decimal(at);
    if (bytes[at + 1] === QUOTE) {
      this.size = 0;
      return at + 2;
    }
    const end = this.decimal(at + 1);
    return end !== -1 && bytes[end] === QUOTE ? end + 1 : -1;
  }

  private decimal(at: number): number {
    const { bytes } = this;
    let end = this.whole(at);
    if (end === -1 || this.size > PRICE_DIGITS) return -1;
    let value = this.number[0]!;
    let missing = DECIMALS;
    if (bytes[end] === POINT) {
      end += 1;
      for (let digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[end]! - ZERO) {
        value = value * 10 + digit;
        missing -= 1;
        end += 1;
      }
      if (missing === DECIMALS || missing < 0) return -1;
    }
    for (; missing > 0; missing -= 1) value *= 10;
    this.number[0] = value;
    return end;
  }

  /** A time, as ms since the epoch or as ISO 8601; its value is NaN where the text is of another form. */
  time(at: number): number {
    if (this.bytes[at] !== QUOTE) return this.whole(at);
    const end = this.string(at);
    if (end !== -1) this.number[0] = isoTime(this.bytes, this.from, this.size);
    return end;
  }

  /** The value of a property. @param isKept whether it is kept, as `String` of it is */
  flat(at: number, isKept: boolean): number {
    switch (this.bytes[at]) {
      case QUOTE:
        return this.string(at);
      case 0x6e: // n
        return this.null(at);
      case 0x74: // t
        return this.word(at, TRUE);
      case 0x66: // f
        return this.word(at, FALSE);
      default:
        return this.anyNumber(at, isKept);
    }
  }

  /** `true`, `false` or `null`; of the last two `size` is 0. */
  truth(at: number): number {
    const end = this.word(at, TRUE);
    if (end !== -1) return end;
    const no = this.word(at, FALSE);
    this.size = 0;
    return no === -1 ? this.null(at) : no;
  }

  private word(at: number, word: Uint8Array): number {
    this.from = at;
    this.size = word.length;
    return this.isAt(at, word) ? at + word.length : -1;
  }

  /** Any number but one with an exponent. */
  private anyNumber(at: number, isKept: boolean): number {
    const { bytes } = this;
    const negative = bytes[at] === MINUS;
    let end = this.whole(negative ? at + 1 : at);
    if (end === -1) return -1;
    if (bytes[end] === POINT) {
      const first = end + 1;
      end = first;
      for (let digit = bytes[end]! - ZERO; digit >= 0 && digit <= 9; digit = bytes[end]! - ZERO) end += 1;
      const decimals = end - first;
      if (decimals === 0 || this.size + decimals > DIGITS) return -1;
      // A number below 1e-6, or with zeros at its end, is written otherwise.
      if (isKept && (decimals > 6 || bytes[end - 1] === ZERO)) return -1;
    } else if (isKept && negative && this.number[0] === 0) return -1;
    this.from = at;
    this.size = end - at;
    return end;
  }
}

/** Whether a character beyond ASCII begins here that `stripControls` removes; the bytes are valid UTF-8. */
function isUnsafe(bytes: Uint8Array, at: number): boolean {
  const next = bytes[at + 1]!;
  switch (bytes[at]) {
    case 0xc2: // U+0080 to U+009F
      return next < 0xa0;
    case 0xd8: // U+061C
      return next === 0x9c;
    case 0xe2: {
      const last = bytes[at + 2]!;
      // U+200E, U+200F, U+2028 to U+202E
      if (next === 0x80) return last === 0x8e || last === 0x8f || (last >= 0xa8 && last <= 0xae);
      // U+2066 to U+2069
      return next === 0x81 && last >= 0xa6 && last <= 0xa9;
    }
    default:
      return false;
  }
}
