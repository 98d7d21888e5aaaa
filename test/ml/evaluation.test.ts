import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate, qualityAt } from '../../src/ml/evaluation/metrics.ts';
import { split } from '../../src/ml/evaluation/split.ts';
import { type Interaction, toColumns } from '../../src/ml/training-data.ts';

const row: fc.Arbitrary<Interaction> = fc.record({
  user: fc.constantFrom('u', 'v', 'w'),
  session: fc.constantFrom('1', '2', '3'),
  item: fc.constantFrom('a', 'b', 'c', 'd'),
  weight: fc.constantFrom(1, 5),
  time: fc.integer({ min: 1, max: 20 }),
});

describe('a split', () => {
  test('hides what came last, from who had done something before, and loses nothing else', () => {
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const interactions = toColumns(rows);
        const { train, tests } = split(interactions, { method: 'leave-last-out', target: 5 });
        const users = [...new Set(rows.map(({ user }) => user))];
        let kept = 0;
        const known = new Set(Array.from(train.items, (item) => train.itemIds[item]!));
        users.forEach((user, number) => {
          const own = rows.filter((one) => one.user === user);
          const beginOf = (session: string) =>
            Math.min(...own.filter((one) => one.session === session).map(({ time }) => time));
          const sessions = [
            ...new Set(own.filter(({ weight }) => weight >= 5).map(({ session }) => session!)),
          ];
          const cut = Math.max(...sessions.map(beginOf));
          const last = sessions.filter((session) => beginOf(session) === cut);
          const test = tests.find((one) => one.user === number);
          const before = own.filter(({ session, time }) => time < cut && !last.includes(session!));
          if (sessions.length === 0 || (last.length === 1 && before.length === 0)) {
            expect(test).toBeUndefined();
            kept += own.length;
            return;
          }
          // Of two that began at once either may be taken.
          if (last.length > 1) {
            kept = Number.NaN;
            return;
          }
          kept += before.length;
          const after = own.filter((one) => !before.includes(one) && one.weight >= 5);
          const relevant = new Set(after.map(({ item }) => item).filter((item) => known.has(item)));
          expect(test?.relevant ?? new Set()).toEqual(relevant);
          if (test !== undefined)
            expect(new Set(test.history.map(({ id }) => id))).toEqual(
              new Set(before.map(({ item }) => item)),
            );
        });
        if (!Number.isNaN(kept)) expect(train.length).toBe(kept);
      }),
    );
  });

  test('by time hides what all did after one moment', () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      user: `${i % 2}`,
      item: `${i % 3}`,
      weight: 5,
      time: i,
    }));
    const { train, tests } = split(toColumns(rows), { method: 'temporal', target: 5, share: 0.2 });
    expect(Math.max(...Array.from(train.times))).toBe(15);
    expect(train.length).toBe(16);
    expect(tests.map(({ user, relevant }) => [user, [...relevant].sort()])).toEqual([
      [0, ['0', '1']],
      [1, ['1', '2']],
    ]);
  });
});

describe('metrics', () => {
  test('are what is worked out by hand', () => {
    const found = qualityAt(['x', 'a', 'y', 'b', 'c'], new Set(['a', 'b', 'z']), 4);
    expect(found.recall).toBeCloseTo(2 / 3, 12);
    expect(found.hitRate).toBe(1);
    expect(found.mrr).toBe(1 / 2);
    const gain = 1 / Math.log2(3) + 1 / Math.log2(5);
    expect(found.ndcg).toBeCloseTo(gain / (1 + 1 / Math.log2(3) + 1 / Math.log2(4)), 12);
    expect(qualityAt(['x'], new Set(['a']), 5)).toEqual({ recall: 0, ndcg: 0, hitRate: 0, mrr: 0 });
    expect(qualityAt(['a', 'b'], new Set(['a', 'b']), 5)).toEqual({ recall: 1, ndcg: 1, hitRate: 1, mrr: 1 });
  });

  test('a mean has a spread, unless it is of one', () => {
    const { mean, halfWidth } = estimate([0, 0, 1, 1]);
    expect(mean).toBe(0.5);
    expect(halfWidth).toBeCloseTo((1.96 * Math.sqrt(1 / 3)) / 2, 12);
    expect(estimate([3])).toEqual({ mean: 3, halfWidth: null });
  });
});
