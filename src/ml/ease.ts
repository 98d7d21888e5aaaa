import { invert } from './invert.ts';
import { type ListModel, listModel, listStorage } from './list-model.ts';
import { type InteractionMatrix, mostTaken } from './matrix.ts';
import { createBestFew, createNeighbourLists, type NeighbourLists, SCORE_UNITS } from './neighbour-lists.ts';
import { createRecommender, type ModelRecommender, type Progress } from './recommender.ts';
import { type TrainingData } from './training-data.ts';

export interface EaseOptions {
  /** How strongly large weights are held back. @default 200 */
  readonly regularization?: number;
  /** Most items that it learns, those of most users: time grows with their third power, memory with their square. @default 2000 */
  readonly items?: number;
  /** Neighbours kept for each item, those of the largest weights. @default 100 */
  readonly neighbours?: number;
  /** Weight of an item of the history relative to the moment after it. @default 0.9 */
  readonly recency?: number;
}

/**
 * EASE: the item-to-item weights B with an empty diagonal that reproduce X as X·B best, which have the closed form
 * B = I − P·diag(1 / P), P = (XᵀX + λI)⁻¹ (Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019). X says
 * which user took which item; how much does not matter. Of B the largest weights are kept.
 */
export function createEase(options: EaseOptions = {}): ModelRecommender<ListModel> {
  const { recency = 0.9 } = options;
  return createRecommender({
    learn: (data: TrainingData, progress) => listModel(findWeights(data, options, progress), recency),
    ...listStorage(recency),
  });
}

function findWeights(
  { itemIds, users }: TrainingData,
  { regularization = 200, items = 2000, neighbours = 100 }: EaseOptions,
  progress: Progress,
): NeighbourLists {
  const { kept, common } = commonUsers(users, items);
  const size = kept.length;
  for (let i = 0; i < size; i += 1) common[i * size + i]! += regularization;
  const gram = common.slice();
  const inverse = invert(common, size, progress);
  const places = new Map(kept.map((item, place) => [item, place]));
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(neighbours);
  for (let item = 0; item < itemIds.length; item += 1) {
    const row = places.get(item);
    for (let other = 0; row !== undefined && other < size; other += 1) {
      const weight = -inverse[row * size + other]! / inverse[other * size + other]!;
      if (other !== row)
        best.offer(kept[other]!, Math.round(weight * SCORE_UNITS), gram[row * size + other]!);
    }
    best.flush(lists);
  }
  return lists;
}

/** The items of most users, ascending, and how many users took both of two of them: a square by their places. */
function commonUsers(interactions: InteractionMatrix, most: number) {
  const { starts, items, rows, columns } = interactions;
  const kept = mostTaken(interactions, most);
  const places = new Int32Array(columns).fill(-1);
  kept.forEach((item, place) => {
    places[item] = place;
  });
  const common = new Float64Array(kept.length ** 2);
  for (let user = 0; user < rows; user += 1) {
    const own: number[] = [];
    for (let at = starts[user]!; at < starts[user + 1]!; at += 1) {
      const place = places[items[at]!]!;
      if (place >= 0) own.push(place);
    }
    for (const one of own) for (const other of own) common[one * kept.length + other]! += 1;
  }
  return { kept, common };
}
