import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planWorkers } from '../../../src/pipeline/supervisor/plan.ts';

describe('the workers that are run', () => {
  test('every processor knows which of how many it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.integer({ min: 1, max: 256 }), (a, b) => {
        const [partitions, processors] = [Math.max(a, b), Math.min(a, b)];
        const members = planWorkers({ partitions, processors })
          .filter(({ component }) => component === 'processor')
          .map(({ processor }) => processor!.member!);
        expect(members.map(({ index }) => index)).toEqual(Array.from({ length: processors }, (_, i) => i));
        expect(members.every(({ count }) => count === processors)).toBe(true);
      }),
    );
  });

  test('a generator only where one is wanted', () => {
    const generator = { rate: 5, seed: 's', dirty: 0 };
    const names = (plan: ReturnType<typeof planWorkers>) => plan.map(({ name }) => name);
    expect(names(planWorkers({ partitions: 4, processors: 2, generator }))).toEqual([
      'processor-1',
      'processor-2',
      'generator',
      'recommender',
    ]);
    expect(names(planWorkers({ partitions: 4, processors: 1 }))).toEqual(['processor-1', 'recommender']);
  });

  test('more processors than partitions are refused', () => {
    expect(() => planWorkers({ partitions: 2, processors: 3 })).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: 'use --processors 2 or fewer' }),
    );
  });
});
