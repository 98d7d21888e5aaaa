// The rows of the highest products with each of many vectors, in AssemblyScript; ../top-n.ts calls it, and `topN` of ../kernel.ts
// is the same in plain TypeScript. Nothing is allocated.
//
// What was found for a vector is a heap of `n` keys of 64 bits, the least at its root. The upper half of a key is the product, whose
// bits compare as its value does because it is above 0, and the lower half is the complement of the row's number: of equal products
// that of the lowest number is the highest. A key of 0 is nothing.

import { multiply } from './kernel';

/** Rows that are multiplied with one group of vectors after the other: with 64 factors they stay in the first-level cache. */
const CHUNK: usize = 64;

/**
 * @param panels the rows, 8 side by side, number by number: f × 8 floats a panel
 * @param rows a multiple of 8; rows of zeros are never found
 * @param X vectors × f
 * @param vectors a multiple of 4
 * @param n at least 1
 * @param out vectors × n keys, descending
 * @param scratch 4 · `CHUNK` floats
 */
export function topN(
  panels: usize,
  rows: usize,
  f: usize,
  X: usize,
  vectors: usize,
  n: usize,
  out: usize,
  scratch: usize,
): void {
  const stride = f << 2;
  const size = n << 3;
  memory.fill(out, 0, vectors * size);
  for (let first: usize = 0; first < rows; first += CHUNK) {
    const width = min(CHUNK, rows - first) << 2;
    for (let vector: usize = 0; vector < vectors; vector += 4) {
      multiply(panels + first * stride, width, stride, X + vector * stride, scratch);
      for (let i: usize = 0; i < 4; i += 1) {
        offer(scratch + i * width, width, first, out + (vector + i) * size, size);
      }
    }
  }
  for (let vector: usize = 0; vector < vectors; vector += 1) sort(out + vector * size, size);
}

/** Takes products that are greater than the least of a heap, which come in the order of their rows. */
function offer(products: usize, width: usize, first: usize, heap: usize, size: usize): void {
  let least = load<f32>(heap, 4);
  for (let at: usize = 0; at < width; at += 16) {
    if (!v128.any_true(f32x4.gt(v128.load(products + at), f32x4.splat(least)))) continue;
    for (let lane = at; lane < at + 16; lane += 4) {
      const product = load<f32>(products + lane);
      if (!(product > least)) continue;
      const row = <u32>(first + (lane >> 2));
      replace(heap, size, ((<u64>reinterpret<u32>(product)) << 32) | <u64>~row);
      least = load<f32>(heap, 4);
    }
  }
}

/** Puts a key in the place of the root, and then where it belongs. */
function replace(heap: usize, size: usize, key: u64): void {
  let at: usize = 0;
  for (let child: usize = 8; child < size; child = 2 * at + 8) {
    if (child + 8 < size && load<u64>(heap + child, 8) < load<u64>(heap + child)) child += 8;
    const below = load<u64>(heap + child);
    if (below >= key) break;
    store<u64>(heap + at, below);
    at = child;
  }
  store<u64>(heap + at, key);
}

/** Makes a heap a list, descending: heapsort (Williams, Communications of the ACM 7, 1964). */
function sort(heap: usize, size: usize): void {
  for (let last = size - 8; last > 0; last -= 8) {
    const least = load<u64>(heap);
    replace(heap, last, load<u64>(heap + last));
    store<u64>(heap + last, least);
  }
}
