import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invertByCholesky } from '../../src/ml/cholesky.ts';
import { invert } from '../../src/ml/invert.ts';
import { seededRandom } from '../../src/ml/random.ts';

/** Sizes around those at which something else is done: plain TypeScript, one block or several, a whole tile or a part. */
const sizes = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(60, 63, 64, 65, 127, 128, 129, 190, 193, 260),
);
const seeds = fc.integer();

/** BᵀB + I of random numbers between -1 and 1. */
function positiveDefinite(size: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const rows = Array.from({ length: size }, () =>
    Float64Array.from({ length: size }, () => 2 * random() - 1),
  );
  const matrix = new Float64Array(size * size);
  for (const row of rows) {
    for (let i = 0; i < size; i += 1)
      for (let j = 0; j < size; j += 1) matrix[i * size + j]! += row[i]! * row[j]!;
  }
  for (let i = 0; i < size; i += 1) matrix[i * size + i]! += 1;
  return matrix;
}

/** The greatest difference, relative to what an element of an inverse may be at most. */
function differenceOf(found: Float64Array, expected: Float64Array, size: number): number {
  let greatest = 0;
  for (let i = 0; i < size; i += 1)
    for (let j = 0; j < size; j += 1) {
      const most = Math.sqrt(expected[i * size + i]! * expected[j * size + j]!);
      const difference = Math.abs(found[i * size + j]! - expected[i * size + j]!) / most;
      greatest = Math.max(greatest, Number.isNaN(difference) ? 1 : difference);
    }
  return greatest;
}

describe('the inverse of a positive definite matrix', () => {
  test('times the matrix is the identity, whatever is right of the diagonal', () => {
    fc.assert(
      fc.property(sizes, seeds, (size, seed) => {
        const matrix = positiveDefinite(size, seed);
        const lower = matrix.map((value, at) => (at % size > Math.floor(at / size) ? Number.NaN : value));
        const found = invert(lower, size);
        expect(found).toBe(lower);
        let furthest = 0;
        for (let i = 0; i < size; i += 1)
          for (let j = 0; j < size; j += 1) {
            let sum = 0;
            for (let k = 0; k < size; k += 1) sum += matrix[i * size + k]! * found[k * size + j]!;
            furthest = Math.max(furthest, Math.abs(sum - Number(i === j)) || (Number.isNaN(sum) ? 1 : 0));
          }
        expect(furthest).toBeLessThan(1e-9);
      }),
      { numRuns: 40 },
    );
  });

  test('is the same in WebAssembly as in TypeScript, symmetric, and the same each time', () => {
    fc.assert(
      fc.property(sizes, seeds, (size, seed) => {
        const matrix = positiveDefinite(size, seed);
        const expected = invertByCholesky(matrix.slice(), size);
        const found = invert(matrix.slice(), size);
        expect(differenceOf(found, expected, size)).toBeLessThan(1e-9);
        expect(
          found.filter((value, at) => value !== found[(at % size) * size + Math.floor(at / size)]),
        ).toEqual(new Float64Array(0));
        expect(invert(matrix.slice(), size)).toEqual(found);
      }),
      { numRuns: 60 },
    );
  });

  test('is not finite where the matrix is not positive definite', () => {
    for (const size of [20, 70, 150]) {
      for (const at of [0, Math.floor(size / 2), size - 1]) {
        const matrix = positiveDefinite(size, 1);
        matrix[at * size + at] = -1;
        expect(invert(matrix, size).some(Number.isFinite)).toBe(false);
      }
    }
  });

  test.each([20, 100, 600])('tells how much of it is done, of %i rows', (size) => {
    const told: number[] = [];
    const matrix = positiveDefinite(size, 1);
    const found = invert(matrix.slice(), size, (done) => told.push(done));
    expect(differenceOf(found, invertByCholesky(matrix, size), size)).toBeLessThan(1e-9);
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told[0]).toBeGreaterThanOrEqual(0);
    expect(told.at(-1)).toBeLessThanOrEqual(1);
  });
});
