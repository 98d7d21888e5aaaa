import { type LiveStore } from '../live-store/live-store.ts';
import { decodeShopperState, type ShopperState, shopperKey } from '../processor/shopper-state.ts';
import { publishedPopular, publishedSimilar, type SimilarList } from './published.ts';

export const ALGORITHMS = ['auto', 'co-occurrence', 'popular'] as const;
export type ServedAlgorithm = (typeof ALGORITHMS)[number];

/** A recommended product. */
export interface Recommendation {
  readonly productId: string;
  readonly score: number;
  readonly source: 'co-occurrence' | 'popular';
  /** The products of the shopper's that it goes with, the strongest first. */
  readonly because: readonly { readonly productId: string; readonly support: number }[];
}

export interface Recommended {
  /** Whether any event of the shopper was counted. */
  readonly known: boolean;
  /** What the list was made from. */
  readonly source: 'co-occurrence' | 'popular' | 'mixed' | 'none';
  readonly items: readonly Recommendation[];
}

/** Weight of a product of the history for each later one. */
const RECENCY = 0.8;

/** What is recommended to a shopper, from the lists that the recommender has published and the shopper's latest steps. */
export async function recommendTo(
  live: LiveStore,
  user: string,
  { limit, algorithm }: { readonly limit: number; readonly algorithm: ServedAlgorithm },
): Promise<Recommended> {
  const shopper = await findShopper(live, user);
  const recent = shopper?.recent ?? [];
  const lists = await publishedSimilar(live, algorithm === 'popular' ? [] : recent);
  const owned = new Set(shopper?.bought);
  const related = relatedTo(recent, lists, owned).slice(0, limit);
  const fill = algorithm === 'co-occurrence' ? [] : await popularNow(live);
  const taken = new Set([...owned, ...related.map(({ productId }) => productId)]);
  const popular = fill.filter(({ productId }) => !taken.has(productId)).slice(0, limit - related.length);
  const items = [...related, ...popular];
  const source =
    items.length === 0
      ? 'none'
      : popular.length === 0
        ? 'co-occurrence'
        : related.length === 0
          ? 'popular'
          : 'mixed';
  return { known: shopper !== undefined, source, items };
}

/** What is popular now; empty before the first training. */
async function popularNow(live: LiveStore): Promise<Recommendation[]> {
  const list = (await publishedPopular(live)) ?? [];
  return list.map(([productId, score]) => ({ productId, score, source: 'popular', because: [] }));
}

/** A user id, an anonymous id or a session id: whatever the shop knows the shopper by. */
async function findShopper(live: LiveStore, user: string): Promise<ShopperState | undefined> {
  const keys = [`u:${user}`, `a:${user}`, `s:${user}`].map(shopperKey);
  const states = await live.states(keys);
  const text = keys.map((key) => states.get(key)).find((state) => state !== undefined);
  return text === undefined ? undefined : decodeShopperState(text);
}

/**
 * Products that go with a history, best first: the sum of the similarities, each weighted by how recent its product is.
 * @param history product ids, the latest last; they are not recommended again
 */
export function relatedTo(
  history: readonly string[],
  lists: ReadonlyMap<string, SimilarList>,
  exclude: ReadonlySet<string>,
): Recommendation[] {
  const scores = new Map<
    string,
    { score: number; because: { productId: string; support: number; part: number }[] }
  >();
  const seen = new Set(history);
  history.forEach((productId, i) => {
    const weight = RECENCY ** (history.length - 1 - i);
    for (const [id, similarity, support] of lists.get(productId) ?? []) {
      if (seen.has(id) || exclude.has(id)) continue;
      const entry = scores.get(id) ?? { score: 0, because: [] };
      const part = weight * similarity;
      entry.score += part;
      entry.because.push({ productId, support, part });
      scores.set(id, entry);
    }
  });
  return [...scores]
    .map(([productId, { score, because }]): Recommendation => {
      because.sort((a, b) => b.part - a.part);
      const evidence = because.slice(0, 3).map(({ productId: id, support }) => ({ productId: id, support }));
      return { productId, score: Math.round(score * 1e6) / 1e6, source: 'co-occurrence', because: evidence };
    })
    .sort((a, b) => b.score - a.score || (a.productId < b.productId ? -1 : 1));
}
