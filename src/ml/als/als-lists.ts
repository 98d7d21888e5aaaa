import { invert } from '../invert.ts';
import { type InteractionMatrix, mostTaken } from '../matrix.ts';
import {
  createBestFew,
  createNeighbourLists,
  FIELDS,
  type NeighbourLists,
  renumber,
  SCORE_UNITS,
} from '../neighbour-lists.ts';
import { type TrainingData } from '../training-data.ts';
import { type AlsModel, rowOf } from './als.ts';
import { foldIn, gramOf } from './fold-in.ts';
import { createProducts } from './products.ts';
import { topN } from './top-n.ts';

export interface AlsListOptions {
  readonly regularization: number;
  readonly neighbours: number;
  /** Most items that get lists, those of most users: time grows with their square. */
  readonly items: number;
}

export interface AlsLists {
  current(): NeighbourLists;
  /**
   * Brings the lists to the items of data that have grown a little: new items get factors from those of the users who took them,
   * and a place in the lists of the others.
   */
  foldIn(data: TrainingData): NeighbourLists;
}

/** Most items that are folded in at a time. */
const NEW_ITEMS = 200;
/** Users whom the factors of a new item are solved from, the latest. */
const USERS_OF_NEW = 30;

/**
 * What ALS says of two items: y · G⁻¹ · y′ with G = YᵀY + λI, by which the score of an item for a user is the sum over the
 * user's items, if the confidence in each is small (Hu, Koren and Volinsky, section 5). So its model can be blended with those
 * that are lists of neighbours.
 */
export function createAlsLists(
  { itemIds, itemFactors, factors, unit, userGram }: AlsModel,
  { users }: TrainingData,
  { regularization, neighbours, items }: AlsListOptions,
): AlsLists {
  const gram = gramOf(itemFactors, factors, regularization);
  const inverse = invert(gram, factors);
  /** Items whose factors count, and these row by row. */
  const ids: string[] = [];
  let rows: Float32Array = new Float32Array(0);
  let lists = createNeighbourLists(itemIds) as NeighbourLists;
  /** Items that somebody had taken when this was learnt, or that were folded in since. */
  const taken = new Set(takenItems(users).map((item) => itemIds[item]!));

  function take(id: string, own: Float32Array): void {
    ids.push(id);
    if (rows.length < ids.length * factors) {
      const larger = new Float32Array(Math.max(1024, 2 * ids.length) * factors);
      larger.set(rows);
      rows = larger;
    }
    rows.set(own, (ids.length - 1) * factors);
  }
  /** Factors by place in `ids`. */
  function filled(): Float32Array {
    return rows.subarray(0, ids.length * factors);
  }
  /** G⁻¹ · y of each row y. */
  function turned(own: Float32Array): Float32Array {
    const result = new Float32Array(own.length);
    for (let start = 0; start < own.length; start += factors) {
      for (let i = 0; i < factors; i += 1) {
        let sum = 0;
        for (let k = 0; k < factors; k += 1) sum += own[start + k]! * inverse[i * factors + k]!;
        result[start + i] = sum;
      }
    }
    return result;
  }
  function build(): void {
    const numbers = new Map(itemIds.map((id, item) => [id, item]));
    const places = ids.map((id) => numbers.get(id)!);
    const placeOf = new Map(places.map((item, place) => [item, place]));
    const built = createNeighbourLists(itemIds);
    const found = topN(filled(), turned(filled()), factors, neighbours);
    const best = createBestFew(neighbours);
    for (let item = 0; item < itemIds.length; item += 1) {
      const place = placeOf.get(item);
      if (place !== undefined) {
        for (let at = place * neighbours; at < (place + 1) * neighbours && found.scores[at]! > 0; at += 1)
          best.offer(places[found.rows[at]!]!, Math.round(found.scores[at]! * SCORE_UNITS), 0);
      }
      best.flush(built);
    }
    lists = built;
  }
  /** Factors for an item, as ALS would solve them, from those of its latest users; all zero where nobody is known. */
  function solve(item: number, matrix: InteractionMatrix, placeOf: (item: number) => number | undefined) {
    const takers = usersOf(matrix, item).slice(-USERS_OF_NEW);
    const confidences: number[] = [];
    const found: Float32Array[] = [];
    for (const { row, weight } of takers) {
      const [columns, own]: [number[], number[]] = [[], []];
      for (let at = matrix.starts[row]!; at < matrix.starts[row + 1]!; at += 1) {
        const place = placeOf(matrix.items[at]!);
        if (place === undefined) continue;
        columns.push(place);
        own.push(1 + matrix.weights[at]! / unit);
      }
      if (columns.length === 0) continue;
      found.push(foldIn(rows, gram, columns, own, factors));
      confidences.push(1 + weight / unit);
    }
    const flat = new Float32Array(found.length * factors);
    found.forEach((user, i) => {
      flat.set(user, i * factors);
    });
    return foldIn(flat, userGram!, [...found.keys()], confidences, factors);
  }

  for (const item of mostTaken(users, items)) take(itemIds[item]!, rowOf(itemFactors, item, factors));
  build();
  return {
    current: () => lists,
    foldIn(data) {
      lists = renumber(lists, data.itemIds);
      const fresh = takenItems(data.users).filter((item) => !taken.has(data.itemIds[item]!));
      if (fresh.length === 0) return lists;
      const places = new Map(ids.map((id, place) => [id, place]));
      const numbers = new Map(data.itemIds.map((id, number) => [id, number]));
      const placeOf = (item: number) => places.get(data.itemIds[item]!);
      const scores = new Map<number, Float64Array>();
      const solved = fresh
        .slice(0, NEW_ITEMS)
        .map((item) => ({ item, own: solve(item, data.users, placeOf) }));
      for (const { item, own } of solved) {
        taken.add(data.itemIds[item]!);
        take(data.itemIds[item]!, own);
      }
      const addProducts = createProducts(filled(), factors);
      for (const { item, own } of solved) {
        const sums = new Float64Array(ids.length);
        addProducts(turned(own), sums);
        scores.set(item, sums);
      }
      const numberOf = ids.map((id) => numbers.get(id));
      lists = withNew(lists, scores, numberOf, neighbours);
      return lists;
    },
  };
}

/** Users who took an item, and how much, the latest last. */
function usersOf({ rows, starts, items, weights, times }: InteractionMatrix, item: number) {
  const found: { row: number; weight: number; time: number }[] = [];
  for (let row = 0; row < rows; row += 1) {
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1)
      if (items[at] === item) found.push({ row, weight: weights[at]!, time: times[at]! });
  }
  return found.sort((a, b) => a.time - b.time || a.row - b.row);
}

/** Items that somebody took, ascending. */
function takenItems({ items }: InteractionMatrix): number[] {
  return [...new Set(items)].sort((a, b) => a - b);
}

/** Lists with new items: each has a list of its own, and a place in those of the others, for the similarity is mutual. */
function withNew(
  lists: NeighbourLists,
  scores: ReadonlyMap<number, Float64Array>,
  numberOf: readonly (number | undefined)[],
  neighbours: number,
): NeighbourLists {
  const placeOf = new Map(numberOf.map((item, place) => [item, place]));
  const extended = createNeighbourLists(lists.itemIds);
  const best = createBestFew(neighbours);
  const offer = (item: number, score: number | undefined) => {
    if (score !== undefined && score > 0) best.offer(item, Math.round(score * SCORE_UNITS), 0);
  };
  for (let item = 0; item < lists.itemIds.length; item += 1) {
    const own = scores.get(item);
    if (own !== undefined) {
      own.forEach((score, place) => {
        const other = numberOf[place];
        if (other !== undefined && !scores.has(other)) offer(other, score);
      });
    }
    const list = lists.of(item);
    for (let i = 0; i < list.length; i += FIELDS) best.offer(list[i]!, list[i + 1]!, list[i + 2]!);
    const place = placeOf.get(item);
    for (const [other, theirs] of scores) if (place !== undefined) offer(other, theirs[place]);
    best.flush(extended);
  }
  return extended;
}
