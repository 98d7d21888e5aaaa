import { type ByteReader, ByteWriter } from '../events/bytes.ts';

/**
 * The last few different texts, the latest last, as they are stored: so no text is made of a list that is only passed on.
 *
 * Invariant: `list` holds `count` texts, each its length and its bytes; the last one begins at `last`.
 */
export class RecentTexts {
  private readonly most: number;
  private readonly list = new ByteWriter(256);
  private count = 0;
  private last = 0;

  /** @param most how many are kept */
  constructor(most: number) {
    this.most = most;
  }

  clear(): void {
    this.list.clear();
    this.count = 0;
    this.last = 0;
  }

  /** Notes a text: `size` bytes from `start` on. */
  note(bytes: Uint8Array, start: number, size: number): void {
    if (this.count > 0 && this.isAt(this.last, bytes, start, size)) return;
    for (let at = 0; at < this.list.length; at = this.after(at)) {
      if (!this.isAt(at, bytes, start, size)) continue;
      this.remove(at);
      break;
    }
    if (this.count === this.most) this.remove(0);
    this.last = this.list.length;
    this.list.uint(size);
    this.list.copy(bytes, start, size);
    this.count += 1;
  }

  texts(): string[] {
    const texts: string[] = [];
    for (let at = 0; at < this.list.length; at = this.after(at))
      texts.push(this.list.bytes.toString('utf8', this.textAt(at), this.after(at)));
    return texts;
  }

  write(writer: ByteWriter): void {
    writer.uint(this.count);
    writer.copy(this.list.bytes, 0, this.list.length);
  }

  /** @throws RangeError where the bytes are no list */
  read(reader: ByteReader): void {
    this.clear();
    this.count = reader.uint();
    const start = reader.at;
    for (let left = this.count; left > 0; left -= 1) {
      this.last = reader.at - start;
      reader.skip(reader.uint());
    }
    this.list.copy(reader.bytes, start, reader.at - start);
  }

  private isAt(at: number, bytes: Uint8Array, start: number, size: number): boolean {
    const from = this.textAt(at);
    if (this.sizeAt(at) !== size) return false;
    const own = this.list.bytes;
    for (let i = 0; i < size; i += 1) if (own[from + i] !== bytes[start + i]) return false;
    return true;
  }

  private remove(at: number): void {
    const { list } = this;
    const after = this.after(at);
    list.bytes.copyWithin(at, after, list.length);
    list.length -= after - at;
    this.count -= 1;
  }

  private after(at: number): number {
    return this.textAt(at) + this.sizeAt(at);
  }

  /** A length takes a byte, and another one for each seven bits more. */
  private textAt(at: number): number {
    const { bytes } = this.list;
    let text = at;
    while (bytes[text]! > 127) text += 1;
    return text + 1;
  }

  private sizeAt(at: number): number {
    const { bytes } = this.list;
    let size = 0;
    for (let i = at, unit = 1; ; i += 1, unit *= 128) {
      size += (bytes[i]! & 127) * unit;
      if (bytes[i]! <= 127) return size;
    }
  }
}
