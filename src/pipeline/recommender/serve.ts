import { EcomError } from '../../errors.ts';
import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { hybridModel, PARTS } from '../../ml/hybrid/model.ts';
import { createNeighbourLists, FIELDS, SCORE_UNITS } from '../../ml/neighbour-lists.ts';
import { type History, type HistoryItem, type Interest } from '../../ml/recommender.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { lastUser } from '../processor/links.ts';
import { decodeShopperState } from '../processor/shopper-record.ts';
import { type ShopperState } from '../processor/shopper-state.ts';
import { assign, newRecommendationId } from './experiment.ts';
import { loadModel, readModelIndex } from './models.ts';
import { type PublishedModel, publishedModel, publishedSimilar, type SimilarList } from './published.ts';
import { type Candidate, type Evidence, type Recommendation, type Source } from './recommendation.ts';
import { type Filters, select } from './rules.ts';
import { type RecommendSettings } from './settings.ts';
import { DEFAULT_WEIGHTS } from './weights.ts';

/** Whom to recommend to: a shopper, or whoever has just looked at some products, the latest last. */
export type Audience = { readonly user: string } | { readonly session: readonly string[] };

export interface RecommendRequest extends Filters {
  readonly audience: Audience;
  /** `auto` is what the settings say for this shopper: the hybrid, unless there is an experiment. */
  readonly algorithm: AlgorithmName | 'auto';
  /** What of the shopper's own is left out: what was bought, all that was seen, or nothing. */
  readonly exclude: 'bought' | 'seen' | 'none';
}

export interface Recommended {
  /** Tells this list from all others: see experiment.ts. */
  readonly id: string;
  /** Which part of an experiment the shopper is in: an algorithm's name, `hold-out`, or `fallback` where that one is not trained. */
  readonly arm: string;
  /** Whether any event of the shopper was counted. */
  readonly known: boolean;
  readonly algorithm: AlgorithmName;
  /** Of the model; 0 for one that was learnt in passing. */
  readonly version: number;
  /** Products that nothing was learnt of: see the published model. */
  readonly productsLeftOut: number;
  /** When the recommender last published, ms since the epoch. */
  readonly time: number;
  /** What the list was made from. */
  readonly source: Source | 'mixed' | 'none';
  readonly items: readonly Recommendation[];
}

export interface ServingStores {
  readonly live: LiveStore;
  /** Opens the document store, for algorithms that are not published. */
  documents(): Promise<DocumentStore>;
}

/** Products that are looked at for each one that is wanted, before filters. */
const CANDIDATES = 500;
/** What may be recommended, best first, and what there is to say for one of it: few are shown. */
interface Candidates {
  readonly found: readonly Candidate[];
  evidenceFor(candidate: Candidate): Evidence[];
}

/** What serves shoppers whose part of an experiment is not trained yet; they are told apart from those of the hybrid. */
const FALLBACK = { arm: 'fallback', algorithm: 'hybrid' } as const;
/** Most products that are told as evidence for one. */
const REASONS = 3;

/**
 * What is recommended, from what the recommender has published and the shopper's latest steps, so it follows the shopper at once.
 * @returns `undefined` where nothing was learnt yet
 * @throws EcomError `NOT_FOUND` for an algorithm that the model in use was not trained with
 */
export async function recommendTo(
  stores: ServingStores,
  request: RecommendRequest,
  settings: RecommendSettings,
): Promise<Recommended | undefined> {
  const { live } = stores;
  const { audience, exclude } = request;
  const [shopper, published] = [await findShopper(live, audience), await publishedModel(live)];
  if (published === undefined || published.trending.length === 0) return undefined;
  const history = 'session' in audience ? historyOfSession(audience.session) : historyOf(shopper);
  const assigned = assign(audience, request.algorithm, settings);
  const own = await byAlgorithm(stores, assigned.algorithm, history, published);
  if (own === undefined && request.algorithm !== 'auto') throw notTrainedWith(assigned.algorithm);
  const { arm, algorithm } = own === undefined ? FALLBACK : assigned;
  const { found, evidenceFor } = own ?? (await blend(live, history, published));
  const bought = shopper === undefined ? [] : textsOf(shopper, 'bought');
  const passedOver = { bought, seen: [...history.map(({ id }) => id), ...bought], none: [] }[exclude];
  const selected = await select(live, found, { ...request, exclude: new Set(passedOver) }, settings);
  const items = selected.map((item) => ({ ...item, because: evidenceFor(item) }));
  const { version, time, productsLeftOut = 0 } = published;
  const id = newRecommendationId(arm, version);
  return {
    id,
    arm,
    known: shopper !== undefined,
    algorithm,
    version,
    time,
    productsLeftOut,
    source: sourceOf(items),
    items,
  };
}

/** A user id, an anonymous id or a session id: whatever the shop knows the shopper by. */
async function findShopper(live: LiveStore, audience: Audience): Promise<ShopperState | undefined> {
  if ('session' in audience) return undefined;
  const keys = ['u', 'a', 's'].map((kind) => `${kind}:${audience.user}`);
  const states = await live.states(keys);
  const known = keys.map((key) => states.get(key)).find((state) => state !== undefined);
  if (known === undefined) return undefined;
  const shopper = decodeShopperState(known);
  if (shopper.device === undefined) return shopper;
  // A device is its user's.
  const key = `u:${lastUser(shopper.device)}`;
  const person = (await live.states([key])).get(key);
  return person === undefined ? shopper : decodeShopperState(person);
}

/** Products that a shopper was interested in, or has bought, on the user's devices before the user was known there, and since. */
function textsOf(shopper: ShopperState, list: 'recent' | 'bought'): string[] {
  const before = shopper.joined?.devices.flatMap((device) => device[list]) ?? [];
  return [...new Set([...before, ...shopper[list].texts()].reverse())].reverse();
}

/** What is remembered of a shopper, the latest last: what was bought before all that is remembered as recent comes first. */
function historyOf(shopper: ShopperState | undefined): History {
  const recent = shopper === undefined ? [] : textsOf(shopper, 'recent');
  const bought = shopper === undefined ? [] : textsOf(shopper, 'bought');
  const own = new Set(bought);
  const older = bought.filter((id) => !recent.includes(id));
  return [...older, ...recent].map((id): HistoryItem => {
    return { id, weight: (own.has(id) ? DEFAULT_WEIGHTS.purchase : DEFAULT_WEIGHTS.view_item)! };
  });
}

function historyOfSession(session: readonly string[]): History {
  const latest = [...new Set(session.toReversed())].toReversed();
  return latest.map((id) => ({ id, weight: DEFAULT_WEIGHTS.view_item! }));
}

/** The hybrid, as far as its published lists of the history's products tell. */
async function blend(live: LiveStore, history: History, published: PublishedModel): Promise<Candidates> {
  const lists = await publishedSimilar(
    live,
    history.map(({ id }) => id),
  );
  const model = partialModel(history, lists, published);
  const numbers = new Map(model.itemIds.map((id, number) => [id, number]));
  const interests = history.map(
    ({ id, weight = 1 }): Interest => ({ item: numbers.get(id)!, weight, time: undefined }),
  );
  const parts = model.parts(interests);
  const ranks = new Map(published.trending.map(([id], i) => [id, i + 1]));
  const scored = model.itemIds.map((id, item) => {
    const strongest = PARTS.reduce((best, part) => (parts[part][item]! > parts[best][item]! ? part : best));
    const score = PARTS.reduce((sum, part) => sum + parts[part][item]!, 0);
    return { id, score, source: strongest };
  });
  const found = best(scored).map(({ id, score, source }): Candidate => {
    const rank = source === 'trending' ? ranks.get(id) : undefined;
    return { productId: id, score, source, ...(rank === undefined ? {} : { rank }) };
  });
  const evidenceFor = ({ productId, source }: Candidate): Evidence[] =>
    source === 'related' ? evidence(productId, history, lists) : [];
  return { found, evidenceFor };
}

const NO_FIELDS = new Uint32Array(0);

/** The hybrid's model of those products that occur in some lists. */
function partialModel(
  history: History,
  lists: ReadonlyMap<string, SimilarList>,
  { trending, weights }: PublishedModel,
) {
  const ids = new Set([...history.map(({ id }) => id), ...trending.map(([id]) => id)]);
  for (const list of lists.values()) for (const [id] of list) ids.add(id);
  // Not ascending, which takes time and only decides ties: `best` sorts by id anyway.
  const itemIds = [...ids];
  const numbers = new Map(itemIds.map((id, number) => [id, number]));
  const own = createNeighbourLists(itemIds);
  for (const id of itemIds) {
    const list = lists.get(id);
    if (list === undefined) own.add(NO_FIELDS, 0);
    else {
      const fields = new Uint32Array(list.length * FIELDS);
      list.forEach(([other, score, support], i) => {
        fields.set([numbers.get(other)!, Math.round(score * SCORE_UNITS), support], i * FIELDS);
      });
      own.add(fields, list.length);
    }
  }
  const scores = new Float64Array(itemIds.length);
  for (const [id, score] of trending) scores[numbers.get(id)!] = score;
  return hybridModel({ lists: own, trending: scores, weights });
}

/** The products of a history whose lists have a product, the one that speaks for it most first. */
function evidence(id: string, history: History, lists: ReadonlyMap<string, SimilarList>): Evidence[] {
  const found = history.flatMap(({ id: own, weight }) => {
    const entry = lists.get(own)?.find(([other]) => other === id);
    if (entry === undefined) return [];
    const action = weight === DEFAULT_WEIGHTS.purchase ? ('bought' as const) : ('viewed' as const);
    return [{ productId: own, score: entry[1], support: entry[2], action }];
  });
  // The latest first, where they are alike.
  found.reverse().sort((a, b) => b.score - a.score);
  return found.slice(0, REASONS).map(({ score: _, ...told }) => told);
}

/** @returns `undefined` where the model in use was not trained with the algorithm */
async function byAlgorithm(
  { live, documents }: ServingStores,
  algorithm: AlgorithmName,
  history: History,
  published: PublishedModel,
): Promise<Candidates | undefined> {
  if (algorithm === 'hybrid') return blend(live, history, published);
  if (algorithm === 'trending') return blend(live, [], published);
  const store = await documents();
  const { current } = await readModelIndex(store);
  const json = current === 0 ? undefined : await loadModel(store, current, algorithm);
  if (json === undefined) return undefined;
  const { createAlgorithm } = await import('../../ml/algorithms.ts');
  const recommender = createAlgorithm(algorithm);
  recommender.load(json);
  const { ids, scores } = recommender.recommend(history, { limit: CANDIDATES });
  const found = ids.map((productId, i): Candidate => ({ productId, score: scores[i]!, source: algorithm }));
  const others = await blend(live, [], published);
  return { found: filledUp(found, others.found), evidenceFor: () => [] };
}

function notTrainedWith(algorithm: AlgorithmName): EcomError {
  return new EcomError('NOT_FOUND', `the model in use was not trained with ${algorithm}`, {
    hint: `ecom train --algorithm ${algorithm} trains it besides the hybrid`,
  });
}

/** Others come last, where an algorithm has too little to say, as of somebody who is new: below what it says. */
function filledUp(found: readonly Candidate[], others: readonly Candidate[]): Candidate[] {
  const ids = new Set(found.map(({ productId }) => productId));
  const scale = found.length === 0 ? 1 : found.at(-1)!.score / others[0]!.score;
  const added = others.filter(({ productId }) => !ids.has(productId));
  return [...found, ...added.map((one) => ({ ...one, score: one.score * scale }))];
}

function best<T extends { readonly id: string; readonly score: number }>(scored: readonly T[]): T[] {
  const positive = scored.filter(({ score }) => score > 0);
  return positive.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1)).slice(0, CANDIDATES);
}

function sourceOf(items: readonly Recommendation[]): Recommended['source'] {
  const [first, second] = new Set(items.map(({ source }) => source));
  return second === undefined ? (first ?? 'none') : 'mixed';
}
