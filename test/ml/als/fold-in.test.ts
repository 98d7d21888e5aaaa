import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gramOf } from '../../../src/ml/als/fold-in.ts';

test('a Gram matrix is the sum of the products of its rows, in their order, to the last bit', () => {
  const shape = fc.record({
    rows: fc.integer({ min: 0, max: 300 }),
    factors: fc.integer({ min: 1, max: 9 }),
    seed: fc.integer(),
  });
  fc.assert(
    fc.property(shape, ({ rows, factors, seed }) => {
      // Every third row is of somebody of whom nothing was learnt.
      const values = Float32Array.from({ length: rows * factors }, (_, at) =>
        Math.floor(at / factors) % 3 === 2 ? 0 : Math.sin(seed + at),
      );
      const expected = new Float64Array(factors * factors);
      for (let start = 0; start < values.length; start += factors)
        for (let i = 0; i < factors; i += 1)
          for (let k = 0; k < factors; k += 1)
            expected[i * factors + k]! += values[start + i]! * values[start + k]!;
      for (let i = 0; i < factors; i += 1) expected[i * factors + i]! += 0.5;
      expect(gramOf(values, factors, 0.5)).toEqual(expected);
    }),
  );
});
