import { describe, expect, test } from 'vitest';
import { createPopularity } from '../../src/ml/popularity.ts';
import { prepareNamed } from '../../src/ml/training-data.ts';
import { historyOf, twoGroups } from './conformance.ts';

describe('popularity', () => {
  test('halves with every half-life', () => {
    const model = createPopularity({ halfLifeMs: 1000 });
    const at = (item: string, weight: number, time: number, user = 'u') => ({ user, item, weight, time });
    model.fit(
      prepareNamed([at('old', 8, 0), at('new', 1, 3000), at('newest', 3, 3000), at('old', 1, 2000, 'v')]),
    );
    expect(model.recommend([], { limit: 9 })).toEqual({ ids: ['newest', 'old', 'new'], scores: [3, 1.5, 1] });
  });

  test('recommends the same whatever the history', () => {
    const model = createPopularity();
    model.fit(prepareNamed(twoGroups()));
    expect(model.recommend(historyOf('a1'), { limit: 3 })).toEqual(model.recommend([], { limit: 3 }));
    expect(model.recommend([], { limit: 2 }).ids.every((id) => id.endsWith('1'))).toBe(true);
  });

  test('counts a session once for an item, at the strongest and the latest', () => {
    const model = createPopularity({ halfLifeMs: 1000 });
    const reloads = Array.from({ length: 50 }, () => ({ user: 'u', item: 'a', weight: 1, time: 1000 }));
    model.fit(
      prepareNamed([
        ...reloads,
        { user: 'u', item: 'a', weight: 3, time: 0 },
        { user: 'v', item: 'b', weight: 5, time: 1000 },
      ]),
    );
    expect(model.recommend([], { limit: 9 })).toEqual({ ids: ['b', 'a'], scores: [5, 3] });
  });
});
