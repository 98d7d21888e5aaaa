import { ByteDictionary } from './byte-dictionary.ts';
import { LINE_TYPES, type LineType } from './shop-event.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

const NAME = Buffer.from('"type"');
/** By the byte at the end of a window as long as the name: how far the next window that may hold it lies. */
const SHIFTS = new Uint8Array(256).fill(NAME.length);
NAME.subarray(0, -1).forEach((byte, i) => {
  SHIFTS[byte] = NAME.length - 1 - i;
});

/**
 * Tells of most lines which type their event cannot have, at a look and without reading them.
 *
 * In a line without backslashes a quote begins or ends a string. So where the name of the field occurs but once, with one of the types as
 * its value, nothing else can be the type of what the line holds, if that is an event at all.
 */
export class TypePeek {
  /** Which type has which number. */
  private readonly types = new ByteDictionary();
  private readonly isWanted: readonly boolean[];
  private bytes: Buffer = Buffer.alloc(0);
  /** Where the next backslash is, seen from where the last look began. */
  private backslash = 0;

  constructor(isWanted: (type: LineType) => boolean) {
    for (const type of LINE_TYPES) this.types.numberOf(type);
    this.isWanted = LINE_TYPES.map(isWanted);
  }

  /** Says what the next lines lie in. */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.backslash = -1;
  }

  /** Whether a line surely holds no event of a type that is wanted. Lines are looked at in their order. */
  isUnwanted(start: number, end: number): boolean {
    const name = this.find(start, end);
    if (name === end) return false;
    const type = this.typeAfter(name + NAME.length, end);
    if (type === -1 || this.isWanted[type]!) return false;
    return this.find(name + NAME.length, end) === end && !this.hasBackslash(start, end);
  }

  /** The type whose name is a field's value. @param at behind the field's name @returns -1 for anything else */
  private typeAfter(at: number, end: number): number {
    const { bytes } = this;
    if (bytes[at] !== COLON) return -1;
    const open = bytes[at + 1] === SPACE ? at + 2 : at + 1;
    if (bytes[open] !== QUOTE) return -1;
    let close = open + 1;
    while (close < end && bytes[close] !== QUOTE) close += 1;
    return this.types.find(bytes, open + 1, close - open - 1);
  }

  /** Where the name begins; `end` where it does not occur. */
  private find(start: number, end: number): number {
    const { bytes } = this;
    const last = NAME.length - 1;
    for (let at = start + last; at < end; ) {
      const byte = bytes[at]!;
      if (byte === QUOTE && this.isNameAt(at - last)) return at - last;
      at += SHIFTS[byte]!;
    }
    return end;
  }

  private isNameAt(at: number): boolean {
    for (let i = 0; i < NAME.length; i += 1) if (this.bytes[at + i] !== NAME[i]) return false;
    return true;
  }

  private hasBackslash(start: number, end: number): boolean {
    if (this.backslash < start) {
      const next = this.bytes.indexOf(BACKSLASH, start);
      this.backslash = next === -1 ? this.bytes.length : next;
    }
    return this.backslash < end;
  }
}
