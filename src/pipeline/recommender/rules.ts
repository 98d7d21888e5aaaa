import { type LiveStore, type ProductInfo } from '../live-store/live-store.ts';
import { type Candidate } from './recommendation.ts';
import { type RecommendSettings } from './settings.ts';

export interface Filters {
  readonly limit: number;
  /** Only products of this category, or of one below it: `Clothing` has `Clothing > Shirts` and `Clothing/Shirts`. */
  readonly category?: string | undefined;
  /** Products that must not be recommended for want of stock. */
  readonly outOfStock?: ReadonlySet<string> | undefined;
}

/**
 * Picks what is shown: what may be, pinned ones first and buried ones last, and the less of one category the more diversity is wanted.
 * @param candidates best first
 */
export async function select(
  live: LiveStore,
  candidates: readonly Candidate[],
  { limit, category, outOfStock, exclude }: Filters & { readonly exclude: ReadonlySet<string> },
  { pin, bury, diversity }: Pick<RecommendSettings, 'pin' | 'bury' | 'diversity'>,
): Promise<Candidate[]> {
  const mayBe = (id: string) => !exclude.has(id) && outOfStock?.has(id) !== true;
  const first = pin.map((productId): Candidate => ({ productId, score: 0, source: 'pinned' }));
  const pinned = new Set(pin);
  const all = [...first, ...candidates.filter(({ productId }) => !pinned.has(productId))];
  let allowed = all.filter(({ productId }) => mayBe(productId));
  if (category !== undefined || diversity > 0) {
    const products = await live.products(allowed.map(({ productId }) => productId));
    const of = ({ productId }: Candidate) => products.get(productId);
    if (category !== undefined) allowed = allowed.filter((one) => isWithin(of(one), category));
    if (diversity > 0) allowed = spread(allowed, limit, diversity, (one) => of(one)?.category);
  }
  const buried = new Set(bury);
  const isBuried = ({ productId }: Candidate) => buried.has(productId);
  return [...allowed.filter((one) => !isBuried(one)), ...allowed.filter(isBuried)].slice(0, limit);
}

function isWithin(product: ProductInfo | undefined, category: string): boolean {
  const own = product?.category?.toLowerCase();
  const wanted = category.toLowerCase();
  return own === wanted || (own?.startsWith(wanted) === true && /^\s*[>/.]/.test(own.slice(wanted.length)));
}

/** Takes one after another the one whose score, less `diversity` for each of its category before, is the highest. */
function spread(
  candidates: readonly Candidate[],
  limit: number,
  diversity: number,
  categoryOf: (candidate: Candidate) => string | undefined,
): Candidate[] {
  const left = candidates.filter(({ source }) => source !== 'pinned');
  const taken = candidates.filter(({ source }) => source === 'pinned');
  const counts = new Map<string | undefined, number>();
  const worthOf = (one: Candidate) => one.score * (1 - diversity) ** (counts.get(categoryOf(one)) ?? 0);
  while (taken.length < limit && left.length > 0) {
    let at = 0;
    for (let i = 1; i < left.length; i += 1) if (worthOf(left[i]!) > worthOf(left[at]!)) at = i;
    const [next] = left.splice(at, 1);
    const category = categoryOf(next!);
    if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1);
    taken.push(next!);
  }
  return [...taken, ...left];
}
