import { type TrainingData } from './training-data.ts';

/** Items with their scores, best first; ties by id, ascending. Scores of different algorithms do not compare. */
export interface Scored {
  readonly ids: readonly string[];
  readonly scores: readonly number[];
}

/** An item in which somebody has shown interest. */
export interface HistoryItem {
  readonly id: string;
  /** How much, as in the interactions; several interactions with an item may be one with their sum. @default 1 */
  readonly weight?: number;
  /** When last, ms since the epoch. Items of one time belong together; without times, each stands for itself. */
  readonly time?: number;
}

/** The latest last; each item once. Unknown ones are passed over. */
export type History = readonly HistoryItem[];

export interface RecommendOptions {
  readonly limit: number;
  /** Items that must not be recommended. Nothing else is left out, not even what is in the history. */
  readonly exclude?: ReadonlySet<string>;
  /** Which items may be recommended; all where absent. */
  readonly only?: (id: string) => boolean;
}

/** Told what share of the work is done, 0 to 1. */
export type Progress = (done: number) => void;

/**
 * What every algorithm offers, after `RecommenderBase` of benfred/implicit. Pure: no I/O, no clock, and the same
 * interactions in any order give the same model, but for the rounding of sums. Hyper-parameters are options of the factory.
 */
export interface Recommender {
  /** Learns from all interactions, replacing what was learnt before. It may take long, and does not yield. */
  fit(data: TrainingData, progress?: Progress): void;
  /** Items for somebody who has shown interest in others. */
  recommend(history: History, options: RecommendOptions): Scored;
  /** What `recommend` answers for each history. */
  recommendBatch(histories: readonly History[], options: RecommendOptions): Scored[];
  /** Items that go with an item; none for one that is unknown. */
  similar(item: string, options: RecommendOptions): Scored;
  /** The model as JSON. */
  save(): string;
  /** Takes a model that `save` of the same algorithm gave. */
  load(json: string): void;
}

/** An item of a history that is known, by its number. */
export interface Interest {
  readonly item: number;
  readonly weight: number;
  readonly time: number | undefined;
}

/** What an algorithm has learnt. It adds to scores by item, which are 0 before: above 0 is for, the rest is not recommended. */
export interface ItemModel {
  /** Ascending. */
  readonly itemIds: readonly string[];
  score(history: readonly Interest[], scores: Float64Array): void;
  /** May score the item itself too, which is left out. */
  similar(item: number, scores: Float64Array): void;
}

/** How one algorithm learns, and how its model becomes JSON and back. */
export interface Algorithm<Model extends ItemModel> {
  learn(data: TrainingData, progress: Progress): Model;
  save(model: Model): string;
  load(json: string): Model;
}

/** A recommender whose model can be looked at. */
export interface ModelRecommender<Model extends ItemModel> extends Recommender {
  /** `undefined` before anything was learnt. */
  readonly model: Model | undefined;
}

/** Makes a recommender of what is particular to an algorithm. */
export function createRecommender<Model extends ItemModel>(
  algorithm: Algorithm<Model>,
): ModelRecommender<Model> {
  let model: Model | undefined;
  let numbers = new Map<string, number>();
  let scores = new Float64Array(0);

  function take(learnt: Model): void {
    model = learnt;
    numbers = new Map(learnt.itemIds.map((id, number) => [id, number]));
    scores = new Float64Array(learnt.itemIds.length);
  }
  function interests(history: History): Interest[] {
    return history.flatMap(({ id, weight = 1, time }) => {
      const item = numbers.get(id);
      return item === undefined ? [] : [{ item, weight, time }];
    });
  }
  function recommend(history: History, options: RecommendOptions): Scored {
    if (model === undefined) return { ids: [], scores: [] };
    model.score(interests(history), scores.fill(0));
    return bestOf(model.itemIds, scores, options);
  }
  return {
    fit: (data, progress = () => {}) => take(algorithm.learn(data, progress)),
    recommend,
    recommendBatch: (histories, options) => histories.map((history) => recommend(history, options)),
    similar(id, options) {
      const item = numbers.get(id);
      if (model === undefined || item === undefined) return { ids: [], scores: [] };
      model.similar(item, scores.fill(0));
      scores[item] = 0;
      return bestOf(model.itemIds, scores, options);
    },
    save: () => (model === undefined ? 'null' : algorithm.save(model)),
    load(json) {
      if (json !== 'null') take(algorithm.load(json));
    },
    get model() {
      return model;
    },
  };
}

/** The items of the highest scores above 0 that may be recommended. */
function bestOf(
  itemIds: readonly string[],
  scores: Float64Array,
  { limit, exclude, only }: RecommendOptions,
): Scored {
  const best = bestItems(scores, limit, (item) => {
    const id = itemIds[item]!;
    return exclude?.has(id) !== true && (only === undefined || only(id));
  });
  return { ids: best.map((item) => itemIds[item]!), scores: best.map((item) => scores[item]!) };
}

/** The numbers of the highest scores above 0, best first, ties by number. */
export function bestItems(
  scores: Float64Array,
  limit: number,
  mayBe: (item: number) => boolean = () => true,
): number[] {
  const best: number[] = [];
  if (limit === 0) return best;
  for (let item = 0; item < scores.length; item += 1) {
    const score = scores[item]!;
    if (!(score > 0) || (best.length === limit && score <= scores[best[limit - 1]!]!)) continue;
    if (!mayBe(item)) continue;
    insert(best, item, scores);
    if (best.length > limit) best.pop();
  }
  return best;
}

/** Puts an item behind those of an equal or higher score. */
function insert(best: number[], item: number, scores: Float64Array): void {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (scores[best[middle]!]! >= scores[item]!) low = middle + 1;
    else high = middle;
  }
  best.splice(low, 0, item);
}
