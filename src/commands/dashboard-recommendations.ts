import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { publishedModel, publishedSimilar } from '../pipeline/recommender/published.ts';
import { recommendTo } from '../pipeline/recommender/serve.ts';
import { type RecommendSettings } from '../pipeline/recommender/settings.ts';
import { readSettings } from '../pipeline/recommender/settings-file.ts';
import { type DashboardRecommendations } from '../tui/source.ts';
import { shortReason } from './reasons.ts';

/** What the recommender has published last: for one shopper, or what is trending and what goes with that. */
export async function readRecommendations(
  live: LiveStore,
  user: string | undefined,
  settingsFile: string,
  limit: number,
): Promise<DashboardRecommendations | undefined> {
  const published = await publishedModel(live);
  if (published === undefined) return undefined;
  const { version, time } = published;
  const items = await (user === undefined
    ? trending(live, published.trending.slice(0, limit))
    : forUser(live, user, await readSettings(settingsFile), limit));
  return { user, version, time, items };
}

async function trending(
  live: LiveStore,
  entries: readonly (readonly [id: string, score: number])[],
): Promise<DashboardRecommendations['items']> {
  const ids = entries.map(([id]) => id);
  const lists = await publishedSimilar(live, ids);
  const companions = ids.map((id) => lists.get(id)?.[0]);
  const products = await live.products([
    ...new Set([...ids, ...companions.flatMap((entry) => entry?.[0] ?? [])]),
  ]);
  const nameOf = (id: string): string => products.get(id)?.name ?? id;
  return ids.map((id, i) => {
    const companion = companions[i];
    if (companion === undefined) return { name: nameOf(id), why: '' };
    const [other, , support] = companion;
    return { name: nameOf(id), why: support === 0 ? nameOf(other) : `${support}× ${nameOf(other)}` };
  });
}

/** By the hybrid whatever the experiment, because what an algorithm needs besides is not read twice a second. */
async function forUser(
  live: LiveStore,
  user: string,
  settings: RecommendSettings,
  limit: number,
): Promise<DashboardRecommendations['items']> {
  const documents = () => Promise.reject(new Error('the hybrid is served from the live store'));
  const request = { audience: { user }, algorithm: 'hybrid', exclude: 'bought', limit } as const;
  const answer = await recommendTo({ live, documents }, request, settings);
  const items = answer?.items ?? [];
  const mentioned = items.flatMap(({ productId, because: [first] }) => [
    productId,
    first?.productId ?? productId,
  ]);
  const products = await live.products([...new Set(mentioned)]);
  return items.map((item) => ({
    name: products.get(item.productId)?.name ?? item.productId,
    why: shortReason(item, products),
  }));
}
