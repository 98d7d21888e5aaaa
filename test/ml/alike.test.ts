import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createContent } from '../../src/ml/content.ts';
import { type ItemText, prepareNamed } from '../../src/ml/training-data.ts';
import { weighWords } from '../../src/ml/word-vectors.ts';

const words = fc.constantFrom('red', 'blue', 'mug', 'cup', 'tall', 'small');
const text = fc.record(
  { name: fc.array(words, { maxLength: 4 }).map((all) => all.join(' ')), category: words, brand: words },
  { requiredKeys: [] },
);

function learn(texts: readonly ItemText[], options: Parameters<typeof createContent>[0]) {
  const catalogue = new Map(texts.map((one, i) => [`p${String(i).padStart(3, '0')}`, one]));
  const content = createContent(options);
  content.fit(prepareNamed([], { catalogue }));
  return content.model!;
}

/** Every item with every other. */
function compared(texts: readonly ItemText[], neighbours: number): number[][] {
  const { starts, words: numbers, weights } = weighWords(texts);
  const vectors = texts.map(
    (_, item) =>
      new Map(
        Array.from(numbers.subarray(starts[item], starts[item + 1]), (word, i) => [
          word,
          weights[starts[item]! + i]!,
        ]),
      ),
  );
  return vectors.map((one, item) =>
    vectors
      .map((other, number) => {
        let sum = 0;
        for (const [word, weight] of one) sum += weight * (other.get(word) ?? 0);
        return { number, score: Math.round(sum * 1e6) };
      })
      .filter(({ number, score }) => number !== item && score > 0)
      .sort((a, b) => b.score - a.score || a.number - b.number)
      .slice(0, neighbours)
      .flatMap(({ number, score }) => [number, score, 0]),
  );
}

describe('what is alike', () => {
  test('is found as by comparing every item with every other, also where many have the same text', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), (texts, neighbours) => {
        const { lists, roughly } = learn(texts, { neighbours });
        expect(texts.map((_, item) => [...lists.of(item)])).toEqual(compared(texts, neighbours));
        expect(roughly).toBe(0);
      }),
    );
  });

  test('is looked for by the rarer words where all would be too much, and the model tells of how many items', () => {
    // Everything is of one category; every ten are of one brand.
    const texts = Array.from({ length: 200 }, (_, i) => ({
      name: `${i % 2 === 0 ? 'even' : 'odd'} ${i % 3}`,
      category: 'things',
      brand: `brand${Math.floor(i / 10)}`,
    }));
    const options = { neighbours: 5, commonShare: 1 };
    const whole = learn(texts, options);
    const rough = learn(texts, { ...options, effort: 60 * 30 });
    expect(whole.roughly).toBe(0);
    expect(rough.roughly).toBe(200);
    for (let item = 0; item < texts.length; item += 1)
      expect([...rough.lists.of(item)]).toEqual([...whole.lists.of(item)]);
    // Not even one word can be gone through.
    const least = learn(texts, { ...options, effort: 1 });
    for (let item = 0; item < texts.length; item += 1) expect(least.lists.of(item).length).toBe(5 * 3);
    const again = learn(texts, { ...options, effort: 1 });
    expect(again.lists.save()).toBe(least.lists.save());
  });
});
