import { RECENCY, weighHistory } from './history.ts';
import {
  FIELDS,
  loadNeighbourLists,
  type NeighbourLists,
  type SavedLists,
  SCORE_UNITS,
} from './neighbour-lists.ts';
import { type ItemModel } from './recommender.ts';

/** A model that is nothing but lists of neighbours: scores are sums of similarities to the items of a history. */
export interface ListModel extends ItemModel {
  readonly lists: NeighbourLists;
  /** Items that were not compared with all others, because they are too many; 0 where absent, and in a model that was loaded. */
  readonly roughly?: number;
  /** Users whom it did not learn of, because they are too many; as above. */
  readonly usersLeftOut?: number;
}

/** @param recency of {@link weighHistory} */
export function listModel(lists: NeighbourLists, recency = RECENCY): ListModel {
  return {
    itemIds: lists.itemIds,
    lists,
    score(history, scores) {
      for (const { item, weight } of weighHistory(history, recency)) addList(lists.of(item), weight, scores);
    },
    similar: (item, scores) => addList(lists.of(item), 1, scores),
  };
}

/** How a list model becomes JSON and back. */
export function listStorage(recency?: number) {
  return {
    save: ({ lists }: ListModel) => lists.save(),
    load: (json: string) => listModel(loadNeighbourLists(JSON.parse(json) as SavedLists), recency),
  };
}

/** Adds the scores of a list, times a weight. */
export function addList(list: Uint32Array, weight: number, scores: Float64Array): void {
  for (let i = 0; i < list.length; i += FIELDS) scores[list[i]!]! += (weight * list[i + 1]!) / SCORE_UNITS;
}

/** 1 over the mean score of items' nearest neighbours: what makes the scores of several algorithms comparable; 0 without any. */
export function scaleOf({ lists }: ListModel): number {
  let [sum, count] = [0, 0];
  for (let item = 0; item < lists.itemIds.length; item += 1) {
    const list = lists.of(item);
    const at = list[0] === item ? FIELDS : 0;
    if (list.length <= at) continue;
    sum += list[at + 1]! / SCORE_UNITS;
    count += 1;
  }
  return count === 0 ? 0 : count / sum;
}
