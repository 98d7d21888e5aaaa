import { groupBy, type InteractionMatrix } from './matrix.ts';
import {
  createBestFew,
  createNeighbourLists,
  loadNeighbourLists,
  type NeighbourLists,
  SCORE_UNITS,
} from './neighbour-lists.ts';
import { drain, firstScored, type Recommender, type RecommendOptions, type Scored } from './recommender.ts';
import { type Neighbour, RECENCY, relatedTo } from './related.ts';
import { latestOfEach, type Sessions } from './sessions.ts';

export interface CoOccurrenceOptions {
  /** Most items of one session that are paired, the latest; more say more about the session than about the items. @default 50 */
  readonly itemsPerUser?: number;
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** How many common sessions it takes to believe half of a similarity. @default 5 */
  readonly shrinkage?: number;
  /** Weight of an item of the history relative to the one after it. @default 0.8 */
  readonly recency?: number;
  /** Most items that get neighbours: those of most sessions. @default 20 000 */
  readonly items?: number;
}

/** A recommender that can also tell on what evidence. */
export interface CoOccurrence extends Recommender {
  /** Neighbours of an item, best first. */
  neighbours(item: string): readonly Neighbour[];
  /** All items that were learnt, ascending. */
  items(): readonly string[];
}

/** Pairs that are looked at in one step. */
const STEP_PAIRS = 1_000_000;

/**
 * Item-to-item co-occurrence: what was in the same session or basket goes together. The similarity of two items is the
 * cosine of their rows of weights by session, which does not favour popular items (Sarwar et al., "Item-based collaborative
 * filtering recommendation algorithms", WWW 2001; Deshpande and Karypis, "Item-based top-N recommendation algorithms",
 * TOIS 2004), times n / (n + shrinkage) for n common sessions, because few may be chance.
 *
 * A user of the interactions is a session or a basket. Memory is bounded by the options: the sessions as they are, one row
 * of pairs at a time, and `items` × `neighbours` results.
 */
export function createCoOccurrence(options: CoOccurrenceOptions = {}): CoOccurrence {
  const { itemsPerUser = 50, neighbours = 50, shrinkage = 5, recency = RECENCY, items = 20_000 } = options;
  let lists = createNeighbourLists([]);

  function* fitSteps(interactions: InteractionMatrix): Generator<void, void> {
    const sessions = yield* latestOfEach(interactions, { itemsPerUser, items });
    lists = yield* findNeighbours(sessions, neighbours, shrinkage);
  }
  function recommend(history: readonly string[], request: RecommendOptions): Scored {
    const related = relatedTo(history, lists.of, { recency, ...request });
    return firstScored(
      related.map(({ id, score }) => [id, score]),
      request,
    );
  }
  return {
    fit: (interactions) => drain(fitSteps(interactions)),
    fitSteps,
    recommend,
    recommendBatch: (histories, request) => histories.map((history) => recommend(history, request)),
    similar: (item, request) =>
      firstScored(
        lists.of(item).map(({ id, score }) => [id, score]),
        request,
      ),
    neighbours: (item) => lists.of(item),
    items: () => lists.ids,
    save: () => lists.save(),
    load(json) {
      lists = loadNeighbourLists(json);
    },
  };
}

function* findNeighbours(
  { itemIds, users, starts, items, weights }: Sessions,
  kept: number,
  shrinkage: number,
): Generator<void, NeighbourLists> {
  const norms = new Float64Array(itemIds.length);
  for (let at = 0; at < items.length; at += 1) norms[items[at]!]! += weights[at]! ** 2;
  const columns = groupBy(items, items.length, itemIds.length);
  yield;
  const lists = createNeighbourLists(itemIds);
  const best = createBestFew(kept);
  const dots = new Float64Array(itemIds.length);
  const common = new Uint32Array(itemIds.length);
  const touched = new Uint32Array(itemIds.length);
  let pairs = 0;
  for (let item = 0; item < itemIds.length; item += 1) {
    let met = 0;
    for (let entry = columns.starts[item]!; entry < columns.starts[item + 1]!; entry += 1) {
      const own = columns.order[entry]!;
      const start = starts[users[own]!]!;
      const end = starts[users[own]! + 1]!;
      for (let at = start; at < end; at += 1) {
        const other = items[at]!;
        if (common[other] === 0) {
          touched[met] = other;
          met += 1;
        }
        common[other]! += 1;
        dots[other]! += weights[own]! * weights[at]!;
      }
      pairs += end - start;
    }
    for (let i = 0; i < met; i += 1) {
      const other = touched[i]!;
      const support = common[other]!;
      const cosine = dots[other]! / Math.sqrt(norms[item]! * norms[other]!);
      const shrunk = cosine * (support / (support + shrinkage));
      if (other !== item) best.offer(other, Math.round(shrunk * SCORE_UNITS), support);
      dots[other] = 0;
      common[other] = 0;
    }
    best.flush(lists);
    pairs += met;
    if (pairs < STEP_PAIRS) continue;
    pairs = 0;
    yield;
  }
  return lists;
}
