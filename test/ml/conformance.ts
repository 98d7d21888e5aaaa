import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Interaction, type Recommender } from '../../src/ml/recommender.ts';

const HOUR = 3_600_000;

/** Two groups of items that never meet; `a1` and `b1` are the most popular of theirs. */
export function twoGroups(): Interaction[] {
  const interactions: Interaction[] = [];
  for (let session = 0; session < 60; session += 1) {
    const group = session % 2 === 0 ? 'a' : 'b';
    for (let i = 1; i <= 5; i += 1) {
      if ((session >> 1) % i === 0)
        interactions.push({ user: `s${session}`, item: `${group}${i}`, weight: 1, time: session * HOUR });
    }
  }
  return interactions;
}

const interaction: fc.Arbitrary<Interaction> = fc.record({
  user: fc.constantFrom('u', 'v', 'w', 'x'),
  item: fc.constantFrom('p', 'q', 'r', 's', '__proto__'),
  weight: fc.constantFrom(1, 2, 3, 5),
  time: fc.integer({ min: 0, max: 1000 }).map((hour) => hour * HOUR),
});

/** What every recommender must do. */
export function describeRecommender(name: string, create: () => Recommender): void {
  describe(`recommender: ${name}`, () => {
    const everything = (model: Recommender) => ({
      recommended: model.recommend(['p', 'q'], { limit: 10 }),
      similar: ['p', 'q', 'r', 's', '__proto__', 'unknown'].map((item) => model.similar(item, { limit: 10 })),
    });

    test('learns the same from the same interactions in any order', () => {
      const shuffled = fc
        .array(interaction, { maxLength: 40 })
        .chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
          ),
        );
      fc.assert(
        fc.property(shuffled, ([list, other]) => {
          const [one, two] = [create(), create()];
          one.fit(list);
          two.fit(other);
          expect(everything(two)).toEqual(everything(one));
          expect(two.save()).toBe(one.save());
        }),
      );
    });

    test('answers the same after it was saved and loaded', () => {
      fc.assert(
        fc.property(fc.array(interaction), (list) => {
          const [model, loaded] = [create(), create()];
          model.fit(list);
          loaded.load(model.save());
          expect(everything(loaded)).toEqual(everything(model));
        }),
      );
    });

    test('gives at most so many, best first, none twice, none that is excluded', () => {
      const exclude = new Set(['r', 'a2']);
      fc.assert(
        fc.property(fc.array(interaction), fc.integer({ min: 0, max: 4 }), (list, limit) => {
          const model = create();
          model.fit(list);
          for (const { ids, scores } of [
            model.recommend(['p'], { limit, exclude }),
            model.similar('p', { limit, exclude }),
          ]) {
            expect(ids.length).toBeLessThanOrEqual(limit);
            expect(scores).toHaveLength(ids.length);
            expect(new Set(ids).size).toBe(ids.length);
            expect(ids.some((id) => exclude.has(id))).toBe(false);
            expect([...scores].sort((a, b) => b - a)).toEqual(scores);
          }
        }),
      );
    });

    test('forgets what it learnt before', () => {
      const model = create();
      model.fit(twoGroups());
      model.fit([]);
      expect(model.recommend(['a1'], { limit: 5 })).toEqual({ ids: [], scores: [] });
    });
  });
}
