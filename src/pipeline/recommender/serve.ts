import { relatedTo } from '../../ml/related.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { decodeShopperState, type ShopperState } from '../processor/shopper-state.ts';
import { type PopularList, publishedPopular, publishedSimilar, type SimilarList } from './published.ts';

export type ServedAlgorithm = 'auto' | 'co-occurrence' | 'popular';

/** A recommended product. */
export interface Recommendation {
  readonly productId: string;
  /** Scores of different sources do not compare. */
  readonly score: number;
  readonly source: 'co-occurrence' | 'popular';
  /** The products of the shopper's that it goes with, the strongest first; none where the source is `popular`. */
  readonly because: readonly { readonly productId: string; readonly support: number }[];
  /** Place in the list of what is popular now, from 1; where that is the source. */
  readonly rank?: number;
}

export interface Recommended {
  /** Whether any event of the shopper was counted. */
  readonly known: boolean;
  /** What the list was made from. */
  readonly source: 'co-occurrence' | 'popular' | 'mixed' | 'none';
  readonly items: readonly Recommendation[];
}

/** Most products that are told as evidence for one. */
const REASONS = 3;

/**
 * What is recommended to a shopper, from the lists that the recommender has published and the shopper's latest steps.
 * @returns `undefined` where nothing was learnt yet
 */
export async function recommendTo(
  live: LiveStore,
  user: string,
  { limit, algorithm }: { readonly limit: number; readonly algorithm: ServedAlgorithm },
): Promise<Recommended | undefined> {
  const [shopper, popular] = [await findShopper(live, user), await publishedPopular(live)];
  if (popular === undefined || popular.length === 0) return undefined;
  const { recent = [], bought = [] } = shopper ?? {};
  const lists = await publishedSimilar(live, algorithm === 'popular' ? [] : recent);
  const items = blend({ recent, bought }, lists, algorithm === 'co-occurrence' ? [] : popular, limit);
  return { known: shopper !== undefined, source: sourceOf(items), items };
}

/** A user id, an anonymous id or a session id: whatever the shop knows the shopper by. */
async function findShopper(live: LiveStore, user: string): Promise<ShopperState | undefined> {
  const keys = [`u:${user}`, `a:${user}`, `s:${user}`];
  const states = await live.states(keys);
  const text = keys.map((key) => states.get(key)).find((state) => state !== undefined);
  return text === undefined ? undefined : decodeShopperState(text);
}

/**
 * Products that go with what a shopper has looked at, filled up with what is popular now: first what the shopper has not
 * seen, then the rest. What the shopper has bought is left out.
 */
export function blend(
  { recent, bought }: Pick<ShopperState, 'recent' | 'bought'>,
  lists: ReadonlyMap<string, SimilarList>,
  popular: PopularList,
  limit: number,
): Recommendation[] {
  const seen = new Set([...recent, ...bought]);
  const neighboursOf = (product: string) =>
    (lists.get(product) ?? []).map(([id, score, support]) => ({ id, score, support }));
  const related = relatedTo(recent, neighboursOf, { exclude: seen })
    .slice(0, limit)
    .map(({ id, score, because }): Recommendation => {
      const evidence = because
        .slice(0, REASONS)
        .map(({ id: productId, support }) => ({ productId, support }));
      return {
        productId: id,
        score: Math.round(score * 1e6) / 1e6,
        source: 'co-occurrence',
        because: evidence,
      };
    });
  const taken = new Set([...bought, ...related.map(({ productId }) => productId)]);
  const fill = popular
    .map(([productId, score], i): Recommendation => {
      return { productId, score, source: 'popular', because: [], rank: i + 1 };
    })
    .filter(({ productId }) => !taken.has(productId))
    .sort((a, b) => Number(seen.has(a.productId)) - Number(seen.has(b.productId)));
  return [...related, ...fill].slice(0, limit);
}

function sourceOf(items: readonly Recommendation[]): Recommended['source'] {
  const [first, second] = new Set(items.map(({ source }) => source));
  return second === undefined ? (first ?? 'none') : 'mixed';
}
