import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/ml/random.ts';
import { createSvd, type SvdOptions } from '../../src/ml/svd.ts';
import { type Interaction, prepareNamed } from '../../src/ml/training-data.ts';

/** Counts 1, being ln(1 + w). */
const ONE = Math.E - 1;

function learn(
  rows: readonly (readonly [user: string, item: string, weight: number])[],
  options: SvdOptions,
) {
  const svd = createSvd(options);
  svd.fit(
    prepareNamed(rows.map(([user, item, weight], i): Interaction => ({ user, item, weight, time: i }))),
  );
  return svd;
}

describe('svd', () => {
  test('is the projection on the first right singular vectors, computed by hand', () => {
    // X = (1 1 0 0; 1 1 0 0; 0 0 1 1): XᵀX has the eigenvector (1 1 0 0) / √2 of the value 4, and (0 0 1 1) / √2 of 2.
    const rows = (['u', 'v'] as const).flatMap((user) => [
      [user, 'a', ONE] as const,
      [user, 'b', ONE] as const,
    ]);
    const svd = learn([...rows, ['w', 'c', ONE], ['w', 'd', ONE]], { factors: 1 });
    const { ids, scores } = svd.recommend([{ id: 'a', weight: ONE }], { limit: 9 });
    expect(ids).toEqual(['a', 'b']);
    for (const score of scores) expect(score).toBeCloseTo(0.5, 6);
    expect(svd.recommend([{ id: 'c', weight: ONE }], { limit: 9 }).ids).toEqual([]);
  });

  test('vectors are orthonormal, and those of the greatest singular values', () => {
    const { vectors, factors } = learn(random(60, 40), { factors: 5 }).model!;
    for (let a = 0; a < factors; a += 1) {
      for (let b = 0; b < factors; b += 1) {
        let product = 0;
        for (let at = 0; at < vectors.length; at += factors) product += vectors[at + a]! * vectors[at + b]!;
        expect(product).toBeCloseTo(Number(a === b), 5);
      }
    }
  });

  test('the randomised decomposition is the exact one', () => {
    const rows = random(200, 60);
    const exact = learn(rows, { factors: 6 });
    const randomised = learn(rows, { factors: 6, exactItems: 0, iterations: 30 });
    for (const id of ['i3', 'i17', 'i41']) {
      const [one, other] = [exact, randomised].map((svd) => svd.recommend([{ id }], { limit: 60 }));
      const scores = new Map(other!.ids.map((item, i) => [item, other!.scores[i]!]));
      one!.ids.forEach((item, i) => {
        expect(scores.get(item) ?? 0, item).toBeCloseTo(one!.scores[i]!, 3);
      });
    }
  });
});

/** Users with tastes of five kinds, so that five singular values stand out. */
function random(users: number, items: number): (readonly [string, string, number])[] {
  const draw = seededRandom(3);
  return Array.from({ length: users }, (_, user) =>
    Array.from(
      { length: items },
      (_, item) => [`u${user}`, `i${item}`, 1 + Math.floor(draw() * 4)] as const,
    ).filter((_, item) => draw() < (item % 6 === user % 6 ? 0.7 : 0.05)),
  ).flat();
}
