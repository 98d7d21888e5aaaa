import fc from 'fast-check';
import { inverse, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { createEase } from '../../src/ml/ease.ts';
import { FIELDS, SCORE_UNITS } from '../../src/ml/neighbour-lists.ts';
import { prepareNamed } from '../../src/ml/training-data.ts';

describe('EASE', () => {
  test('agrees with its closed form', () => {
    const row = fc.record({
      user: fc.nat(9).map(String),
      item: fc.nat(6).map(String),
      weight: fc.constantFrom(1, 5),
      time: fc.constant(0),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), (rows) => {
        const model = createEase({ regularization: 3 });
        model.fit(prepareNamed(rows));
        const { itemIds, lists } = model.model!;
        const users = [...new Set(rows.map(({ user }) => user))];
        const X = new Matrix(
          users.map((user) =>
            itemIds.map((item) => Number(rows.some((one) => one.user === user && one.item === item))),
          ),
        );
        const P = inverse(X.transpose().mmul(X).add(Matrix.eye(itemIds.length).mul(3)));
        itemIds.forEach((_, i) => {
          const list = lists.of(i);
          const found = new Map<number, number>();
          for (let at = 0; at < list.length; at += FIELDS) found.set(list[at]!, list[at + 1]! / SCORE_UNITS);
          itemIds.forEach((_, j) => {
            const weight = i === j ? 0 : -P.get(i, j) / P.get(j, j);
            expect(found.get(j) ?? 0).toBeCloseTo(Math.max(0, weight), 5);
          });
        });
      }),
    );
  });

  test('learns the items of most users, where there are too many', () => {
    const rows = ['a', 'a', 'a', 'b', 'b', 'c'].map((item, i) => ({
      user: `${i % 3}`,
      item,
      weight: 1,
      time: 0,
    }));
    const model = createEase({ items: 2, regularization: 1 });
    model.fit(prepareNamed(rows));
    expect(model.similar('a', { limit: 5 }).ids).toEqual(['b']);
    expect(model.similar('c', { limit: 5 }).ids).toEqual([]);
  });
});
