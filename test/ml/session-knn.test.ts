import { describe, expect, test } from 'vitest';
import { createSessionKnn, type SessionKnnOptions } from '../../src/ml/session-knn.ts';
import { type Interaction, prepareNamed } from '../../src/ml/training-data.ts';
import { historyOf } from './conformance.ts';

function learn(sessions: readonly (readonly string[])[], options: SessionKnnOptions = {}) {
  const rows = sessions.flatMap((items, s): Interaction[] =>
    items.map((item) => ({ user: `u${s}`, item, weight: 1, time: s })),
  );
  const recommender = createSessionKnn(options);
  recommender.fit(prepareNamed(rows));
  return recommender;
}

/** The oldest first. */
const SESSIONS = [
  ['b', 'c', 'd'],
  ['a', 'c'],
  ['a', 'b'],
];

describe('session-knn', () => {
  test('has the values of VMIS-kNN, computed by hand', () => {
    const { ids, scores } = learn(SESSIONS).recommend(historyOf('a', 'b'), { limit: 9 });
    const found = new Map(ids.map((id, i) => [id, scores[i]!]));
    // b is the latest, at position 2 of 2; a, one step back, counts half, and its session 0.9.
    const twice = 1 + Math.log(3 / 2);
    expect(found.get('a')).toBeCloseTo(1.5 * twice + 0.5 * 0.9 * twice, 12);
    expect(found.get('b')).toBeCloseTo(1.5 * twice + 1 * twice, 12);
    expect(found.get('c')).toBeCloseTo(1 * twice + 0.5 * 0.9 * twice, 12);
    expect(found.get('d')).toBeCloseTo(1 + Math.log(3), 12);
    expect(ids).toEqual(['b', 'a', 'd', 'c']);
  });

  test('takes the most similar sessions only, of these the latest', () => {
    const one = learn(SESSIONS, { neighbours: 1 });
    expect(one.recommend(historyOf('a', 'b'), { limit: 9 }).ids).toEqual(['a', 'b']);
    // Both have a, and a alone: the later one is taken.
    expect(one.recommend(historyOf('a'), { limit: 9 }).ids).toEqual(['a', 'b']);
  });

  test('looks at the latest sessions of an item, and at the latest items of a history', () => {
    expect(learn(SESSIONS, { sample: 1 }).recommend(historyOf('c'), { limit: 9 }).ids).toEqual(['a', 'c']);
    const short = learn(SESSIONS, { historyLength: 1 });
    expect(short.recommend(historyOf('d', 'a'), { limit: 9 })).toEqual(
      short.recommend(historyOf('a'), { limit: 9 }),
    );
  });

  test('a session of one item says nothing, and old ones are forgotten', () => {
    expect(learn([['a'], ['b']]).recommend(historyOf('a'), { limit: 9 }).ids).toEqual([]);
    const { ids } = learn(SESSIONS, { sessions: 1 }).recommend(historyOf('c', 'a'), { limit: 9 });
    expect(ids).toEqual(['a', 'b']);
  });
});
