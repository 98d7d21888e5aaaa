import { type Recommender, topScored } from './recommender.ts';

export interface PopularityOptions {
  /** After so many ms an interaction counts half. @default one day */
  readonly halfLifeMs?: number;
}

/**
 * Popular now: the weights of an item's interactions, each halved for every half-life that has passed until the newest
 * interaction of all (exponential decay by event time). It recommends the same to everybody, and knows no similar items.
 */
export function createPopularity({ halfLifeMs = 86_400_000 }: PopularityOptions = {}): Recommender {
  let scores = new Map<string, number>();

  return {
    fit(interactions) {
      const list = [...interactions];
      const newest = list.reduce(
        (time, interaction) => Math.max(time, interaction.time),
        Number.NEGATIVE_INFINITY,
      );
      // Sums of floating-point numbers depend on their order, so they are added in the order of time.
      list.sort((a, b) => a.time - b.time || a.weight - b.weight);
      scores = new Map();
      for (const { item, weight, time } of list) {
        scores.set(item, (scores.get(item) ?? 0) + weight * 2 ** ((time - newest) / halfLifeMs));
      }
    },
    recommend: (_history, options) => topScored(scores, options),
    similar: () => ({ ids: [], scores: [] }),
    save: () => JSON.stringify([...scores]),
    load(json) {
      scores = new Map(JSON.parse(json) as [string, number][]);
    },
  };
}
