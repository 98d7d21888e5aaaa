import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSampler, logarithm, Random } from '../../../src/pipeline/generator/random.ts';

describe('random numbers', () => {
  test('the logarithm equals that of the engine to the last digits', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (value) => {
        const expected = Math.log(value);
        expect(Math.abs(logarithm(value) - expected)).toBeLessThanOrEqual(
          4e-16 * Math.max(1, Math.abs(expected)),
        );
      }),
      { numRuns: 2000 },
    );
    expect(logarithm(1)).toBe(0);
  });

  test('a seed gives its numbers again, another seed gives others', () => {
    const numbers = (seed: string): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 100 }, () => random.next());
    };
    expect(numbers('a')).toEqual(numbers('a'));
    expect(new Set([...numbers('a'), ...numbers('b')]).size).toBe(200);
  });

  test('exponential and normal numbers have their moments', () => {
    const random = new Random('moments');
    const moments = (draw: () => number): [mean: number, variance: number] => {
      const drawn = Array.from({ length: 200_000 }, draw);
      const mean = drawn.reduce((sum, value) => sum + value, 0) / drawn.length;
      return [mean, drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / drawn.length];
    };
    const [exponentialMean, exponentialVariance] = moments(() => random.exponential());
    expect(exponentialMean).toBeCloseTo(1, 1.5);
    expect(exponentialVariance).toBeCloseTo(1, 1);
    const [normalMean, normalVariance] = moments(() => random.normal());
    expect(normalMean).toBeCloseTo(0, 1.5);
    expect(normalVariance).toBeCloseTo(1, 1);
  });

  test('a sampler draws in proportion to the weights', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 20 })
          .filter((w) => w.some((x) => x > 0)),
        (weights) => {
          const sampler = createSampler(weights);
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          const drawn = new Array<number>(weights.length).fill(0);
          const steps = 20_000;
          for (let i = 0; i < steps; i += 1) drawn[sampler.draw((i + 0.5) / steps)]! += 1;
          weights.forEach((weight, i) => {
            if (weight === 0) expect(drawn[i]).toBe(0);
            expect(Math.abs(drawn[i]! / steps - weight / total)).toBeLessThan(0.003);
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});
