import { describe, expect, test } from 'vitest';
import { createPopularity } from '../../src/ml/popularity.ts';
import { describeRecommender, twoGroups } from './conformance.ts';

describeRecommender('popularity', () => createPopularity());

describe('popularity', () => {
  test('halves with every half-life', () => {
    const model = createPopularity({ halfLifeMs: 1000 });
    const at = (item: string, weight: number, time: number) => ({ user: 'u', item, weight, time });
    model.fit([at('old', 8, 0), at('new', 1, 3000), at('newest', 3, 3000), at('old', 1, 2000)]);
    expect(model.recommend([], { limit: 9 })).toEqual({ ids: ['newest', 'old', 'new'], scores: [3, 1.5, 1] });
  });

  test('recommends the same whatever the history', () => {
    const model = createPopularity();
    model.fit(twoGroups());
    expect(model.recommend(['a1'], { limit: 3 })).toEqual(model.recommend([], { limit: 3 }));
    expect(model.recommend([], { limit: 2 }).ids.every((id) => id.endsWith('1'))).toBe(true);
  });
});
