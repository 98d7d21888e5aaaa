import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasTaken, joinPaths, NO_STEPS, takeStep } from '../../../src/pipeline/metrics/funnel.ts';

const steps = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 });
const path = (taken: readonly number[]): number => taken.reduce(takeStep, NO_STEPS);

/** Whether `chain` is a subsequence of `taken`. */
function contains(taken: readonly number[], chain: readonly number[]): boolean {
  let found = 0;
  for (const step of taken) if (step === chain[found]) found += 1;
  return found === chain.length;
}

const CHAINS = Array.from({ length: 15 }, (_, i) => [0, 1, 2, 3].filter((step) => ((i + 1) >> step) & 1));

describe('path', () => {
  test('knows each ordered chain of steps, and no other', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const chain of CHAINS) expect(hasTaken(path(taken), chain)).toBe(contains(taken, chain));
      }),
    );
  });

  test('of two runs joined is the path of one run after the other', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        expect(joinPaths(path(first), path(second))).toBe(path([...first, ...second]));
      }),
    );
  });
});
