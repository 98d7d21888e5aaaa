import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutCatalogue } from '../../src/ml/catalogue.ts';
import { quickComponents } from '../../src/ml/hybrid/components.ts';
import { createHybrid } from '../../src/ml/hybrid/hybrid.ts';
import { UNTUNED } from '../../src/ml/hybrid/model.ts';
import { type Interaction, prepare, prepareNamed, toColumns } from '../../src/ml/training-data.ts';

const row: fc.Arbitrary<Interaction> = fc.record({
  user: fc.constantFrom('u', 'v', 'w'),
  item: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
  weight: fc.constantFrom(1, 5),
  time: fc.integer({ min: 1, max: 5 }),
});

describe('catalogue', () => {
  test('the most active products are kept, with all that happened with them', () => {
    fc.assert(
      fc.property(fc.array(row), fc.integer({ min: 0, max: 6 }), (rows, most) => {
        const texts = new Map(rows.map(({ item }) => [item, { name: item }]));
        const { interactions, texts: kept, products, leftOut } = cutCatalogue(toColumns(rows), texts, most);
        const ids = [...new Set(rows.map(({ item }) => item))];
        const activity = (id: string) => {
          const own = rows.filter(({ item }) => item === id);
          return { count: own.length, latest: Math.max(...own.map(({ time }) => time)) };
        };
        const ranked = ids.sort((x, y) => {
          const [a, b] = [activity(x), activity(y)];
          return b.count - a.count || b.latest - a.latest || (x < y ? -1 : 1);
        });
        const expected = ranked.slice(0, most);
        expect([products, leftOut]).toEqual([expected.length, ids.length - expected.length]);
        expect([...kept.keys()].sort()).toEqual(expected.toSorted());
        const found = prepare(interactions);
        expect(found.itemIds).toEqual(expected.toSorted());
        const same = prepareNamed(rows.filter(({ item }) => expected.includes(item)));
        expect([...found.users.items].sort()).toEqual([...same.users.items].sort());
        expect(found.users.rows).toBe(same.users.rows);
        expect(found.now).toBe(same.now);
      }),
    );
  });

  test('150 000 products, all of one session, can be learnt of', () => {
    const ids = Array.from({ length: 150_000 }, (_, i) => `p${i}`);
    const rows = ids.map((item, i) => ({ user: i < 75_000 ? 'one' : `u${i}`, item, weight: 1, time: i }));
    const data = prepareNamed(rows);
    const hybrid = createHybrid({ weights: UNTUNED, components: quickComponents(data) });
    hybrid.fit(data);
    expect(hybrid.recommend([{ id: 'p74999' }], { limit: 5 }).ids).toHaveLength(5);
  });
});
