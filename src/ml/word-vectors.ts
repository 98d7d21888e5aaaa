import { groupBy, lengthOf } from './matrix.ts';
import { type ItemText } from './training-data.ts';

/** Vectors one after another: those of vector `v` are at `starts[v]` … `starts[v + 1] - 1`. */
export interface WordVectors {
  readonly starts: Uint32Array;
  /** Numbers of words, ascending in every vector. */
  readonly words: Uint32Array;
  readonly weights: Float64Array;
  /** Number of different words. */
  readonly wordCount: number;
}

/** Words of an item that are looked at, the last, where its category and brand are: more would take more memory than all else. */
const MOST_WORDS = 32;

/** Vectors of length 1, by item: its words weighted by TF-IDF, (1 + ln tf) × ln(1 + n / df). */
export function weighWords(texts: readonly (ItemText | undefined)[]): WordVectors {
  const numbers = new Map<string, number>();
  const starts = new Uint32Array(texts.length + 1);
  const words = new Uint32Array(texts.length * MOST_WORDS);
  const counts = new Uint8Array(words.length);
  let end = 0;
  texts.forEach((text, item) => {
    const start = end;
    for (const word of wordsOf(text).slice(-MOST_WORDS)) {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      let at = start;
      while (at < end && words[at] !== number) at += 1;
      if (at === end) end += 1;
      words[at] = number;
      counts[at]! += 1;
    }
    starts[item + 1] = end;
  });
  const frequency = new Uint32Array(numbers.size);
  for (let at = 0; at < end; at += 1) frequency[words[at]!]! += 1;
  const weights = new Float64Array(end);
  for (let at = 0; at < end; at += 1)
    weights[at] = (1 + Math.log(counts[at]!)) * Math.log(1 + texts.length / frequency[words[at]!]!);
  for (let item = 0; item < texts.length; item += 1) {
    const own = weights.subarray(starts[item], starts[item + 1]);
    const length = lengthOf(own);
    for (let i = 0; i < own.length; i += 1) own[i]! /= length;
  }
  return sorted({ starts, words: words.slice(0, end), weights, wordCount: numbers.size });
}

/** The same vectors with ascending words. */
function sorted({ starts, words, weights, wordCount }: WordVectors): WordVectors {
  const byWord = groupBy(words, words.length, wordCount).order;
  const { order } = groupBy(vectorOf(starts), words.length, starts.length - 1, byWord);
  return {
    starts,
    words: order.map((at) => words[at]!),
    weights: Float64Array.from(order, (at) => weights[at]!),
    wordCount,
  };
}

/** By entry, the number of its vector. */
function vectorOf(starts: Uint32Array): Uint32Array {
  const vectors = starts.length - 1;
  const found = new Uint32Array(starts[vectors]!);
  for (let vector = 0; vector < vectors; vector += 1) found.fill(vector, starts[vector], starts[vector + 1]);
  return found;
}

/** By word: its vectors, ascending, and its weight in each, at `starts[w]` … `starts[w + 1] - 1`. */
export function postingsOf({ starts, words, weights, wordCount }: WordVectors) {
  const owners = vectorOf(starts);
  const { starts: byWord, order } = groupBy(words, words.length, wordCount);
  return {
    starts: byWord,
    vectors: order.map((at) => owners[at]!),
    weights: Float64Array.from(order, (at) => weights[at]!),
  };
}

/** What several items say alike, once. */
export interface Wordings {
  readonly vectors: WordVectors;
  /** By item, the number of its vector. */
  readonly of: Uint32Array;
}

/**
 * The different vectors of those words that more than one item has, but not more than `common`: others say nothing of how alike two items are. What is left
 * out of a vector does not make its other weights greater.
 */
export function wordingsOf({ starts, words, weights, wordCount }: WordVectors, common: number): Wordings {
  const frequency = new Uint32Array(wordCount);
  for (const word of words) frequency[word]! += 1;
  const items = starts.length - 1;
  const kept = {
    starts: new Uint32Array(items + 1),
    words: new Uint32Array(words.length),
    weights: new Float64Array(words.length),
  };
  const numbers = new Map<string, number>();
  const of = new Uint32Array(items);
  let end = 0;
  for (let item = 0; item < items; item += 1) {
    const start = end;
    for (let at = starts[item]!; at < starts[item + 1]!; at += 1) {
      const times = frequency[words[at]!]!;
      if (times < 2 || times > common) continue;
      kept.words[end] = words[at]!;
      kept.weights[end] = weights[at]!;
      end += 1;
    }
    const key = bytesOf(kept.words.subarray(start, end)) + bytesOf(kept.weights.subarray(start, end));
    const number = numbers.get(key) ?? numbers.size;
    of[item] = number;
    if (number < numbers.size) end = start;
    else {
      numbers.set(key, number);
      kept.starts[number + 1] = end;
    }
  }
  return {
    of,
    vectors: {
      starts: kept.starts.slice(0, numbers.size + 1),
      words: kept.words.slice(0, end),
      weights: kept.weights.slice(0, end),
      wordCount,
    },
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** What is cut in the same way without a segmenter, much sooner. */
const PLAIN = /^[a-z0-9 ()/&+-]*$/;
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/**
 * The words of an item, folded by case and compatibility. Scripts without spaces are cut by dictionary, as ICU does. A category or a
 * brand is a word as a whole besides.
 */
export function wordsOf(text: ItemText | undefined): string[] {
  const words: string[] = [];
  for (const [field, value] of Object.entries({ ...text })) {
    if (value === undefined) continue;
    const folded = value.normalize('NFKC').toLowerCase();
    if (PLAIN.test(folded)) {
      for (const [word] of folded.matchAll(/[a-z0-9]+/g)) words.push(word);
    } else {
      for (const { segment, isWordLike } of segmenter.segment(folded)) if (isWordLike) words.push(segment);
    }
    if (field !== 'name') words.push(`${field} ${folded}`);
  }
  return words;
}
