import { invert } from '../invert.ts';
import { type ListModel, listModel } from '../list-model.ts';
import { mostTaken } from '../matrix.ts';
import { createBestFew, createNeighbourLists, SCORE_UNITS } from '../neighbour-lists.ts';
import { type TrainingData } from '../training-data.ts';
import { type AlsModel, addProducts, rowOf } from './als.ts';
import { gramOf } from './fold-in.ts';

/**
 * What ALS says of two items: y · G⁻¹ · y′ with G = YᵀY + λI, by which the score of an item for a user is the sum over the
 * user's items, if the confidence in each is small (Hu, Koren and Volinsky, section 5). So its model can be blended with those
 * that are lists of neighbours.
 * @param items most items that get lists, those of most users: time grows with their square
 */
export function alsLists(
  { itemIds, itemFactors, factors }: AlsModel,
  { users }: TrainingData,
  { regularization, neighbours, items }: { regularization: number; neighbours: number; items: number },
): ListModel {
  const inverse = invert(gramOf(itemFactors, factors, regularization), factors);
  const kept = mostTaken(users, items);
  const rows = new Float32Array(kept.length * factors);
  kept.forEach((item, place) => {
    rows.set(rowOf(itemFactors, item, factors), place * factors);
  });
  const places = new Map(kept.map((item, place) => [item, place]));
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(neighbours);
  const turned = new Float64Array(factors);
  const scores = new Float64Array(kept.length);
  for (let item = 0; item < itemIds.length; item += 1) {
    if (places.has(item)) {
      const own = rowOf(itemFactors, item, factors);
      for (let i = 0; i < factors; i += 1) {
        turned[i] = own.reduce((sum, value, k) => sum + value * inverse[i * factors + k]!, 0);
      }
      addProducts(rows, turned, scores.fill(0));
      scores.forEach((score, place) => {
        if (score > 0) best.offer(kept[place]!, Math.round(score * SCORE_UNITS), 0);
      });
    }
    best.flush(lists);
  }
  return listModel(lists);
}
