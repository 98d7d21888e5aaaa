import { describe, expect, test } from 'vitest';
import { type BlendedComponent } from '../../src/ml/hybrid/components.ts';
import { UNTUNED } from '../../src/ml/hybrid/model.ts';
import { tune } from '../../src/ml/hybrid/tune.ts';
import { listModel } from '../../src/ml/list-model.ts';
import { createNeighbourLists, SCORE_UNITS } from '../../src/ml/neighbour-lists.ts';
import { type Interaction, prepareNamed } from '../../src/ml/training-data.ts';

const ITEMS = 30;
const DAY = 86_400_000;

/** Users who take an item, and the one after it the next day. */
function shoppers(count: number): Interaction[] {
  return Array.from({ length: count }, (_, user) =>
    [0, 1].map((day) => ({
      user: `u${user}`,
      session: `${day}`,
      item: nameOf(user + day),
      weight: 1,
      time: day * DAY + user,
    })),
  ).flat();
}

function nameOf(item: number): string {
  return `i${String(item % ITEMS).padStart(2, '0')}`;
}

/** Says that an item's neighbour is so many further. */
function neighbour(name: string, distance: number): BlendedComponent {
  return {
    name,
    learn({ itemIds }) {
      const lists = createNeighbourLists(itemIds);
      for (const id of itemIds) {
        const other = itemIds.indexOf(nameOf(Number(id.slice(1)) + distance));
        lists.add(Uint32Array.of(other, SCORE_UNITS, 1), 1);
      }
      return listModel(lists);
    },
  };
}

describe('tuning', () => {
  test('finds the part that knows what shoppers take next', () => {
    const data = prepareNamed(shoppers(200));
    const right = neighbour('right', 1);
    const { weights, quality } = tune(data, [neighbour('wrong', 2), right, neighbour('worse', 3)], () => {});
    expect(quality).toMatchObject({ users: 100, ndcg: 1 });
    expect(quality!.trendingNdcg).toBeLessThan(0.5);
    expect(weights.related.right).toBeGreaterThan(weights.related.wrong! + weights.related.worse!);
  });

  test('nothing is measured where nobody takes anything new', () => {
    const again = shoppers(200).map((one) => ({ ...one, item: nameOf(Number(one.user.slice(1))) }));
    const { weights, quality } = tune(prepareNamed(again), [neighbour('any', 7)], () => {});
    expect(weights).toEqual(UNTUNED);
    expect(quality).toBeUndefined();
  });

  test('what was measured on too few says nothing', () => {
    const { weights, quality } = tune(prepareNamed(shoppers(12)), [neighbour('right', 1)], () => {});
    expect(weights).toEqual(UNTUNED);
    expect(quality).toBeUndefined();
  });
});
