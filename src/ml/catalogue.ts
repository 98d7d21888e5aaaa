import { type Interactions, type ItemText } from './training-data.ts';

/**
 * Most products that are learnt of: what an algorithm keeps of one is up to 5 KB of the training thread's 1024 MB, with its words, its
 * neighbours, and their text as JSON.
 */
export const MOST_PRODUCTS = 100_000;

export interface CutCatalogue {
  readonly interactions: Interactions;
  readonly texts: ReadonlyMap<string, ItemText>;
  /** Number of products with interactions that are in it. */
  readonly products: number;
  /** Number of those that are not in it. */
  readonly leftOut: number;
}

/**
 * The interactions with the most active products: those of most interactions, of as many those with the latest.
 * The same ones where there are no more than `most`.
 */
export function cutCatalogue(
  interactions: Interactions,
  texts: ReadonlyMap<string, ItemText>,
  most: number,
): CutCatalogue {
  const { length, items, itemIds, times } = interactions;
  const counts = new Uint32Array(itemIds.length);
  const latest = new Float64Array(itemIds.length);
  for (let row = 0; row < length; row += 1) {
    const item = items[row]!;
    counts[item]! += 1;
    latest[item] = Math.max(latest[item]!, times[row]!);
  }
  const ranked = Uint32Array.from(counts.keys()).filter((item) => counts[item]! > 0);
  if (ranked.length <= most) return { interactions, texts, products: ranked.length, leftOut: 0 };
  ranked.sort(
    (a, b) => counts[b]! - counts[a]! || latest[b]! - latest[a]! || (itemIds[a]! < itemIds[b]! ? -1 : 1),
  );
  const isKept = new Uint8Array(itemIds.length);
  for (const item of ranked.subarray(0, most)) isKept[item] = 1;
  const rows = Uint32Array.from({ length }, (_, row) => row).filter((row) => isKept[items[row]!] === 1);
  const names = new Set([...ranked.subarray(0, most)].map((item) => itemIds[item]!));
  return {
    interactions: {
      ...interactions,
      length: rows.length,
      users: rows.map((row) => interactions.users[row]!),
      sessions: rows.map((row) => interactions.sessions[row]!),
      items: rows.map((row) => items[row]!),
      weights: Float32Array.from(rows, (row) => interactions.weights[row]!),
      times: Float64Array.from(rows, (row) => times[row]!),
    },
    texts: new Map([...texts].filter(([id]) => names.has(id))),
    products: most,
    leftOut: ranked.length - most,
  };
}
