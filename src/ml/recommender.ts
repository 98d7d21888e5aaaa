/** One observation: somebody did something with an item. */
export interface Interaction {
  /** A row of the interaction matrix: a shopper, a session or a basket, as the algorithm's docstring says. */
  readonly user: string;
  readonly item: string;
  /** How much interest it shows; above 0. */
  readonly weight: number;
  /** When, ms since the epoch. */
  readonly time: number;
}

/** Items with their scores, best first; ties by id, ascending. Scores of different algorithms do not compare. */
export interface Scored {
  readonly ids: readonly string[];
  readonly scores: readonly number[];
}

export interface RecommendOptions {
  readonly limit: number;
  /** Items that must not be recommended. */
  readonly exclude?: ReadonlySet<string>;
}

/**
 * What every algorithm offers, after `RecommenderBase` of benfred/implicit. Pure: no I/O, no clock, and the same
 * interactions in any order give the same model.
 */
export interface Recommender {
  /** Learns from all interactions, replacing what was learnt before. */
  fit(interactions: Iterable<Interaction>): void;
  /**
   * Items for somebody who has shown interest in others.
   * @param history item ids, the latest last; unknown ones are passed over
   */
  recommend(history: readonly string[], options: RecommendOptions): Scored;
  /** Items that go with an item; none for one that is unknown. */
  similar(item: string, options: RecommendOptions): Scored;
  /** The model as JSON. */
  save(): string;
  /** Takes a model that `save` of the same algorithm gave. */
  load(json: string): void;
}

/** The best of the candidates. */
export function topScored(
  candidates: Iterable<readonly [string, number]>,
  { limit, exclude }: RecommendOptions,
): Scored {
  const kept = [...candidates].filter(([id, score]) => score > 0 && exclude?.has(id) !== true);
  kept.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0));
  const best = kept.slice(0, limit);
  return { ids: best.map(([id]) => id), scores: best.map(([, score]) => score) };
}
