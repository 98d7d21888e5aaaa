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
  return user === undefined
    ? readTrending(live, limit)
    : readForUser(live, user, await readSettings(settingsFile), limit);
}

async function readTrending(live: LiveStore, limit: number): Promise<DashboardRecommendations | undefined> {
  const published = await publishedModel(live);
  if (published === undefined) return undefined;
  const { version, time, trending } = published;
  const ids = trending.slice(0, limit).map(([id]) => id);
  const lists = await publishedSimilar(live, ids);
  const companions = ids.map((id) => lists.get(id)?.[0]);
  const products = await live.products([
    ...new Set([...ids, ...companions.flatMap((entry) => entry?.[0] ?? [])]),
  ]);
  const nameOf = (id: string): string => products.get(id)?.name ?? id;
  const items = ids.map((id, i) => {
    const companion = companions[i];
    if (companion === undefined) return { name: nameOf(id), why: '' };
    const [other, , support] = companion;
    return { name: nameOf(id), why: support === 0 ? nameOf(other) : `${support}× ${nameOf(other)}` };
  });
  return { version, time, items };
}

/** By the hybrid whatever the experiment, because what an algorithm needs besides is not read twice a second. */
async function readForUser(
  live: LiveStore,
  user: string,
  settings: RecommendSettings,
  limit: number,
): Promise<DashboardRecommendations | undefined> {
  const documents = () => Promise.reject(new Error('the hybrid is served from the live store'));
  const request = { audience: { user }, algorithm: 'hybrid', exclude: 'bought', limit } as const;
  const answer = await recommendTo({ live, documents }, request, settings);
  if (answer === undefined) return undefined;
  const { version, time } = answer;
  const mentioned = answer.items.flatMap(({ productId, because: [first] }) => [
    productId,
    first?.productId ?? productId,
  ]);
  const products = await live.products([...new Set(mentioned)]);
  const items = answer.items.map((item) => ({
    name: products.get(item.productId)?.name ?? item.productId,
    why: shortReason(item, products),
  }));
  return { user, version, time, items };
}
