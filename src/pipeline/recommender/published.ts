import { type HybridModel, type HybridWeights } from '../../ml/hybrid/model.ts';
import { FIELDS, SCORE_UNITS } from '../../ml/neighbour-lists.ts';
import { bestItems } from '../../ml/recommender.ts';
import { type LiveStore } from '../live-store/live-store.ts';

/**
 * Lists by product id are published in so many parts, each a kind of its own: a store replaces a kind at once, and while it
 * replaces all lists of a large catalogue the processor would wait.
 */
export const PARTS = 16;

/** Products that go with one, best first. `support` is the number of shoppers who took both. */
export type SimilarList = readonly (readonly [id: string, score: number, support: number])[];

/** What is published once for all products. */
export interface PublishedModel {
  /** Of the model that it was made of; 0 for one that was made in passing, before there was any. */
  readonly version: number;
  /** When it was made, ms since the epoch. */
  readonly time: number;
  readonly weights: HybridWeights;
  /** As of its version; absent in older ones. */
  readonly products?: number;
  readonly productsLeftOut?: number;
  /** What is trending, best first, the best being 1. */
  readonly trending: readonly (readonly [id: string, score: number])[];
}

const MODEL = { kind: 'recommender', key: 'model' } as const;
/** Lists of products that something happened with since the last training: they come before those of the parts. */
const FRESH = 'similar-fresh';
/** Longest list, characters: ids may be of any length, and a part is published as a whole. */
const LIST_CHARACTERS = 16_384;
/** Length of the list of what is trending. */
const TRENDING = 200;

/** The part that a product's list is in: FNV-1a over its UTF-16 code units. */
export function partOf(productId: string): number {
  return hash(productId) % PARTS;
}

/** FNV-1a over UTF-16 code units: 32 bits. */
export function hash(text: string): number {
  let bits = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193);
  return bits >>> 0;
}

/** Publishes a model: the lists part by part, then what is for all. @param pause awaited between parts */
export async function publishModel(
  live: LiveStore,
  model: HybridModel,
  about: Pick<PublishedModel, 'version' | 'time' | 'products' | 'productsLeftOut'>,
  pause: () => Promise<void> = async () => {},
): Promise<void> {
  const { itemIds } = model;
  const parts = Array.from({ length: PARTS }, () => new Map<string, string>());
  itemIds.forEach((id, item) => {
    parts[partOf(id)]!.set(id, listJson(model, item));
  });
  for (const [part, entries] of parts.entries()) {
    await live.publish(similarKind(part), entries);
    await pause();
  }
  await publishForAll(live, model, about);
  await live.publish(FRESH, new Map());
}

/** Publishes what a model has of some products until the next whole model, and what is for all. */
export async function publishFresh(
  live: LiveStore,
  model: HybridModel,
  about: Pick<PublishedModel, 'version' | 'time' | 'products' | 'productsLeftOut'>,
  productIds: ReadonlySet<string>,
): Promise<void> {
  const entries = new Map<string, string>();
  model.itemIds.forEach((id, item) => {
    if (productIds.has(id)) entries.set(id, listJson(model, item));
  });
  await live.publish(FRESH, entries);
  await publishForAll(live, model, about);
}

async function publishForAll(
  live: LiveStore,
  { itemIds, trending, weights }: HybridModel,
  about: Pick<PublishedModel, 'version' | 'time' | 'products' | 'productsLeftOut'>,
): Promise<void> {
  const published: PublishedModel = {
    ...about,
    weights,
    trending: bestItems(trending, TRENDING).map((item) => [itemIds[item]!, rounded(trending[item]!)]),
  };
  await live.publish(MODEL.kind, new Map([[MODEL.key, JSON.stringify(published)]]));
}

/** A product's list as it is published. */
function listJson({ itemIds, lists }: HybridModel, item: number): string {
  const list = lists.of(item);
  const entries: [string, number, number][] = [];
  for (let i = 0, characters = 0; i < list.length; i += FIELDS) {
    const id = itemIds[list[i]!]!;
    characters += id.length;
    if (characters > LIST_CHARACTERS) break;
    entries.push([id, rounded(list[i + 1]! / SCORE_UNITS), list[i + 2]!]);
  }
  return JSON.stringify(entries);
}

/** `undefined` before the first one. */
export async function publishedModel(live: LiveStore): Promise<PublishedModel | undefined> {
  const json = (await live.published(MODEL.kind, [MODEL.key])).get(MODEL.key);
  return json === undefined ? undefined : (JSON.parse(json) as PublishedModel);
}

/** The lists of products, by id; products that were not learnt of are absent from the map. */
export async function publishedSimilar(
  live: LiveStore,
  productIds: readonly string[],
): Promise<Map<string, SimilarList>> {
  const parts = [...new Set(productIds.map(partOf))];
  const found = await Promise.all([
    ...parts.map((part) =>
      live.published(
        similarKind(part),
        productIds.filter((id) => partOf(id) === part),
      ),
    ),
    live.published(FRESH, productIds),
  ]);
  const lists = new Map(found.flatMap((entries) => [...entries]));
  return new Map([...lists].map(([id, json]) => [id, JSON.parse(json)]));
}

function similarKind(part: number): string {
  return `similar-${part}`;
}

/** In few digits, because most lists of a round then equal those of the last, and are not written again. */
function rounded(score: number): number {
  return Math.round(score * 1e4) / 1e4;
}
