import { describe, expect, test } from 'vitest';
import { relatedTo } from '../../src/ml/related.ts';

const LISTS: Record<string, { id: string; score: number; support: number }[]> = {
  old: [
    { id: 'x', score: 0.5, support: 3 },
    { id: 'both', score: 0.1, support: 1 },
  ],
  new: [
    { id: 'y', score: 0.5, support: 4 },
    { id: 'both', score: 0.3, support: 2 },
  ],
};
const neighboursOf = (id: string) => LISTS[id] ?? [];

describe('relatedTo', () => {
  test('weighs the history by how recent it is', () => {
    const related = relatedTo(['old', 'new'], neighboursOf, { recency: 0.8 });
    expect(related.map(({ id }) => id)).toEqual(['y', 'x', 'both']);
    expect(related.map(({ score }) => score)).toEqual([0.5, 0.4, expect.closeTo(0.38)]);
  });

  test('tells what each goes with, the strongest first', () => {
    const both = relatedTo(['old', 'new', 'unknown'], neighboursOf).find(({ id }) => id === 'both');
    expect(both?.because.map(({ id, support }) => [id, support])).toEqual([
      ['new', 2],
      ['old', 1],
    ]);
  });

  test('leaves out what is excluded, and orders ties by id', () => {
    expect(relatedTo(['new'], neighboursOf, { exclude: new Set(['y']) }).map(({ id }) => id)).toEqual([
      'both',
    ]);
    const tie = () => ['b', 'a', 'c'].map((id) => ({ id, score: 0.5, support: 1 }));
    expect(relatedTo(['p'], tie).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});
