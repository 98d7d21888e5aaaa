/** Bytes that are gathered piece by piece: each is copied a bounded number of times, however small the pieces are. */
export interface ByteBuffer {
  readonly length: number;
  add(bytes: Buffer): void;
  /** All of them, in memory of their own; none are left. */
  take(): Buffer;
}

export function createByteBuffer(): ByteBuffer {
  let space: Buffer = Buffer.alloc(0);
  let length = 0;
  return {
    get length() {
      return length;
    },
    add(bytes) {
      if (length + bytes.length > space.length) {
        const larger = Buffer.allocUnsafe(Math.max(2 * space.length, length + bytes.length));
        space.copy(larger, 0, 0, length);
        space = larger;
      }
      bytes.copy(space, length);
      length += bytes.length;
    },
    take() {
      const bytes = space.subarray(0, length);
      space = Buffer.alloc(0);
      length = 0;
      return bytes;
    },
  };
}
