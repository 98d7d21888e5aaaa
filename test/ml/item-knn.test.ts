import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createItemKnn, type ItemKnnOptions, logLikelihood } from '../../src/ml/item-knn.ts';
import { FIELDS, SCORE_UNITS } from '../../src/ml/neighbour-lists.ts';
import { type Interaction, prepareNamed } from '../../src/ml/training-data.ts';
import { historyOf, twoGroups } from './conformance.ts';

/** Fits, and gives an item's neighbours but itself. */
function learn(interactions: readonly Interaction[], options: ItemKnnOptions = {}) {
  const recommender = createItemKnn(options);
  recommender.fit(prepareNamed(interactions));
  const { itemIds, lists } = recommender.model!;
  const neighbours = (id: string) => {
    const list = lists.of(itemIds.indexOf(id));
    const found: { id: string; score: number; support: number }[] = [];
    for (let i = 0; i < list.length; i += FIELDS)
      found.push({ id: itemIds[list[i]!]!, score: list[i + 1]! / SCORE_UNITS, support: list[i + 2]! });
    return found.filter((one) => one.id !== id);
  };
  return { recommender, itemIds, neighbours };
}

function baskets(...lists: readonly (readonly string[])[]): Interaction[] {
  return lists.flatMap((items, s) => items.map((item) => ({ user: `${s}`, item, weight: 1, time: s })));
}

describe('item-knn', () => {
  test('never recommends across groups that never met', () => {
    const { recommender } = learn(twoGroups());
    const exclude = new Set(['a1']);
    expect([...recommender.recommend(historyOf('a1'), { limit: 10, exclude }).ids].sort()).toEqual([
      'a2',
      'a3',
      'a4',
      'a5',
    ]);
    expect(recommender.recommend(historyOf('unknown'), { limit: 10 }).ids).toEqual([]);
  });

  test('is the cosine, shrunk', () => {
    const at = (user: string, item: string, weight: number) => ({ user, item, weight, time: 0 });
    const rows = [at('s1', 'x', 3), at('s1', 'y', 4), at('s2', 'x', 4), at('s2', 'z', 1), at('s2', 'x', 1)];
    const { neighbours } = learn(rows, { shrinkage: 2 });
    const cosine = (3 * 4) / Math.sqrt((9 + 16) * 16);
    expect(neighbours('y')).toEqual([{ id: 'x', score: Math.round((cosine / 3) * 1e6) / 1e6, support: 1 }]);
    expect(neighbours('z')[0]!.support).toBe(1);
  });

  test('prefers what goes with an item to what is popular everywhere', () => {
    const sessions = Array.from({ length: 40 }, (_, s) =>
      s < 10 ? ['lamp', 'bulb', 'bag'] : ['bag', `other${s}`],
    );
    for (const similarity of ['cosine', 'log-likelihood', 'bm25'] as const) {
      const { recommender } = learn(baskets(...sessions), { similarity });
      expect(recommender.similar('lamp', { limit: 1 }).ids).toEqual(['bulb']);
    }
  });

  test('what a shopper did in two sessions goes together by users, and not by sessions', () => {
    const at = (session: string, item: string) => ({ user: 'u', session, item, weight: 1, time: 0 });
    const rows = [at('1', 'a'), at('1', 'b'), at('2', 'c')];
    expect(learn(rows).neighbours('c')).toEqual([]);
    expect(
      learn(rows, { rows: 'users' })
        .neighbours('c')
        .map(({ id }) => id),
    ).toEqual(['a', 'b']);
  });

  test('pairs only the latest items of a long session', () => {
    const rows = Array.from({ length: 9 }, (_, i) => ({ user: 's', item: `i${i}`, weight: 1, time: i }));
    const { itemIds, neighbours } = learn(rows, { itemsPerRow: 3 });
    expect(itemIds.filter((id) => neighbours(id).length > 0)).toEqual(['i6', 'i7', 'i8']);
  });

  test('keeps the best neighbours, of the items of most sessions', () => {
    const sessions = Array.from({ length: 60 }, (_, s) => ['hub', `n${s % 12}`, ...(s < 30 ? ['n3'] : [])]);
    const all = learn(baskets(...sessions));
    expect(all.neighbours('hub')).toHaveLength(12);
    const few = learn(baskets(...sessions), { neighbours: 5 });
    expect(few.neighbours('hub')).toEqual(all.neighbours('hub').slice(0, 4));
    const popular = learn(baskets(...sessions), { items: 2 });
    expect(popular.neighbours('n3').map(({ id }) => id)).toEqual(['hub']);
    expect(popular.neighbours('n1')).toEqual([]);
  });

  test('the log-likelihood is Dunning’s, and 0 for what chance explains', () => {
    // Dunning (1993), table 3: "the swiss" in 31 777 bigrams has −2 log λ = 270.72.
    expect(logLikelihood(110, 2442 + 110, 111 + 110, 31_777)).toBeCloseTo(1 - 1 / 271.72, 5);
    expect(logLikelihood(5, 50, 10, 100)).toBe(0);
    expect(logLikelihood(0, 50, 10, 100)).toBe(0);
  });

  test('finds what the obvious way finds', () => {
    const row = fc.record({
      user: fc.nat(8).map(String),
      item: fc.nat(9).map(String),
      weight: fc.constantFrom(1, 2, 3, 5),
      time: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 60 }), (rows) => {
        const { neighbours } = learn(rows, { shrinkage: 3 });
        const weight = (user: string, item: string): number =>
          Math.max(0, ...rows.filter((r) => r.user === user && r.item === item).map((r) => r.weight));
        const users = [...new Set(rows.map(({ user }) => user))];
        const dot = (a: string, b: string) => users.reduce((sum, u) => sum + weight(u, a) * weight(u, b), 0);
        for (const { item } of rows) {
          for (const { id, score, support } of neighbours(item)) {
            const both = users.filter((u) => weight(u, item) > 0 && weight(u, id) > 0).length;
            const cosine = dot(item, id) / Math.sqrt(dot(item, item) * dot(id, id));
            expect(support).toBe(both);
            expect(score).toBeCloseTo((cosine * both) / (both + 3), 5);
          }
        }
        const met = new Set(rows.flatMap(({ item }) => neighbours(item).map(({ id }) => `${item} ${id}`)));
        for (const a of rows)
          for (const b of rows)
            if (a.user === b.user && a.item !== b.item) expect(met.has(`${a.item} ${b.item}`)).toBe(true);
      }),
    );
  });
});
