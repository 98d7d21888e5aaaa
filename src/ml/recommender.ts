import { type InteractionMatrix } from './matrix.ts';

/** Items with their scores, best first; ties by id, ascending. Scores of different algorithms do not compare. */
export interface Scored {
  readonly ids: readonly string[];
  readonly scores: readonly number[];
}

export interface RecommendOptions {
  readonly limit: number;
  /** Items that must not be recommended. Nothing else is left out, not even what is in the history. */
  readonly exclude?: ReadonlySet<string>;
}

/**
 * What every algorithm offers, after `RecommenderBase` of benfred/implicit. Pure: no I/O, no clock, and the same
 * interactions in any order give the same model. Hyper-parameters are options of the factory.
 */
export interface Recommender {
  /** Learns from all interactions, replacing what was learnt before. */
  fit(interactions: InteractionMatrix): void;
  /**
   * Does what `fit` does, in steps of some milliseconds, for a caller that has other things to do: one step at each
   * `next()`. What was learnt before remains in use until the last step.
   */
  fitSteps(interactions: InteractionMatrix): Generator<void, void>;
  /**
   * Items for somebody who has shown interest in others.
   * @param history item ids, the latest last; unknown ones are passed over
   */
  recommend(history: readonly string[], options: RecommendOptions): Scored;
  /** What `recommend` answers for each history. */
  recommendBatch(histories: readonly (readonly string[])[], options: RecommendOptions): Scored[];
  /** Items that go with an item; none for one that is unknown. */
  similar(item: string, options: RecommendOptions): Scored;
  /** The model as JSON. */
  save(): string;
  /** Takes a model that `save` of the same algorithm gave. */
  load(json: string): void;
}

/** Takes all steps at once. */
export function drain(steps: Generator<void, void>): void {
  while (steps.next().done !== true);
}

/** The first of the items, which are in the order of their scores. */
export function firstScored(
  items: Iterable<readonly [string, number]>,
  { limit, exclude }: RecommendOptions,
): Scored {
  const ids: string[] = [];
  const scores: number[] = [];
  for (const [id, score] of items) {
    if (ids.length >= limit) break;
    if (exclude?.has(id) === true) continue;
    ids.push(id);
    scores.push(score);
  }
  return { ids, scores };
}
