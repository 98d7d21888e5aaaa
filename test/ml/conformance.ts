import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Interaction, toMatrix } from '../../src/ml/matrix.ts';
import { type Recommender } from '../../src/ml/recommender.ts';

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
          one.fit(toMatrix(list));
          two.fit(toMatrix(other));
          expect(everything(two)).toEqual(everything(one));
          expect(two.save()).toBe(one.save());
        }),
      );
    });

    test('answers the same after it was saved and loaded', () => {
      fc.assert(
        fc.property(fc.array(interaction), (list) => {
          const [model, loaded] = [create(), create()];
          model.fit(toMatrix(list));
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
          model.fit(toMatrix(list));
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

    test('puts first what everybody took with the history', () => {
      const baskets = Array.from({ length: 20 }, (_, i) => ['tea', 'cup', `other ${i % 7}`]);
      const model = create();
      model.fit(
        toMatrix(
          baskets.flatMap((items, i) =>
            items.map((item) => ({ user: `${i}`, item, weight: 1, time: i * HOUR })),
          ),
        ),
      );
      const exclude = new Set(['tea']);
      expect(model.recommend(['tea'], { limit: 3, exclude }).ids[0]).toBe('cup');
    });

    test('answers a batch as it answers each', () => {
      const model = create();
      model.fit(toMatrix(twoGroups()));
      const histories = [['a1'], [], ['b2', 'a3'], ['unknown'], ['a1', 'a1']];
      const options = { limit: 4, exclude: new Set(['a2']) };
      expect(model.recommendBatch(histories, options)).toEqual(
        histories.map((history) => model.recommend(history, options)),
      );
    });

    test('in steps learns the same, and answers as before until the last', () => {
      const [model, whole] = [create(), create()];
      model.fit(toMatrix([]));
      whole.fit(toMatrix(twoGroups()));
      let steps = 0;
      for (const _ of model.fitSteps(toMatrix(twoGroups()))) {
        expect(model.recommend(['a1'], { limit: 5 }).ids).toEqual([]);
        steps += 1;
      }
      expect(steps).toBeGreaterThan(0);
      expect(model.save()).toBe(whole.save());
    });

    test('knows nothing before it has learnt, and little from one interaction', () => {
      const model = create();
      expect(model.recommend(['a'], { limit: 5 })).toEqual({ ids: [], scores: [] });
      expect(model.similar('a', { limit: 5 })).toEqual({ ids: [], scores: [] });
      model.fit(toMatrix([{ user: 'u', item: 'a', weight: 1, time: 0 }]));
      expect(model.recommend(['a'], { limit: 5, exclude: new Set(['a']) }).ids).toEqual([]);
      expect(model.similar('a', { limit: 5 }).ids).toEqual([]);
    });

    test('forgets what it learnt before', () => {
      const model = create();
      model.fit(toMatrix(twoGroups()));
      model.fit(toMatrix([]));
      expect(model.recommend(['a1'], { limit: 5 })).toEqual({ ids: [], scores: [] });
    });
  });
}
