const [C1, C2, C3, C4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
const BLOCK = 16;
const tail = Buffer.alloc(BLOCK);

/**
 * MurmurHash3_x86_128 with seed 0: the same bytes give the same 128 bits on every machine, and in every version.
 * Source: https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 * @param words gets them, as four words
 */
export function hash128(bytes: Uint8Array, start: number, end: number, words: Int32Array): void {
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = start;
  for (; at + BLOCK <= end; at += BLOCK) {
    a ^= scrambled(wordAt(bytes, at), C1, 15, C2);
    a = (Math.imul(rotated(a, 19) + b, 5) + 0x561ccd1b) | 0;
    b ^= scrambled(wordAt(bytes, at + 4), C2, 16, C3);
    b = (Math.imul(rotated(b, 17) + c, 5) + 0x0bcaa747) | 0;
    c ^= scrambled(wordAt(bytes, at + 8), C3, 17, C4);
    c = (Math.imul(rotated(c, 15) + d, 5) + 0x96cd1c35) | 0;
    d ^= scrambled(wordAt(bytes, at + 12), C4, 18, C1);
    d = (Math.imul(rotated(d, 13) + a, 5) + 0x32ac3b17) | 0;
  }
  if (at < end) {
    for (let i = 0; i < BLOCK; i += 1) tail[i] = at + i < end ? bytes[at + i]! : 0;
    a ^= scrambled(wordAt(tail, 0), C1, 15, C2);
    b ^= scrambled(wordAt(tail, 4), C2, 16, C3);
    c ^= scrambled(wordAt(tail, 8), C3, 17, C4);
    d ^= scrambled(wordAt(tail, 12), C4, 18, C1);
  }
  const size = end - start;
  a ^= size;
  b ^= size;
  c ^= size;
  d ^= size;
  a = (a + b + c + d) | 0;
  b = mixed(b + a);
  c = mixed(c + a);
  d = mixed(d + a);
  a = mixed(a);
  a = (a + b + c + d) | 0;
  words[0] = a;
  words[1] = b + a;
  words[2] = c + a;
  words[3] = d + a;
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function scrambled(word: number, first: number, bits: number, second: number): number {
  return Math.imul(rotated(Math.imul(word, first), bits), second);
}

function mixed(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
