/** An item that goes with another. */
export interface Neighbour {
  readonly id: string;
  /** Similarity, 0 to 1. */
  readonly score: number;
  /** Number of sessions that had both. */
  readonly support: number;
}

/** An item that goes with a history. */
export interface Related {
  readonly id: string;
  readonly score: number;
  /** The items of the history that it goes with, the one that adds most first. */
  readonly because: readonly { readonly id: string; readonly support: number; readonly part: number }[];
}

/** Weight of an item of a history relative to the one after it. */
export const RECENCY = 0.8;

/**
 * Items that go with a history, best first, ties by id: the sum of their similarities to its items, each weighted by how
 * recent that item is. What is in the history is a candidate like all others.
 * @param history item ids, the latest last
 * @param neighboursOf neighbours of an item; none for one that is unknown
 */
export function relatedTo(
  history: readonly string[],
  neighboursOf: (id: string) => Iterable<Neighbour>,
  { recency = RECENCY, exclude }: { readonly recency?: number; readonly exclude?: ReadonlySet<string> } = {},
): Related[] {
  const found = new Map<
    string,
    { id: string; score: number; because: { id: string; support: number; part: number }[] }
  >();
  let weight = 1;
  for (const id of history.toReversed()) {
    for (const neighbour of neighboursOf(id)) {
      if (exclude?.has(neighbour.id) === true) continue;
      let related = found.get(neighbour.id);
      if (related === undefined) {
        related = { id: neighbour.id, score: 0, because: [] };
        found.set(neighbour.id, related);
      }
      const part = weight * neighbour.score;
      related.score += part;
      related.because.push({ id, support: neighbour.support, part });
    }
    weight *= recency;
  }
  const list = [...found.values()].sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  for (const { because } of list) because.sort((a, b) => b.part - a.part);
  return list;
}
