import {
  type Interaction,
  type Recommender,
  type RecommendOptions,
  type Scored,
  topScored,
} from './recommender.ts';

export interface CoOccurrenceOptions {
  /** Most items of one session that are paired, the latest; more say more about the session than about the items. @default 50 */
  readonly itemsPerUser?: number;
  /** Neighbours kept for each item. @default 50 */
  readonly neighbours?: number;
  /** How many common sessions it takes to believe half of a similarity. @default 5 */
  readonly shrinkage?: number;
  /** Weight of an item of the history for each later one. @default 0.8 */
  readonly recency?: number;
}

/** An item that goes with another. */
export interface Neighbour {
  readonly id: string;
  /** Similarity, 0 to 1. */
  readonly score: number;
  /** Number of sessions that had both. */
  readonly support: number;
}

/** A recommender that can also tell on what evidence. */
export interface CoOccurrence extends Recommender {
  /** Neighbours of an item, best first. */
  neighbours(item: string): readonly Neighbour[];
  /** All items that have neighbours. */
  items(): Iterable<string>;
}

/**
 * Item-to-item co-occurrence: what was in the same session or basket goes together. The similarity of two items is the
 * cosine of their rows of weights by session, which does not favour popular items (Sarwar et al., "Item-based collaborative
 * filtering recommendation algorithms", WWW 2001; Deshpande and Karypis, "Item-based top-N recommendation algorithms",
 * TOIS 2004), times n / (n + shrinkage) for n common sessions, because few may be chance.
 *
 * `user` of an interaction is a session or a basket; an item's weight in it is the greatest of its interactions.
 */
export function createCoOccurrence(options: CoOccurrenceOptions = {}): CoOccurrence {
  const { neighbours: kept = 50, recency = 0.8 } = options;
  let model = new Map<string, readonly Neighbour[]>();

  function recommend(history: readonly string[], request: RecommendOptions): Scored {
    const scores = new Map<string, number>();
    for (let i = history.length - 1, weight = 1; i >= 0; i -= 1, weight *= recency) {
      for (const { id, score } of model.get(history[i]!) ?? [])
        scores.set(id, (scores.get(id) ?? 0) + weight * score);
    }
    const exclude = new Set([...history, ...(request.exclude ?? [])]);
    return topScored(scores, { limit: request.limit, exclude });
  }
  return {
    fit(interactions) {
      model = fitNeighbours(toMatrix(interactions, options.itemsPerUser ?? 50), kept, options.shrinkage ?? 5);
    },
    recommend,
    similar: (item, request) =>
      topScored(
        (model.get(item) ?? []).map(({ id, score }) => [id, score] as const),
        request,
      ),
    neighbours: (item) => model.get(item) ?? [],
    items: () => model.keys(),
    save: () =>
      JSON.stringify(
        [...model].map(([item, list]) => [item, list.map(({ id, score, support }) => [id, score, support])]),
      ),
    load(json) {
      const rows = JSON.parse(json) as [string, [string, number, number][]][];
      model = new Map(
        rows.map(([item, list]) => [item, list.map(([id, score, support]) => ({ id, score, support }))]),
      );
    },
  };
}

/** Sessions × items as compressed rows: those of session s are `items[starts[s]] … items[starts[s + 1] - 1]`. */
interface Matrix {
  /** By item number, ascending. */
  readonly ids: readonly string[];
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
  readonly weights: Float64Array;
}

function toMatrix(interactions: Iterable<Interaction>, itemsPerUser: number): Matrix {
  const sessions = new Map<string, Map<string, { weight: number; time: number }>>();
  const known = new Set<string>();
  for (const { user, item, weight, time } of interactions) {
    let session = sessions.get(user);
    if (session === undefined) {
      session = new Map();
      sessions.set(user, session);
    }
    const entry = session.get(item);
    if (entry === undefined) session.set(item, { weight, time });
    else {
      entry.weight = Math.max(entry.weight, weight);
      entry.time = Math.max(entry.time, time);
    }
    known.add(item);
  }
  const ids = [...known].sort();
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const starts = [0];
  const items: number[] = [];
  const weights: number[] = [];
  // Sessions in the order of their names, because sums of floating-point numbers depend on their order.
  for (const user of [...sessions.keys()].sort()) {
    const latest = [...sessions.get(user)!]
      .sort(([a, m], [b, n]) => n.time - m.time || (a < b ? -1 : 1))
      .slice(0, itemsPerUser);
    for (const [item, { weight }] of latest) {
      items.push(numbers.get(item)!);
      weights.push(weight);
    }
    starts.push(items.length);
  }
  return {
    ids,
    starts: Uint32Array.from(starts),
    items: Uint32Array.from(items),
    weights: Float64Array.from(weights),
  };
}

/** Row by row, so that memory stays with the items and not with their pairs. */
function fitNeighbours(matrix: Matrix, kept: number, shrinkage: number): Map<string, readonly Neighbour[]> {
  const { ids, starts, items, weights } = matrix;
  const norms = new Float64Array(ids.length);
  for (let at = 0; at < items.length; at += 1) norms[items[at]!]! += weights[at]! ** 2;
  const occurrences = transpose(matrix);
  const dots = new Float64Array(ids.length);
  const common = new Uint32Array(ids.length);
  const model = new Map<string, readonly Neighbour[]>();
  for (let item = 0; item < ids.length; item += 1) {
    const touched: number[] = [];
    for (const { session, weight } of occurrences[item]!) {
      for (let at = starts[session]!; at < starts[session + 1]!; at += 1) {
        const other = items[at]!;
        if (other === item) continue;
        if (common[other] === 0) touched.push(other);
        common[other]! += 1;
        dots[other]! += weight * weights[at]!;
      }
    }
    const neighbours = touched.map((other): Neighbour => {
      const support = common[other]!;
      const cosine = dots[other]! / Math.sqrt(norms[item]! * norms[other]!);
      const score = Math.round(cosine * (support / (support + shrinkage)) * 1e6) / 1e6;
      dots[other] = 0;
      common[other] = 0;
      return { id: ids[other]!, score, support };
    });
    neighbours.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
    if (neighbours.length > 0) model.set(ids[item]!, neighbours.slice(0, kept));
  }
  return model;
}

function transpose({ ids, starts, items, weights }: Matrix): { session: number; weight: number }[][] {
  const occurrences: { session: number; weight: number }[][] = ids.map(() => []);
  for (let session = 0; session + 1 < starts.length; session += 1) {
    for (let at = starts[session]!; at < starts[session + 1]!; at += 1) {
      occurrences[items[at]!]!.push({ session, weight: weights[at]! });
    }
  }
  return occurrences;
}
