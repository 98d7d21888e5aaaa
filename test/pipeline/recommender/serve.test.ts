import { describe, expect, test } from 'vitest';
import { PARTS, partOf } from '../../../src/pipeline/recommender/published.ts';
import { blend } from '../../../src/pipeline/recommender/serve.ts';

const LISTS = new Map([
  [
    'tea',
    [
      ['cup', 0.5, 9],
      ['pot', 0.4, 7],
      ['milk', 0.1, 2],
    ] as const,
  ],
  ['milk', [['cup', 0.2, 3]] as const],
]);
const POPULAR = [
  ['tea', 9],
  ['cup', 8],
  ['soap', 7],
  ['towel', 6],
] as const;

describe('blend', () => {
  test('what goes together first, then what is popular and not yet seen, then the rest', () => {
    const items = blend({ recent: ['milk', 'tea'], bought: [] }, LISTS, POPULAR, 10);
    expect(items.map(({ productId, source, rank }) => [productId, source, rank])).toEqual([
      ['cup', 'co-occurrence', undefined],
      ['pot', 'co-occurrence', undefined],
      ['soap', 'popular', 3],
      ['towel', 'popular', 4],
      ['tea', 'popular', 1],
    ]);
    expect(items[0]).toMatchObject({
      score: 0.66,
      because: [
        { productId: 'tea', support: 9 },
        { productId: 'milk', support: 3 },
      ],
    });
  });

  test('never what the shopper has bought', () => {
    const items = blend({ recent: ['tea'], bought: ['cup', 'soap', 'tea'] }, LISTS, POPULAR, 10);
    expect(items.map(({ productId }) => productId)).toEqual(['pot', 'milk', 'towel']);
  });

  test('gives no more than was asked for, and something to who has done nothing', () => {
    expect(blend({ recent: ['tea'], bought: [] }, LISTS, POPULAR, 2)).toHaveLength(2);
    expect(blend({ recent: [], bought: [] }, LISTS, POPULAR, 2).map(({ rank }) => rank)).toEqual([1, 2]);
    expect(blend({ recent: [], bought: [] }, LISTS, [], 2)).toEqual([]);
  });
});

test('products are spread over the parts', () => {
  const counts = new Array<number>(PARTS).fill(0);
  for (let i = 0; i < 1600; i += 1) counts[partOf(`product-${i}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
});
