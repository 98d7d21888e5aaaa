import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type History, type Recommender, type Scored } from '../../src/ml/recommender.ts';
import { type Interaction, type ItemText, prepareNamed } from '../../src/ml/training-data.ts';

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

/** What the items of the two groups are called: a group's have a word in common. */
export const GROUP_TEXTS: ReadonlyMap<string, ItemText> = new Map(
  ['a', 'b'].flatMap((group) =>
    [1, 2, 3, 4, 5].map((i): [string, ItemText] => {
      return [`${group}${i}`, { name: `${group === 'a' ? 'garden' : 'kitchen'} ${group}${i}` }];
    }),
  ),
);

export function historyOf(...ids: string[]): History {
  return ids.map((id) => ({ id }));
}

const interaction: fc.Arbitrary<Interaction> = fc.record({
  user: fc.constantFrom('u', 'v', 'w', 'x'),
  item: fc.constantFrom('p', 'q', 'r', 's', '__proto__'),
  weight: fc.constantFrom(1, 2, 3, 5),
  time: fc.integer({ min: 0, max: 1000 }).map((hour) => hour * HOUR),
});

export interface Expectations {
  /** It recommends by what was taken, not by who asks. @default true */
  readonly personal?: boolean;
  /** It learns from interactions, not from texts. @default true */
  readonly collaborative?: boolean;
  /** Digits to which scores are the same for the same interactions in another order. @default all */
  readonly digits?: number;
}

/** What every recommender must do. */
export function describeRecommender(
  name: string,
  create: () => Recommender,
  { personal = true, collaborative = true, digits }: Expectations = {},
): void {
  const catalogue = collaborative ? new Map<string, ItemText>() : GROUP_TEXTS;
  const prepared = (list: Iterable<Interaction>) => prepareNamed(list, { catalogue });
  const options = { numRuns: 40 };

  describe(`recommender: ${name}`, () => {
    const everything = (model: Recommender): Scored[] => [
      model.recommend(historyOf('p', 'q'), { limit: 10 }),
      ...['p', 'q', 'r', 's', '__proto__', 'unknown'].map((item) => model.similar(item, { limit: 10 })),
    ];

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
          one.fit(prepared(list));
          two.fit(prepared(other));
          if (digits === undefined) {
            expect(everything(two)).toEqual(everything(one));
            expect(two.save()).toBe(one.save());
            return;
          }
          const byId = (scored: Scored) => new Map(scored.ids.map((id, i) => [id, scored.scores[i]!]));
          const [mine, others] = [everything(one).map(byId), everything(two).map(byId)];
          mine.forEach((scores, i) => {
            for (const [id, score] of scores) expect(others[i]!.get(id) ?? 0).toBeCloseTo(score, digits);
          });
        }),
        options,
      );
    });

    test('answers the same after it was saved and loaded', () => {
      fc.assert(
        fc.property(fc.array(interaction), (list) => {
          const [model, loaded] = [create(), create()];
          model.fit(prepared(list));
          loaded.load(model.save());
          expect(everything(loaded)).toEqual(everything(model));
        }),
        options,
      );
    });

    test('gives at most so many, best first, none twice, none that is excluded or not among the allowed', () => {
      const exclude = new Set(['r', 'a2']);
      const only = (id: string) => id !== 's';
      fc.assert(
        fc.property(fc.array(interaction), fc.integer({ min: 0, max: 4 }), (list, limit) => {
          const model = create();
          model.fit(prepared(list));
          for (const { ids, scores } of [
            model.recommend(historyOf('p'), { limit, exclude, only }),
            model.similar('p', { limit, exclude, only }),
          ]) {
            expect(ids.length).toBeLessThanOrEqual(limit);
            expect(scores).toHaveLength(ids.length);
            expect(new Set(ids).size).toBe(ids.length);
            expect(ids.some((id) => exclude.has(id) || id === 's')).toBe(false);
            expect([...scores].sort((a, b) => b - a)).toEqual(scores);
            expect(scores.every((score) => score > 0)).toBe(true);
          }
        }),
        options,
      );
    });

    test('recommends a group within itself', () => {
      const model = create();
      model.fit(prepared(twoGroups()));
      for (const group of ['a', 'b']) {
        const { ids } = model.recommend(historyOf(`${group}1`), {
          limit: 3,
          exclude: new Set([`${group}1`]),
        });
        expect(ids).toHaveLength(3);
        if (personal) expect(ids.every((id) => id.startsWith(group))).toBe(true);
        const similar = model.similar(`${group}1`, { limit: 3 }).ids;
        expect(similar.every((id) => id.startsWith(group) && id !== `${group}1`)).toBe(true);
        if (personal) expect(similar.length).toBeGreaterThan(0);
      }
    });

    test.runIf(collaborative)('puts first what everybody took with the history', () => {
      const baskets = Array.from({ length: 20 }, (_, i) => ['tea', 'cup', `other ${i % 7}`]);
      const model = create();
      model.fit(
        prepared(
          baskets.flatMap((items, i) =>
            items.map((item) => ({ user: `${i}`, item, weight: 1, time: i * HOUR })),
          ),
        ),
      );
      const exclude = new Set(['tea']);
      expect(model.recommend(historyOf('tea'), { limit: 3, exclude }).ids[0]).toBe('cup');
    });

    test('answers a batch as it answers each', () => {
      const model = create();
      model.fit(prepared(twoGroups()));
      const histories = [['a1'], [], ['b2', 'a3'], ['unknown'], ['a1', 'a4']].map((ids) => historyOf(...ids));
      const request = { limit: 4, exclude: new Set(['a2']) };
      expect(model.recommendBatch(histories, request)).toEqual(
        histories.map((history) => model.recommend(history, request)),
      );
    });

    test('tells how far it is, never back', () => {
      const told: number[] = [];
      create().fit(prepared(twoGroups()), (done) => told.push(done));
      expect(told.every((done) => done >= 0 && done <= 1)).toBe(true);
      expect([...told].sort((a, b) => a - b)).toEqual(told);
    });

    test('knows nothing before it has learnt, and little from one interaction', () => {
      const model = create();
      const nothing = { ids: [], scores: [] };
      expect(model.recommend(historyOf('a'), { limit: 5 })).toEqual(nothing);
      expect(model.similar('a', { limit: 5 })).toEqual(nothing);
      const loaded = create();
      loaded.load(model.save());
      expect(loaded.recommend(historyOf('a'), { limit: 5 })).toEqual(nothing);
      model.fit(prepareNamed([{ user: 'u', item: 'a', weight: 1, time: 0 }]));
      expect(model.recommend(historyOf('a'), { limit: 5, exclude: new Set(['a']) }).ids).toEqual([]);
      expect(model.similar('a', { limit: 5 }).ids).toEqual([]);
    });

    test('forgets what it learnt before', () => {
      const model = create();
      model.fit(prepared(twoGroups()));
      model.fit(prepareNamed([]));
      expect(model.recommend(historyOf('a1'), { limit: 5 })).toEqual({ ids: [], scores: [] });
    });
  });
}
