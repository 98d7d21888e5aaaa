import { createBestFew, FIELDS, SCORE_UNITS } from './neighbour-lists.ts';
import { postingsOf, type WordVectors } from './word-vectors.ts';

export interface Alike {
  /**
   * Tells the vectors that have a word in common with one, itself among them, each with their product.
   * @returns false where it would be too much to look at all of them: then it tells the best of those that have the rarer words
   */
  find(vector: number, tell: (other: number, product: number) => void): boolean;
}

/**
 * Finds the products of each vector with the others, by word.
 * @param most how many of them matter
 * @param effort how many entries of words are gone through for one vector
 */
export function createAlike(vectors: WordVectors, most: number, effort: number): Alike {
  const { starts, words, weights, wordCount } = vectors;
  const byWord = postingsOf(vectors);
  const count = starts.length - 1;
  const lengthOf = (word: number) => byWord.starts[word + 1]! - byWord.starts[word]!;
  /** The vector that is asked about, by word. */
  const asked = new Float64Array(wordCount);
  /** By vector, its product as far as words have been gone through; and which have any. */
  const sums = new Float64Array(count);
  const met = new Uint32Array(count);
  let metCount = 0;
  // Some that share a common word too may be better than they seem.
  const likely = createBestFew(2 * most);

  function goThrough(word: number, from: number, end: number): void {
    const weight = asked[word]!;
    for (let at = from; at < end; at += 1) {
      const other = byWord.vectors[at]!;
      if (sums[other] === 0) {
        met[metCount] = other;
        metCount += 1;
      }
      sums[other]! += weight * byWord.weights[at]!;
    }
  }
  function product(other: number): number {
    let sum = 0;
    for (let at = starts[other]!; at < starts[other + 1]!; at += 1) sum += asked[words[at]!]! * weights[at]!;
    return sum;
  }
  /** The vectors of the greatest sums by the rarest words; of a word that alone is too much, those numbered next to the vector. */
  function likeliest(vector: number, own: Uint32Array): Uint32Array {
    const rarestFirst = own.toSorted((a, b) => lengthOf(a) - lengthOf(b) || a - b);
    let left = effort;
    for (const word of rarestFirst) {
      const [from, end] = [byWord.starts[word]!, byWord.starts[word + 1]!];
      if (end - from > left) {
        if (metCount > 0) break;
        const place = byWord.vectors.subarray(from, end).indexOf(vector);
        const first = from + Math.max(0, Math.min(end - from - left, place - (left >>> 1)));
        goThrough(word, first, first + left);
        break;
      }
      goThrough(word, from, end);
      left -= end - from;
    }
    for (let i = 0; i < metCount; i += 1) likely.offer(met[i]!, Math.round(sums[met[i]!]! * SCORE_UNITS), 0);
    return likely.take();
  }
  return {
    find(vector, tell) {
      const own = words.subarray(starts[vector], starts[vector + 1]);
      own.forEach((word, i) => {
        asked[word] = weights[starts[vector]! + i]!;
      });
      const isWhole = own.reduce((sum, word) => sum + lengthOf(word), 0) <= effort;
      if (isWhole) {
        for (const word of own) goThrough(word, byWord.starts[word]!, byWord.starts[word + 1]!);
        for (let i = 0; i < metCount; i += 1) tell(met[i]!, sums[met[i]!]!);
      } else {
        const list = likeliest(vector, own);
        for (let i = 0; i < list.length; i += FIELDS) tell(list[i]!, product(list[i]!));
      }
      for (let i = 0; i < metCount; i += 1) sums[met[i]!] = 0;
      for (const word of own) asked[word] = 0;
      metCount = 0;
      return isWhole;
    },
  };
}
