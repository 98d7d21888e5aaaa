import { describe, expect, test } from 'vitest';
import { segmentsOf } from '../../../src/pipeline/stats/insights.ts';
import { segmentOf } from '../../../src/pipeline/stats/segments.ts';

const DAY = 86_400_000;

describe('segments', () => {
  test('follow from the scores', () => {
    const names = (
      [
        [5, 5, 5],
        [4, 4, 4],
        [5, 3, 3],
        [3, 3, 4],
        [5, 1, 1],
        [3, 1, 2],
        [1, 5, 5],
        [2, 2, 2],
        [1, 1, 1],
      ] as const
    ).map(([recency, frequency, money]) => segmentOf(recency, frequency, money));
    expect(names).toEqual([
      'champions',
      'champions',
      'loyal',
      'loyal',
      'new',
      'promising',
      'at risk',
      'asleep',
      'lost',
    ]);
  });

  test('are of fifths of the buyers, and those that are alike are together', () => {
    // Ten buyers, each a day later, with more orders and more money than the one before.
    const days = Array.from({ length: 10 }, (_, i) => ({
      start: i * DAY,
      totals: new Map([[`buyer:${i + 1}.${i}`, 1]]),
    }));
    const rows = segmentsOf(days);
    expect(new Map(rows.map(({ segment, buyers }) => [segment, buyers]))).toEqual(
      new Map([
        ['champions', 4],
        ['loyal', 2],
        ['new', 0],
        ['promising', 0],
        ['at risk', 0],
        ['asleep', 2],
        ['lost', 2],
      ]),
    );
    expect(rows.reduce((sum, { share }) => sum + share!, 0)).toBeCloseTo(1);
    const alike = segmentsOf([{ start: 0, totals: new Map([['buyer:1.3', 7]]) }]);
    expect(alike.filter(({ buyers }) => buyers > 0)).toMatchObject([{ buyers: 7 }]);
    expect(segmentsOf([]).every(({ buyers, share }) => buyers === 0 && share === null)).toBe(true);
  });
});
