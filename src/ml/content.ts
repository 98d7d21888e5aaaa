import { createAlike } from './alike.ts';
import { type ListModel, listModel, listStorage } from './list-model.ts';
import { groupBy } from './matrix.ts';
import {
  createBestFew,
  createNeighbourLists,
  FIELDS,
  type NeighbourLists,
  SCORE_UNITS,
} from './neighbour-lists.ts';
import { createRecommender, type ModelRecommender, type Progress } from './recommender.ts';
import { type TrainingData } from './training-data.ts';
import { weighWords, wordingsOf } from './word-vectors.ts';

export interface ContentOptions {
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** Words of so large a share of the items say nothing, and are passed over; in a small shop none is. @default 0.2 */
  readonly commonShare?: number;
  /** Weight of an item of the history relative to the moment after it. @default 0.8 */
  readonly recency?: number;
  /** Most entries of words that are gone through for all items together, in equal shares for each wording. @default 500 000 000 */
  readonly effort?: number;
}

/** Seconds. Up to some ten thousand different texts of any words, and several ten thousand of ordinary ones, need less. */
const EFFORT = 5e8;
/** Items of a word that are always looked at, however few items the shop has. */
const NEVER_COMMON = 50;

/**
 * Content similarity: the cosine of two items' words in name, category and brand, weighted by TF-IDF, (1 + ln tf) × ln(1 + n / df)
 * (Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988). It needs no interactions, so it knows
 * what nobody has taken yet. Items of one wording are compared once. Where very many wordings have words in common, those of an item are compared
 * that share its rarer words, and the model says of how many items that is so.
 */
export function createContent(options: ContentOptions = {}): ModelRecommender<ListModel> {
  const { recency } = options;
  return createRecommender({
    learn(data: TrainingData, progress) {
      const { lists, roughly } = findAlike(data, options, progress);
      return { ...listModel(lists, recency), roughly };
    },
    ...listStorage(recency),
  });
}

function findAlike(
  { itemIds, texts }: TrainingData,
  { neighbours = 50, commonShare = 0.2, effort = EFFORT }: ContentOptions,
  progress: Progress,
): { lists: NeighbourLists; roughly: number } {
  const common = Math.max(NEVER_COMMON, commonShare * itemIds.length);
  const { vectors, of } = wordingsOf(weighWords(texts), common);
  const wordings = vectors.starts.length - 1;
  const { starts, order: items } = groupBy(of, of.length, wordings);
  // One more than are kept: an item is no neighbour of its own.
  const most = neighbours + 1;
  const alike = createAlike(vectors, most, Math.max(most, Math.floor(effort / wordings)));
  const best = createBestFew(most);
  let roughly = 0;
  function find(wording: number): Uint32Array {
    const isWhole = alike.find(wording, (other, product) => {
      const score = Math.round(product * SCORE_UNITS);
      for (let at = starts[other]!; at < starts[other + 1]! && best.offer(items[at]!, score, 0); at += 1);
    });
    if (!isWhole) roughly += starts[wording + 1]! - starts[wording]!;
    return best.take();
  }
  const lists = createNeighbourLists(itemIds);
  /** What was found for wordings that another item has too. */
  const found = new Map<number, Uint32Array>();
  const own = new Uint32Array(most * FIELDS);
  for (let item = 0; item < itemIds.length; item += 1) {
    const wording = of[item]!;
    const list = found.get(wording) ?? find(wording);
    if (items[starts[wording + 1]! - 1] === item) found.delete(wording);
    else found.set(wording, list);
    let count = 0;
    for (let i = 0; i < list.length && count < neighbours; i += FIELDS) {
      if (list[i] === item) continue;
      own.set(list.subarray(i, i + FIELDS), count * FIELDS);
      count += 1;
    }
    lists.add(own, count);
    if (item % 256 === 0) progress(item / itemIds.length);
  }
  return { lists, roughly };
}
