import { groupBy } from './matrix.ts';
import { createRecommender, type ItemModel, type ModelRecommender } from './recommender.ts';
import { type TrainingData } from './training-data.ts';

export interface PopularityOptions {
  /** After so many ms an interaction counts half. @default one day */
  readonly halfLifeMs?: number;
}

export interface PopularityModel extends ItemModel {
  /** By item number. */
  readonly scores: Float64Array;
}

/**
 * What is popular: the weights of the sessions' interactions with an item, each halved for every half-life that has passed
 * until the newest interaction of all (exponential decay by event time). With a short half-life this is what trends. A session
 * counts once for an item, so that reloading a page makes nothing popular. It recommends the same to everybody, and knows no
 * similar items.
 */
export function createPopularity({
  halfLifeMs = 86_400_000,
}: PopularityOptions = {}): ModelRecommender<PopularityModel> {
  return createRecommender({
    learn: (data) => popularityModel(data.itemIds, decayedSums(data, halfLifeMs)),
    save: ({ itemIds, scores }) => JSON.stringify({ itemIds, scores: [...scores] }),
    load(json) {
      const { itemIds, scores } = JSON.parse(json) as { itemIds: string[]; scores: number[] };
      return popularityModel(itemIds, Float64Array.from(scores));
    },
  });
}

function popularityModel(itemIds: readonly string[], scores: Float64Array): PopularityModel {
  return { itemIds, scores, score: (_, out) => out.set(scores), similar: () => {} };
}

/** @returns the score of each item, by number */
function decayedSums({ itemIds, sessions, now }: TrainingData, halfLifeMs: number): Float64Array {
  const { items, weights, times } = sessions;
  const { starts, order } = groupBy(items, items.length, itemIds.length);
  const parts = new Float64Array(order.length);
  for (let i = 0; i < order.length; i += 1) {
    const at = order[i]!;
    parts[i] = weights[at]! * 2 ** ((times[at]! - now) / halfLifeMs);
  }
  const sums = new Float64Array(itemIds.length);
  for (let item = 0; item < sums.length; item += 1) {
    // Sums of floating-point numbers depend on their order: from the smallest on.
    for (const part of parts.subarray(starts[item], starts[item + 1]).sort()) sums[item]! += part;
  }
  return sums;
}
