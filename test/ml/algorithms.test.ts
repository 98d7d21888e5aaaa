import { describe, expect, test } from 'vitest';
import { ALGORITHMS, type AlgorithmName } from '../../src/ml/algorithm-names.ts';
import { createAlgorithm } from '../../src/ml/algorithms.ts';
import { type Interaction, prepareNamed } from '../../src/ml/training-data.ts';
import { describeRecommender, type Expectations, historyOf } from './conformance.ts';

/** Sums of floating-point numbers depend on the order of users. */
const FACTORISED = { digits: 3 };
const EXPECTATIONS: Partial<Record<AlgorithmName, Expectations>> = {
  popular: { personal: false },
  trending: { personal: false },
  content: { collaborative: false },
  'item-knn': { digits: 5 },
  als: FACTORISED,
  svd: FACTORISED,
  hybrid: FACTORISED,
};

for (const name of ALGORITHMS) describeRecommender(name, () => createAlgorithm(name), EXPECTATIONS[name]);

describe('every algorithm that learns by who took what', () => {
  /** Shoppers who each like one of ten kinds of products, and now and then take another. */
  function shop(): { train: Interaction[]; tests: { history: string[]; next: string; kind: number }[] } {
    const train: Interaction[] = [];
    const tests: { history: string[]; next: string; kind: number }[] = [];
    let state = 12_345;
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return state / 2 ** 32;
    };
    for (let user = 0; user < 400; user += 1) {
      const kind = user % 10;
      const taken = Array.from({ length: 8 }, () => {
        const own = random() < 0.85 ? kind : Math.floor(random() * 10);
        return `k${own} p${Math.floor(random() ** 2 * 20)}`;
      });
      const history = [...new Set(taken)];
      const next = history.pop()!;
      if (user % 4 === 0 && next.startsWith(`k${kind} `)) tests.push({ history, next, kind });
      else history.push(next);
      history.forEach((item, i) => {
        train.push({
          user: `${user}`,
          session: `${i >> 1}`,
          item,
          weight: 1,
          time: (user * 10 + i) * 60_000,
        });
      });
    }
    return { train, tests };
  }

  test.each(['bought-together', 'item-knn', 'als', 'svd', 'ease', 'session-knn', 'hybrid'] as const)(
    '%s finds what a shopper likes far more often than popularity does',
    (name) => {
      const { train, tests } = shop();
      const [model, floor] = [createAlgorithm(name), createAlgorithm('popular')];
      const shareOfKind = (one: typeof model) => {
        one.fit(prepareNamed(train));
        const right = tests.flatMap(({ history, kind }) =>
          one
            .recommend(historyOf(...history), { limit: 5, exclude: new Set(history) })
            .ids.map((id) => Number(id.startsWith(`k${kind} `))),
        );
        return right.reduce((sum, hit) => sum + hit, 0) / right.length;
      };
      expect(tests.length).toBeGreaterThan(60);
      expect(shareOfKind(floor)).toBeLessThan(0.3);
      expect(shareOfKind(model)).toBeGreaterThan(0.6);
    },
  );
});
