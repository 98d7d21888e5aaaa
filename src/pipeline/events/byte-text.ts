/** A short text as bytes, which another one can replace at no cost. */
export class ByteText {
  bytes = Buffer.allocUnsafeSlow(32);
  size = 0;

  /** Takes over `size` bytes from `start` on. */
  set(from: Uint8Array, start: number, size: number): void {
    if (size > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.bytes.length));
    const { bytes } = this;
    for (let i = 0; i < size; i += 1) bytes[i] = from[start + i]!;
    this.size = size;
  }

  equals(other: Uint8Array, start: number, size: number): boolean {
    if (size !== this.size) return false;
    const { bytes } = this;
    for (let i = 0; i < size; i += 1) if (bytes[i] !== other[start + i]) return false;
    return true;
  }

  toString(): string {
    return this.bytes.toString('utf8', 0, this.size);
  }
}
