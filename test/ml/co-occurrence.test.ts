import { describe, expect, test } from 'vitest';
import { createCoOccurrence } from '../../src/ml/co-occurrence.ts';
import { describeRecommender, twoGroups } from './conformance.ts';

describeRecommender('co-occurrence', () => createCoOccurrence());

describe('co-occurrence', () => {
  test('never recommends across groups that never met, nor what is in the history', () => {
    const model = createCoOccurrence();
    model.fit(twoGroups());
    expect([...model.recommend(['a1'], { limit: 10 }).ids].sort()).toEqual(['a2', 'a3', 'a4', 'a5']);
    expect(model.recommend(['unknown'], { limit: 10 }).ids).toEqual([]);
  });

  test('is the cosine, shrunk', () => {
    const model = createCoOccurrence({ shrinkage: 2 });
    const at = (user: string, item: string, weight: number) => ({ user, item, weight, time: 0 });
    model.fit([at('s1', 'x', 3), at('s1', 'y', 4), at('s2', 'x', 4), at('s2', 'z', 1), at('s2', 'x', 1)]);
    const cosine = (3 * 4) / Math.sqrt((9 + 16) * 16);
    expect(model.neighbours('y')).toEqual([
      { id: 'x', score: Math.round((cosine / 3) * 1e6) / 1e6, support: 1 },
    ]);
    expect(model.neighbours('z')[0]!.support).toBe(1);
  });

  test('prefers what goes with an item to what is popular everywhere', () => {
    const model = createCoOccurrence();
    const sessions = Array.from({ length: 40 }, (_, s) =>
      s < 10 ? ['lamp', 'bulb', 'bag'] : ['bag', `other${s}`],
    );
    model.fit(
      sessions.flatMap((items, s) => items.map((item) => ({ user: `${s}`, item, weight: 1, time: 0 }))),
    );
    expect(model.similar('lamp', { limit: 2 }).ids).toEqual(['bulb', 'bag']);
  });

  test('pairs only the latest items of a long session', () => {
    const model = createCoOccurrence({ itemsPerUser: 3 });
    model.fit(Array.from({ length: 9 }, (_, i) => ({ user: 's', item: `i${i}`, weight: 1, time: i })));
    expect([...model.items()].sort()).toEqual(['i6', 'i7', 'i8']);
  });
});
