import { groupBy, type InteractionMatrix } from './matrix.ts';
import { drain, firstScored, type Recommender, type RecommendOptions } from './recommender.ts';

export interface PopularityOptions {
  /** After so many ms an interaction counts half. @default one day */
  readonly halfLifeMs?: number;
}

/**
 * Popular now: the weights of the users' interactions with an item, each halved for every half-life that has passed until
 * the newest interaction of all (exponential decay by event time). A user counts once for an item, so that reloading a page
 * makes nothing popular. It recommends the same to everybody, and knows no similar items.
 */
export function createPopularity({ halfLifeMs = 86_400_000 }: PopularityOptions = {}): Recommender {
  /** Best first. */
  let ranked: (readonly [id: string, score: number])[] = [];

  function* fitSteps(interactions: InteractionMatrix): Generator<void, void> {
    const scores = yield* decayedSums(interactions, halfLifeMs);
    const entries = interactions.itemIds.map((id, item) => [id, scores[item]!] as const);
    yield;
    ranked = entries.filter(([, score]) => score > 0).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  }
  const recommend = (_history: readonly string[], options: RecommendOptions) => firstScored(ranked, options);

  return {
    fit: (interactions) => drain(fitSteps(interactions)),
    fitSteps,
    recommend,
    recommendBatch: (histories, options) => histories.map((history) => recommend(history, options)),
    similar: () => ({ ids: [], scores: [] }),
    save: () => JSON.stringify(ranked),
    load(json) {
      ranked = JSON.parse(json);
    },
  };
}

/** @returns the score of each item, by number */
function* decayedSums(
  { itemIds, items, weights, times }: InteractionMatrix,
  halfLifeMs: number,
): Generator<void, Float64Array> {
  let newest = Number.NEGATIVE_INFINITY;
  for (const time of times) newest = Math.max(newest, time);
  const { starts, order } = groupBy(items, items.length, itemIds.length);
  yield;
  const parts = new Float64Array(order.length);
  for (let i = 0; i < order.length; i += 1) {
    const at = order[i]!;
    parts[i] = weights[at]! * 2 ** ((times[at]! - newest) / halfLifeMs);
  }
  yield;
  const sums = new Float64Array(itemIds.length);
  for (let item = 0; item < sums.length; item += 1) {
    // Sums of floating-point numbers depend on their order: from the smallest on.
    for (const part of parts.subarray(starts[item], starts[item + 1]).sort()) sums[item]! += part;
  }
  return sums;
}
