import { type ListModel, scaleOf } from '../list-model.ts';
import { createBestFew, createNeighbourLists, FIELDS, type NeighbourLists } from '../neighbour-lists.ts';
import { createRecommender, type ModelRecommender } from '../recommender.ts';
import { type TrainingData } from '../training-data.ts';
import { type BlendedComponent, quickComponents, slowComponents } from './components.ts';
import { type HybridModel, type HybridWeights, hybridModel, loadHybrid, saveHybrid } from './model.ts';
import { trendingScores } from './trending.ts';
import { tune } from './tune.ts';

export interface HybridOptions {
  /** Threads that may be used. @default 1 */
  readonly threads?: number;
  /** Weights that are known already; measured where absent. */
  readonly weights?: HybridWeights;
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** Algorithms to blend. @default all */
  readonly components?: readonly BlendedComponent[];
  /** Numbers of the items that get lists. @default all */
  readonly only?: ReadonlySet<number> | undefined;
}

/**
 * The default: what goes with the history by several algorithms, blended by how well each finds what shoppers took next; what
 * the shopper may take again; and what is trending. The weights are found by coordinate ascent on NDCG@10 over held-out last
 * sessions. A shopper without a history gets what is trending; an item that nobody took yet is reached by its content.
 *
 * The blend is one list of neighbours an item, so that serving needs the lists of the history's items and nothing else.
 */
export function createHybrid(options: HybridOptions = {}): ModelRecommender<HybridModel> {
  return createRecommender<HybridModel>({
    learn(data: TrainingData, progress) {
      const used: readonly BlendedComponent[] = options.components ?? [
        ...quickComponents(data),
        ...slowComponents(options.threads ?? 1),
      ];
      const tuned =
        options.weights === undefined ? tune(data, used, (done) => progress(done / 2)) : undefined;
      const weights = tuned?.weights ?? options.weights!;
      const start = tuned === undefined ? 0 : 0.5;
      const learnt = used.map(({ name, learn, scale }, i) => ({
        name,
        scale,
        model:
          weights.related[name] === 0 && name !== EVIDENCE
            ? undefined
            : learn(data, (done) => progress(start + ((1 - start) * (i + done)) / used.length)),
      }));
      return hybridModel({
        lists: blendLists(data.itemIds, learnt, weights, options.neighbours ?? 50, options.only),
        trending: trendingScores(data, weights.halfLifeMs),
        weights,
        quality: tuned?.quality,
      });
    },
    save: saveHybrid,
    load: loadHybrid,
  });
}

/** The algorithm whose support is what people can understand: how many shoppers took both. */
const EVIDENCE = 'item-knn';

/** Adds up the neighbour lists of several models, each times its weight and scale. An item is no neighbour of its own. */
function blendLists(
  itemIds: readonly string[],
  models: readonly {
    readonly name: string;
    readonly model: ListModel | undefined;
    readonly scale: number | undefined;
  }[],
  { related }: HybridWeights,
  neighbours: number,
  only: ReadonlySet<number> | undefined,
): NeighbourLists {
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(neighbours);
  const scores = new Float64Array(itemIds.length);
  const supports = new Uint32Array(itemIds.length);
  const all = models.flatMap(({ name, model, scale }) => {
    if (model === undefined) return [];
    const factor = (related[name] ?? 0) * (scale ?? scaleOf(model));
    return [{ lists: model.lists, factor, isEvidence: name === EVIDENCE }];
  });
  const isTouched = new Uint8Array(itemIds.length);
  const touched = new Uint32Array(itemIds.length);
  for (let item = 0; item < itemIds.length; item += 1) {
    let count = 0;
    const wanted = only === undefined || only.has(item);
    for (const one of wanted ? all : []) {
      const list = one.lists.of(item);
      for (let i = 0; i < list.length; i += FIELDS) {
        const other = list[i]!;
        if (isTouched[other] === 0) {
          isTouched[other] = 1;
          touched[count] = other;
          count += 1;
        }
        scores[other]! += one.factor * list[i + 1]!;
        if (one.isEvidence) supports[other] = list[i + 2]!;
      }
    }
    // Not all of them: time would grow with the square of the catalogue.
    for (let i = 0; i < count; i += 1) {
      const other = touched[i]!;
      if (other !== item) best.offer(other, Math.round(scores[other]!), supports[other]!);
      isTouched[other] = 0;
      scores[other] = 0;
      supports[other] = 0;
    }
    best.flush(lists);
  }
  return lists;
}
