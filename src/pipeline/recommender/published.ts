import { type Neighbour } from '../../ml/related.ts';
import { type LiveStore } from '../live-store/live-store.ts';

/** Kind and key of the list for everybody. */
const POPULAR = { kind: 'popular', key: 'everybody' } as const;

/**
 * Lists by product id are published in so many parts, each a kind of its own: a store replaces a kind at once, and while it
 * replaces all lists of a large catalogue the processor would wait.
 */
export const PARTS = 16;

/** Products that go with one, best first. `support` is the number of sessions that had both. */
export type SimilarList = readonly (readonly [id: string, score: number, support: number])[];

/** What is popular now, best first. */
export type PopularList = readonly (readonly [id: string, score: number])[];

/** The part that a product's list is in: FNV-1a over its UTF-16 code units. */
export function partOf(productId: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < productId.length; i += 1) {
    hash = Math.imul(hash ^ productId.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % PARTS;
}

/**
 * Replaces the lists of one part. An empty list says that the product is known.
 * @returns the number of lists
 */
export async function publishSimilar(
  live: LiveStore,
  part: number,
  lists: Iterable<readonly [productId: string, neighbours: readonly Neighbour[]]>,
): Promise<number> {
  const entries = new Map<string, string>();
  for (const [productId, neighbours] of lists) {
    const list: SimilarList = neighbours.map(({ id, score, support }) => [id, rounded(score), support]);
    entries.set(productId, JSON.stringify(list));
  }
  await live.publish(similarKind(part), entries);
  return entries.size;
}

export async function publishPopular(live: LiveStore, popular: PopularList): Promise<void> {
  const list: PopularList = popular.map(([id, score]) => [id, rounded(score)]);
  await live.publish(POPULAR.kind, new Map([[POPULAR.key, JSON.stringify(list)]]));
}

/** The lists of products, by id; products that were not learnt of are absent from the map. */
export async function publishedSimilar(
  live: LiveStore,
  productIds: readonly string[],
): Promise<Map<string, SimilarList>> {
  const parts = [...new Set(productIds.map(partOf))];
  const found = await Promise.all(
    parts.map((part) =>
      live.published(
        similarKind(part),
        productIds.filter((id) => partOf(id) === part),
      ),
    ),
  );
  return new Map(found.flatMap((lists) => [...lists].map(([id, json]) => [id, JSON.parse(json)])));
}

/** `undefined` before the first training. */
export async function publishedPopular(live: LiveStore): Promise<PopularList | undefined> {
  const json = (await live.published(POPULAR.kind, [POPULAR.key])).get(POPULAR.key);
  return json === undefined ? undefined : (JSON.parse(json) as PopularList);
}

function similarKind(part: number): string {
  return `similar-${part}`;
}

/** In few digits, because most lists of a round then equal those of the last, and are not written again. */
function rounded(score: number): number {
  return Math.round(score * 1e4) / 1e4;
}
