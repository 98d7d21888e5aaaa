import { describe, expect, test } from 'vitest';
import { createAls } from '../../../src/ml/als/als.ts';
import { createAlsLists } from '../../../src/ml/als/als-lists.ts';
import { FIELDS, type NeighbourLists } from '../../../src/ml/neighbour-lists.ts';
import { seededRandom } from '../../../src/ml/random.ts';
import { type Interaction, prepareNamed } from '../../../src/ml/training-data.ts';

const KINDS = ['tea', 'garden', 'books'];

/** Users who take about half of the ten items of their kind. */
function interactions(): Interaction[] {
  const random = seededRandom(7);
  return Array.from({ length: 150 }, (_, user) =>
    Array.from({ length: 10 }, (_, item) => ({
      user: `u${user}`,
      item: `${KINDS[user % 3]}${item}`,
      weight: 1,
      time: user * 100 + item,
    })).filter(() => random() < 0.5),
  ).flat();
}

function namesOf(lists: NeighbourLists, id: string): string[] {
  const list = lists.of(lists.itemIds.indexOf(id));
  return Array.from({ length: list.length / FIELDS }, (_, i) => lists.itemIds[list[i * FIELDS]!]!);
}

function learn() {
  const data = prepareNamed(interactions());
  const als = createAls({ factors: 3, regularization: 0.5 });
  als.fit(data);
  return createAlsLists(als.model!, data, { regularization: 0.5, neighbours: 12, items: 100 });
}

describe('lists of ALS', () => {
  test('have what the same users take first', () => {
    const lists = learn().current();
    const found = lists.itemIds.flatMap((id) =>
      namesOf(lists, id)
        .slice(0, 6)
        .map((other) => other.slice(0, -1) === id.slice(0, -1)),
    );
    expect(found).toHaveLength(30 * 6);
    expect(found.filter(Boolean).length / found.length).toBeGreaterThan(0.98);
  });

  test('take new items in: by their users, without those that are known losing anything', () => {
    const als = learn();
    const before = als.current();
    const more = Array.from({ length: 9 }, (_, i) => [
      { user: `u${i * 3}`, item: 'new tea', weight: 1, time: 1e6 + i },
      { user: `u${i * 3 + 1}`, item: 'a new spade', weight: 1, time: 1e6 + i },
    ]).flat();
    const grown = prepareNamed([
      ...interactions(),
      ...more,
      { user: 'stranger', item: 'thing of nobody', weight: 1, time: 2e6 },
    ]);
    const lists = als.foldIn(grown);
    expect(lists.itemIds).toEqual(grown.itemIds);
    expect(namesOf(lists, 'new tea').slice(0, 7).join()).toMatch(/^((new )?tea\d?,?){7}$/);
    expect(namesOf(lists, 'a new spade').slice(0, 7).join()).toMatch(/^((garden\d|a new spade),?){7}$/);
    expect(namesOf(lists, 'tea1')).toContain('new tea');
    expect(namesOf(lists, 'garden4')).toContain('a new spade');
    expect(namesOf(lists, 'books2').slice(0, 8)).toEqual(namesOf(before, 'books2').slice(0, 8));
    expect(namesOf(lists, 'thing of nobody')).toEqual([]);
    // Again with nothing new, it is the same.
    expect(als.foldIn(grown)).toBe(lists);
  });

  test('new items that the same users take go with each other', () => {
    const more = Array.from({ length: 9 }, (_, i) =>
      ['new cup', 'new tea'].map((item) => ({ user: `u${i * 3}`, item, weight: 1, time: 1e6 + i })),
    ).flat();
    const lists = learn().foldIn(prepareNamed([...interactions(), ...more]));
    expect(namesOf(lists, 'new tea')).toContain('new cup');
    expect(namesOf(lists, 'new cup')).toContain('new tea');
  });

  test('what was in the catalogue before anybody took it is new when somebody does', () => {
    const catalogue = new Map([['new tea', { name: 'Tea' }]]);
    const data = prepareNamed(interactions(), { catalogue });
    const als = createAls({ factors: 3, regularization: 0.5 });
    als.fit(data);
    const learnt = createAlsLists(als.model!, data, { regularization: 0.5, neighbours: 12, items: 100 });
    expect(namesOf(learnt.foldIn(data), 'new tea')).toEqual([]);
    const more = [0, 3, 6].map((user) => ({ user: `u${user}`, item: 'new tea', weight: 1, time: 1e6 }));
    const grown = prepareNamed([...interactions(), ...more], { catalogue });
    expect(namesOf(learnt.foldIn(grown), 'new tea').slice(0, 5).join()).toMatch(/^((new )?tea\d?,?){5}$/);
  });

  test('an item that is folded in stands about where learning puts it', () => {
    const all = [
      ...interactions(),
      ...interactions()
        .filter(({ item }) => item === 'tea3')
        .map((one) => ({ ...one, item: 'twin' })),
    ];
    const grown = prepareNamed(all);
    const folded = namesOf(learn().foldIn(grown), 'twin');
    const own = namesOf(learn().foldIn(grown), 'tea3').filter((id) => id !== 'twin');
    // What the same users took goes with the same things.
    expect(own.slice(0, 6).filter((id) => folded.slice(0, 9).includes(id)).length).toBeGreaterThanOrEqual(5);
  });
});
