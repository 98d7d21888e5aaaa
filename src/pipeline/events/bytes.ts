/**
 * Numbers and texts as bytes. A number takes seven bits a byte, the lowest first, with the eighth bit set where another byte
 * follows; a text is its length in bytes, then UTF-8, in which half a surrogate pair takes three bytes as other characters do:
 * so different texts are different bytes.
 */

const NONE = Buffer.alloc(0);

/** Bytes that grow: what was written is `bytes` up to `length`. */
export class ByteWriter {
  bytes: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  clear(): void {
    this.length = 0;
  }

  /** @param value an integer from 0 to 2^53 − 1 */
  uint(value: number): void {
    makeRoom(this, 8);
    this.length = putUint(this.bytes, this.length, value);
  }

  /** @param value a safe integer: its first byte has the sign and six bits */
  int(value: number): void {
    makeRoom(this, 9);
    const size = Math.abs(value);
    const low = (value < 0 ? 64 : 0) | (size % 64);
    if (size < 64) this.bytes[this.length++] = low;
    else {
      this.bytes[this.length] = low | 128;
      this.length = putUint(this.bytes, this.length + 1, Math.floor(size / 64));
    }
  }

  /** @param value 32 bits, with or without a sign */
  word(value: number): void {
    makeRoom(this, 4);
    const { bytes, length } = this;
    bytes[length] = value;
    bytes[length + 1] = value >>> 8;
    bytes[length + 2] = value >>> 16;
    bytes[length + 3] = value >>> 24;
    this.length = length + 4;
  }

  text(value: string): void {
    const before = this.length;
    this.uint(value.length);
    const written = this.characters(value);
    if (written === value.length) return;
    this.length = before;
    this.uint(written);
    this.characters(value);
  }

  /** How many, then one by one. */
  texts(values: readonly string[]): void {
    this.uint(values.length);
    for (let i = 0; i < values.length; i += 1) this.text(values[i]!);
  }

  /** Writes a text without its length. @returns that, in bytes */
  characters(value: string): number {
    makeRoom(this, 3 * value.length);
    const { bytes, length: start } = this;
    for (let i = 0; i < value.length; i += 1) {
      const code = value.charCodeAt(i);
      if (code > 127) return writeWide(this, value, i);
      bytes[start + i] = code;
    }
    this.length = start + value.length;
    return value.length;
  }

  copy(from: Uint8Array, start: number, length: number): void {
    makeRoom(this, length);
    const { bytes, length: to } = this;
    // For a few bytes, quicker than the engine's own copy.
    if (length > 100) bytes.set(from.subarray(start, start + length), to);
    else for (let i = 0; i < length; i += 1) bytes[to + i] = from[start + i]!;
    this.length = to + length;
  }

  /** A copy of what was written from a place on. */
  slice(from = 0): Uint8Array {
    return Uint8Array.prototype.slice.call(this.bytes, from, this.length);
  }
}

function makeRoom(writer: ByteWriter, length: number): void {
  const { bytes } = writer;
  const wanted = writer.length + length;
  if (wanted <= bytes.length) return;
  writer.bytes = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * bytes.length));
  writer.bytes.set(bytes);
}

function putUint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  // Bit operations take 32 bits only.
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128;
  for (; rest > 127; rest >>>= 7) bytes[at++] = (rest & 127) | 128;
  bytes[at++] = rest;
  return at;
}

/** Writes a text whose first `plain` characters are ASCII. */
function writeWide(writer: ByteWriter, value: string, plain: number): number {
  const { bytes, length: start } = writer;
  let at = start + plain;
  for (let i = plain; i < value.length; i += 1) {
    const code = value.codePointAt(i)!;
    if (code < 0x80) bytes[at++] = code;
    else if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6);
      bytes[at++] = 0x80 | (code & 63);
    } else {
      if (code < 0x10000) bytes[at++] = 0xe0 | (code >> 12);
      else {
        i += 1;
        bytes[at++] = 0xf0 | (code >> 18);
        bytes[at++] = 0x80 | ((code >> 12) & 63);
      }
      bytes[at++] = 0x80 | ((code >> 6) & 63);
      bytes[at++] = 0x80 | (code & 63);
    }
  }
  writer.length = at;
  return at - start;
}

/** Reads what a `ByteWriter` wrote, from `at` up to `end`. Whatever it reads throws a RangeError where too little is left. */
export class ByteReader {
  bytes: Buffer = NONE;
  at = 0;
  end = 0;

  constructor(bytes: Uint8Array = NONE) {
    this.open(bytes);
  }

  /** Goes on with other bytes. */
  open(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.bytes = asBuffer(bytes);
    this.at = start;
    this.end = end;
  }

  uint(): number {
    const first = this.byte();
    return first < 128 ? first : (first & 127) + this.more(128);
  }

  /** Further bytes of a number. @param unit what the lowest bit of the next one stands for */
  private more(unit: number): number {
    let value = 0;
    for (let weight = unit; weight < 2 ** 56; weight *= 128) {
      const byte = this.byte();
      value += (byte & 127) * weight;
      if (byte < 128) return value;
    }
    throw new RangeError('a number is too long');
  }

  int(): number {
    const first = this.byte();
    const low = first & 63;
    const size = first < 128 ? low : low + this.more(64);
    return (first & 64) === 0 ? size : -size;
  }

  /** 32 bits, with a sign. */
  word(): number {
    return this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24);
  }

  text(): string {
    const length = this.uint();
    const start = this.skip(length);
    return textOf(this.bytes, start, start + length);
  }

  texts(): string[] {
    const values: string[] = [];
    for (let left = this.uint(); left > 0; left -= 1) values.push(this.text());
    return values;
  }

  /** Reads the version of a layout. @throws RangeError where it is neither of those that are known */
  version(expected: number, other = expected): number {
    const found = this.uint();
    if (found !== expected && found !== other) throw new RangeError(`a layout that is not known: ${found}`);
    return found;
  }

  /** @throws RangeError where something is left */
  finish(): void {
    if (this.at !== this.end) throw new RangeError('there are more bytes than expected');
  }

  byte(): number {
    if (this.at >= this.end) throw new RangeError('the bytes end too early');
    return this.bytes[this.at++]!;
  }

  /** The place of so many bytes, which it passes over. */
  skip(length: number): number {
    const start = this.at;
    if (length > this.end - start) throw new RangeError('the bytes end too early');
    this.at += length;
    return start;
  }
}

/** The same bytes with the methods of a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(bytes: Buffer, start: number, end: number): string {
  for (let i = start; i < end; i += 1) if (bytes[i]! > 127) return wideText(bytes, start, end);
  return bytes.toString('latin1', start, end);
}

/** A decoder of UTF-8 would not give back half a surrogate pair. */
function wideText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i]!;
    const more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    let code = more === 0 ? byte : byte & (0x3f >> more);
    for (let left = more; left > 0; left -= 1) {
      i += 1;
      code = (code << 6) | (bytes[i]! & 0x3f);
    }
    text += String.fromCodePoint(code);
  }
  return text;
}

/** Differs from one process to the next: who sends ids cannot choose them so that many fall into one place. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** 32 bits that depend on all the bytes; other ones in another process. */
export function hashBytes(bytes: Uint8Array, start: number, length: number): number {
  let hash = SEED ^ length;
  for (let i = start; i < start + length; i += 1) {
    hash = Math.imul(hash ^ bytes[i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
