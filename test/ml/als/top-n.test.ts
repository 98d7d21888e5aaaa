import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topN as plain } from '../../../src/ml/als/kernel.ts';
import { topN } from '../../../src/ml/als/top-n.ts';
import { seededRandom } from '../../../src/ml/random.ts';
import { randomRows } from './problems.ts';

const shapes = fc.record({
  rows: fc.integer({ min: 0, max: 300 }),
  vectors: fc.integer({ min: 0, max: 140 }),
  f: fc.integer({ min: 1, max: 20 }),
  n: fc.integer({ min: 1, max: 120 }),
  seed: fc.integer(),
});

/** Of each vector, without what stands for nothing. */
function listsOf({ rows, scores }: ReturnType<typeof topN>, n: number) {
  return Array.from({ length: rows.length / n }, (_, vector) =>
    Array.from({ length: n }, (_, i) => vector * n + i)
      .filter((at) => scores[at]! !== 0)
      .map((at) => ({ row: rows[at]!, score: scores[at]! })),
  );
}

describe('topN', () => {
  test('is the same in WebAssembly as in TypeScript, also where products are equal', () => {
    fc.assert(
      fc.property(shapes, ({ rows, vectors, f, n, seed }) => {
        const random = seededRandom(seed);
        // Products of small whole numbers are exact, and many of them are equal.
        const whole = (count: number) =>
          Float32Array.from({ length: count * f }, () => Math.floor(random() * 5) - 2);
        const [Y, X] = [whole(rows), whole(vectors)];
        const expected = Array.from({ length: vectors }, (_, vector) =>
          plain(Y, f, X.subarray(vector * f, (vector + 1) * f), n),
        );
        expect(listsOf(topN(Y, X, f, n), n)).toEqual(expected);
      }),
    );
  });

  test('finds products as high as those in double precision', () => {
    fc.assert(
      fc.property(shapes, ({ rows, vectors, f, n, seed }) => {
        const [Y, X] = [randomRows(rows, f, seed), randomRows(vectors, f, seed + 1)];
        const found = topN(Y, X, f, n);
        for (let vector = 0; vector < vectors; vector += 1) {
          const best = plain(Y, f, X.subarray(vector * f, (vector + 1) * f), n);
          const apart = Array.from({ length: n }, (_, i) =>
            Math.abs(found.scores[vector * n + i]! - (best[i]?.score ?? 0)),
          );
          expect(Math.max(...apart)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 40 },
    );
  });
});
