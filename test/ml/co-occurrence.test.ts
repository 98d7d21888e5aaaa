import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCoOccurrence } from '../../src/ml/co-occurrence.ts';
import { toMatrix } from '../../src/ml/matrix.ts';
import { describeRecommender, twoGroups } from './conformance.ts';

describeRecommender('co-occurrence', () => createCoOccurrence());

describe('co-occurrence', () => {
  test('never recommends across groups that never met', () => {
    const model = createCoOccurrence();
    model.fit(toMatrix(twoGroups()));
    expect([...model.recommend(['a1'], { limit: 10 }).ids].sort()).toEqual(['a2', 'a3', 'a4', 'a5']);
    expect(model.recommend(['unknown'], { limit: 10 }).ids).toEqual([]);
  });

  test('is the cosine, shrunk', () => {
    const model = createCoOccurrence({ shrinkage: 2 });
    const at = (user: string, item: string, weight: number) => ({ user, item, weight, time: 0 });
    model.fit(
      toMatrix([at('s1', 'x', 3), at('s1', 'y', 4), at('s2', 'x', 4), at('s2', 'z', 1), at('s2', 'x', 1)]),
    );
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
      toMatrix(
        sessions.flatMap((items, s) => items.map((item) => ({ user: `${s}`, item, weight: 1, time: 0 }))),
      ),
    );
    expect(model.similar('lamp', { limit: 2 }).ids).toEqual(['bulb', 'bag']);
  });

  test('pairs only the latest items of a long session', () => {
    const model = createCoOccurrence({ itemsPerUser: 3 });
    model.fit(
      toMatrix(Array.from({ length: 9 }, (_, i) => ({ user: 's', item: `i${i}`, weight: 1, time: i }))),
    );
    expect(model.items().filter((item) => model.neighbours(item).length > 0)).toEqual(['i6', 'i7', 'i8']);
  });

  test('keeps the best neighbours, of the items of most sessions', () => {
    const sessions = Array.from({ length: 60 }, (_, s) => ['hub', `n${s % 12}`, ...(s < 30 ? ['n3'] : [])]);
    const matrix = toMatrix(
      sessions.flatMap((items, s) => items.map((item) => ({ user: `${s}`, item, weight: 1, time: 0 }))),
    );
    const [all, few] = [createCoOccurrence(), createCoOccurrence({ neighbours: 4 })];
    all.fit(matrix);
    few.fit(matrix);
    expect(all.neighbours('hub')).toHaveLength(12);
    expect(few.neighbours('hub')).toEqual(all.neighbours('hub').slice(0, 4));
    const popular = createCoOccurrence({ items: 2 });
    popular.fit(matrix);
    expect(popular.items()).toEqual(['hub', 'n3']);
    expect(popular.neighbours('n3').map(({ id }) => id)).toEqual(['hub']);
    expect(popular.neighbours('n1')).toEqual([]);
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
        const model = createCoOccurrence({ shrinkage: 3 });
        model.fit(toMatrix(rows));
        const weight = (user: string, item: string): number =>
          Math.max(0, ...rows.filter((r) => r.user === user && r.item === item).map((r) => r.weight));
        const users = [...new Set(rows.map(({ user }) => user))];
        const dot = (a: string, b: string) => users.reduce((sum, u) => sum + weight(u, a) * weight(u, b), 0);
        for (const { item } of rows) {
          for (const { id, score, support } of model.neighbours(item)) {
            const both = users.filter((u) => weight(u, item) > 0 && weight(u, id) > 0).length;
            const cosine = dot(item, id) / Math.sqrt(dot(item, item) * dot(id, id));
            expect(support).toBe(both);
            expect(score).toBeCloseTo((cosine * both) / (both + 3), 5);
          }
        }
        const met = new Set(
          rows.flatMap(({ item }) => model.neighbours(item).map(({ id }) => `${item} ${id}`)),
        );
        for (const a of rows)
          for (const b of rows)
            if (a.user === b.user && a.item !== b.item) expect(met.has(`${a.item} ${b.item}`)).toBe(true);
      }),
    );
  });
});
