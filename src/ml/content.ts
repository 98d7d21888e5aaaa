import { type ListModel, listModel, listStorage } from './list-model.ts';
import { groupBy, lengthOf } from './matrix.ts';
import { createBestFew, createNeighbourLists, type NeighbourLists, SCORE_UNITS } from './neighbour-lists.ts';
import { createRecommender, type ModelRecommender, type Progress } from './recommender.ts';
import { type ItemText, type TrainingData } from './training-data.ts';

export interface ContentOptions {
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** Words of so large a share of the items say nothing, and are passed over; in a small shop none is. @default 0.2 */
  readonly commonShare?: number;
  /** Weight of an item of the history relative to the moment after it. @default 0.8 */
  readonly recency?: number;
}

/** Words of an item that are looked at, the last, where its category and brand are: more would take more memory than all else. */
const MOST_WORDS = 32;
/** Items of a word that are always looked at, however few items the shop has. */
const NEVER_COMMON = 50;

/**
 * Content similarity: the cosine of two items' words in name, category and brand, weighted by TF-IDF, (1 + ln tf) × ln(1 + n / df)
 * (Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988). It needs no interactions, so it knows
 * what nobody has taken yet.
 */
export function createContent(options: ContentOptions = {}): ModelRecommender<ListModel> {
  const { recency } = options;
  return createRecommender({
    learn: (data: TrainingData, progress) => listModel(findAlike(data, options, progress), recency),
    ...listStorage(recency),
  });
}

function findAlike(
  { itemIds, texts }: TrainingData,
  { neighbours = 50, commonShare = 0.2 }: ContentOptions,
  progress: Progress,
): NeighbourLists {
  const vectors = weigh(texts.map((text) => wordsOf(text).slice(-MOST_WORDS)));
  const common = Math.max(NEVER_COMMON, commonShare * itemIds.length);
  const { starts, words, weights } = vectors;
  const byWord = postingsOf(vectors);
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(neighbours);
  const scores = new Float64Array(itemIds.length);
  const touched = new Uint32Array(itemIds.length);
  for (let item = 0; item < itemIds.length; item += 1) {
    let met = 0;
    for (let at = starts[item]!; at < starts[item + 1]!; at += 1) {
      const weight = weights[at]!;
      const [from, to] = [byWord.starts[words[at]!]!, byWord.starts[words[at]! + 1]!];
      if (to - from > common) continue;
      for (let entry = from; entry < to; entry += 1) {
        const other = byWord.items[entry]!;
        if (scores[other] === 0) {
          touched[met] = other;
          met += 1;
        }
        scores[other]! += weight * byWord.weights[entry]!;
      }
    }
    for (let i = 0; i < met; i += 1) {
      const other = touched[i]!;
      if (other !== item) best.offer(other, Math.round(scores[other]! * SCORE_UNITS), 0);
      scores[other] = 0;
    }
    best.flush(lists);
    if (item % 256 === 0) progress(item / itemIds.length);
  }
  return lists;
}

/** Vectors by item: those of item `i` are at `starts[i]` … `starts[i + 1] - 1`. */
interface Vectors {
  readonly starts: Uint32Array;
  /** Numbers of words, ascending in every vector. */
  readonly words: Uint32Array;
  readonly weights: Float64Array;
}

/** Vectors of length 1. */
function weigh(items: readonly string[][]): Vectors {
  const numbers = new Map<string, number>();
  const counts = items.map((words) => {
    const count = new Map<number, number>();
    for (const word of words) {
      const number = numbers.get(word) ?? numbers.size;
      numbers.set(word, number);
      count.set(number, (count.get(number) ?? 0) + 1);
    }
    return count;
  });
  const frequency = new Uint32Array(numbers.size);
  for (const count of counts) for (const word of count.keys()) frequency[word]! += 1;
  const vectors = counts.map((count) => {
    const vector = [...count].map(
      ([word, tf]) => [word, (1 + Math.log(tf)) * Math.log(1 + items.length / frequency[word]!)] as const,
    );
    const length = lengthOf(vector.map(([, weight]) => weight));
    return vector.map(([word, weight]) => [word, weight / length] as const).sort(([a], [b]) => a - b);
  });
  const starts = new Uint32Array(items.length + 1);
  vectors.forEach((vector, item) => {
    starts[item + 1] = starts[item]! + vector.length;
  });
  const flat = vectors.flat();
  return {
    starts,
    words: Uint32Array.from(flat, ([word]) => word),
    weights: Float64Array.from(flat, ([, weight]) => weight),
  };
}

/** The same by word: the items of word `w`, ascending, and its weight in each, are at `starts[w]` … `starts[w + 1] - 1`. */
function postingsOf({ starts, words, weights }: Vectors) {
  const count = words.reduce((most, word) => Math.max(most, word + 1), 0);
  const itemOf = new Uint32Array(words.length);
  for (let item = 0; item + 1 < starts.length; item += 1) itemOf.fill(item, starts[item], starts[item + 1]);
  const { starts: byWord, order } = groupBy(words, words.length, count);
  return {
    starts: byWord,
    items: order.map((entry) => itemOf[entry]!),
    weights: Float64Array.from(order, (entry) => weights[entry]!),
  };
}

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
    for (const { segment, isWordLike } of segmenter.segment(folded)) if (isWordLike) words.push(segment);
    if (field !== 'name') words.push(`${field} ${folded}`);
  }
  return words;
}
