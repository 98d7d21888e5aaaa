import { type ProductInfo } from '../pipeline/live-store/live-store.ts';
import { type Recommendation } from '../pipeline/recommender/recommendation.ts';

/** Why a product is recommended, in words, the strongest reason first. */
export function reasons(
  { because, rank, source }: Recommendation,
  products: ReadonlyMap<string, ProductInfo>,
): string[] {
  if (rank !== undefined) return [`trending: number ${rank} of the shop`];
  if (source === 'again') return ['the shopper took it before'];
  if (source === 'pinned') return ['pinned by the shop'];
  const nameOf = (productId: string) => products.get(productId)?.name ?? productId;
  const told = because.map(({ productId, support, action }) => {
    const name = nameOf(productId);
    if (support === 0) return `alike: the shopper ${action} ${name}`;
    return `the shopper ${action} ${name}, and ${shoppers(support)} took both`;
  });
  return told.length > 0 ? told : [`by ${source}`];
}

function shoppers(count: number): string {
  return count === 1 ? '1 shopper' : `${count} shoppers`;
}

/** The strongest reason, for a narrow column. */
export function shortReason(
  { because: [first], rank, source }: Recommendation,
  products: ReadonlyMap<string, ProductInfo>,
): string {
  if (rank !== undefined) return `trending: number ${rank}`;
  if (first === undefined) return source === 'again' ? 'taken before' : source;
  const name = products.get(first.productId)?.name ?? first.productId;
  return first.support === 0 ? `like ${name}` : `${first.support}× with ${name}`;
}
