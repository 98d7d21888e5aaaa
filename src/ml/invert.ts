import { createLocalKernel } from './als/local-wasm.ts';
import { createArena } from './als/wasm.ts';
import { invertByCholesky } from './cholesky.ts';
import { type Progress } from './recommender.ts';

/** Below this, making a memory takes longer than plain TypeScript does. */
const SMALL = 32;
/** Rows and columns that are swept at a time, and rows that are updated between two tellings of progress; multiples of 4. */
const BLOCK = 64;
const SLICE = 512;

/**
 * The inverse of a symmetric positive definite matrix, in its place; not finite where it is not positive definite. Gauss-Jordan
 * elimination in blocks, in WebAssembly (assembly/inverse.ts of ALS says how): about n³ / 2 multiplications and additions. What
 * is right of the diagonal is not read.
 * @param matrix n × n, row by row; changed
 */
export function invert(matrix: Float64Array, size: number, progress: Progress = () => {}): Float64Array {
  if (size < SMALL) return invertByCholesky(matrix, size, progress);
  const n = Math.ceil(size / 4) * 4;
  const arena = createArena();
  const takeDoubles = (count: number) => arena.take(2 * count);
  const [A, D] = [takeDoubles(n * n), takeDoubles(BLOCK * BLOCK)];
  const [P, PD] = [takeDoubles(n * BLOCK), takeDoubles(n * BLOCK)];
  const { buffer, kernel } = createLocalKernel(arena.bytes);
  const padded = new Float64Array(buffer, A, n * n);
  for (let row = 0; row < size; row += 1) padded.set(matrix.subarray(row * size, (row + 1) * size), row * n);
  for (let row = size; row < n; row += 1) padded[row * n + row] = 1;

  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK);
    kernel.sweep(A, n, from, to, D, P, PD);
    for (let row = 0; row < n; row += SLICE) {
      const end = Math.min(n, row + SLICE);
      kernel.update(A, n, from, to, P, PD, row, end);
      // The rows above `end` are a triangle.
      progress((from + (to - from) * (end / n) ** 2) / n);
    }
  }
  kernel.finish(A, n);
  for (let row = 0; row < size; row += 1) matrix.set(padded.subarray(row * n, row * n + size), row * size);
  return matrix;
}
