import { describe, expect, test } from 'vitest';
import { createContent } from '../../src/ml/content.ts';
import { type ItemText, prepareNamed } from '../../src/ml/training-data.ts';
import { wordsOf } from '../../src/ml/word-vectors.ts';

function learn(catalogue: Record<string, ItemText>) {
  const model = createContent();
  model.fit(prepareNamed([], { catalogue: new Map(Object.entries(catalogue)) }));
  return model;
}

describe('content', () => {
  test('is the cosine of TF-IDF vectors, as worked out by hand', () => {
    const model = learn({ x: { name: 'red red mug' }, y: { name: 'red cup' }, z: { name: 'blue cup' } });
    const idf = (df: number) => Math.log(1 + 3 / df);
    const [red, mug, cup, blue] = [idf(2), idf(1), idf(2), idf(1)];
    const x = [(1 + Math.log(2)) * red, mug];
    const [lengthX, lengthY, lengthZ] = [Math.hypot(...x), Math.hypot(red, cup), Math.hypot(blue, cup)];
    const toY = model.similar('x', { limit: 5 });
    expect(toY.ids).toEqual(['y']);
    expect(toY.scores[0]).toBeCloseTo((x[0]! * red) / (lengthX * lengthY), 5);
    const fromZ = model.similar('z', { limit: 5 });
    expect(fromZ.ids).toEqual(['y']);
    expect(fromZ.scores[0]).toBeCloseTo((cup * cup) / (lengthZ * lengthY), 5);
  });

  test('knows words of scripts with and without spaces, whatever their case or width', () => {
    expect(wordsOf({ name: 'Ｒed TEA-Cup' })).toEqual(['red', 'tea', 'cup']);
    const model = learn({
      a: { name: '红色茶杯' },
      b: { name: '蓝色茶杯' },
      c: { name: '办公椅子' },
      d: { name: 'чайная чашка' },
      e: { name: 'большая чашка' },
    });
    expect(model.similar('a', { limit: 5 }).ids).toEqual(['b']);
    expect(model.similar('d', { limit: 5 }).ids).toEqual(['e']);
  });

  test('a category is told from a word of the same name', () => {
    expect(wordsOf({ name: 'cup', category: 'Cup', brand: 'Acme' })).toEqual([
      'cup',
      'cup',
      'category cup',
      'acme',
      'brand acme',
    ]);
    expect(wordsOf(undefined)).toEqual([]);
  });

  test('recommends what nobody has taken yet', () => {
    const model = createContent();
    const catalogue = new Map([
      ['old', { name: 'garden chair' }],
      ['new', { name: 'garden table' }],
    ]);
    model.fit(prepareNamed([{ user: 'u', item: 'old', weight: 1, time: 0 }], { catalogue }));
    expect(model.recommend([{ id: 'old' }], { limit: 5 }).ids).toEqual(['new']);
  });
});
