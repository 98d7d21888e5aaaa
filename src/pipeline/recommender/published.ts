import { type LiveStore } from '../live-store/live-store.ts';

/** Kinds of documents that the recommender publishes to the live store: lists by product id, and one list for everybody. */
export const PUBLISHED = { similar: 'similar', popular: 'popular', everybody: 'everybody' } as const;

/** Products that go with one, best first. `support` is the number of sessions that had both. */
export type SimilarList = readonly (readonly [id: string, score: number, support: number])[];

/** What is popular now, best first. */
export type PopularList = readonly (readonly [id: string, score: number])[];

/** The lists of products, by id; those without one are absent from the map. */
export async function publishedSimilar(
  live: LiveStore,
  productIds: readonly string[],
): Promise<Map<string, SimilarList>> {
  const found = await live.published(PUBLISHED.similar, productIds);
  return new Map([...found].map(([id, json]) => [id, JSON.parse(json) as SimilarList]));
}

/** `undefined` before the first training. */
export async function publishedPopular(live: LiveStore): Promise<PopularList | undefined> {
  const json = (await live.published(PUBLISHED.popular, [PUBLISHED.everybody])).get(PUBLISHED.everybody);
  return json === undefined ? undefined : (JSON.parse(json) as PopularList);
}
