import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCommitSize } from '../../../src/pipeline/processor/commit-size.ts';

/** What it asks for after so many full commits at a pace. @param pace records in a ms */
function after(commits: number, pace: number): number {
  const size = createCommitSize();
  for (let i = 0; i < commits; i += 1) size.took(size.records(), size.records() / pace);
  return size.records();
}

test('grows and shrinks until a full commit is a second of work', () => {
  expect(after(20, 20)).toBe(20_000);
  expect(after(20, 7)).toBe(7000);
});

test('is bounded, whatever the pace', () => {
  expect(after(20, 1e6)).toBe(30_000);
  expect(after(20, 0.001)).toBe(5000);
  const commit = fc.tuple(fc.nat(200_000), fc.double({ min: 0, max: 1e6, noNaN: true }));
  fc.assert(
    fc.property(fc.array(commit), (commits) => {
      const size = createCommitSize();
      for (const [records, ms] of commits) {
        const before = size.records();
        size.took(records, ms);
        expect(size.records()).toBeGreaterThanOrEqual(Math.max(5000, before / 2 - 1));
        expect(size.records()).toBeLessThanOrEqual(Math.min(30_000, before * 2));
      }
    }),
  );
});

test('learns nothing from a small commit that was fast, and something from one that was slow', () => {
  const size = createCommitSize();
  size.took(100, 90);
  expect(size.records()).toBe(10_000);
  size.took(4000, 2000);
  expect(size.records()).toBe(5000);
});

test('keeps a size that is given', () => {
  const size = createCommitSize(7);
  size.took(7, 10_000);
  size.took(7, 0);
  expect(size.records()).toBe(7);
});
