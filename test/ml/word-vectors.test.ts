import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wordsOf } from '../../src/ml/word-vectors.ts';

test('plain text is cut as ICU cuts it', () => {
  const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
  const letters = [...'abz019 ()/&+-AZ'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...letters), { maxLength: 30 }), (parts) => {
      const name = parts.join('');
      const words = [...segmenter.segment(name.toLowerCase())];
      expect(wordsOf({ name })).toEqual(
        words.filter(({ isWordLike }) => isWordLike).map(({ segment }) => segment),
      );
    }),
    { numRuns: 2000 },
  );
});
