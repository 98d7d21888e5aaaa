import { stripControls } from '../pipeline/events/text.ts';
import { type ProductInfo } from '../pipeline/live-store/live-store.ts';
import {
  type Recommendation,
  type Recommended,
  recommendTo,
  type ServedAlgorithm,
} from '../pipeline/recommender/serve.ts';
import { type CommandContext } from './context.ts';
import { printJson, write } from './output.ts';
import { listed, notTrained, productTable, withLiveStore } from './product-list.ts';

export interface RecommendOptions {
  readonly user: string;
  readonly limit: number;
  readonly algorithm: ServedAlgorithm;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/**
 * Prints products for a shopper. One that the shop does not know gets what is popular now, and the answer says so.
 * @throws EcomError `NOT_FOUND` where there is no data, or nothing was learnt from it yet
 */
export async function recommend(
  { config, stdout, stderr }: CommandContext,
  options: RecommendOptions,
): Promise<void> {
  const { user, explain = false, algorithm } = options;
  await withLiveStore(config, async (live) => {
    const answer = await recommendTo(live, user, options);
    if (answer === undefined) throw notTrained();
    const { known, source, items } = answer;
    const mentioned = items.flatMap(({ productId, because }) => [
      productId,
      ...because.map((other) => other.productId),
    ]);
    const products = await live.products([...new Set(mentioned)]);
    if (options.json) {
      await printJson(stdout, {
        schema: 'ecom.recommend/1',
        user,
        known,
        algorithm,
        source,
        items: items.map((item) => ({
          ...listed(item.productId, products),
          score: item.score,
          source: item.source,
          ...(explain && { reasons: reasons(item, products) }),
        })),
      });
      return;
    }
    await write(stderr, `${introduction(user, algorithm, answer)}\n`);
    const rows = items.map((item) => ({
      product: listed(item.productId, products),
      score: item.score,
      why: shortReason(item, products),
    }));
    if (rows.length > 0 && !explain) await write(stdout, await productTable(rows, stdout));
    if (explain) await write(stdout, await explanation(items, products, stdout.columns));
  });
}

function introduction(user: string, algorithm: ServedAlgorithm, { known, source }: Recommended): string {
  const name = JSON.stringify(stripControls(user));
  if (!known)
    return `no event of ${name} was counted${source === 'none' ? '' : ': this is what is popular now'}`;
  if (source === 'none') {
    return algorithm === 'co-occurrence'
      ? `nothing goes with what ${name} has looked at; --algorithm auto fills up with what is popular now`
      : `nothing is left that ${name} has not bought`;
  }
  if (algorithm === 'popular') return `for ${name}, what is popular now`;
  if (source === 'popular')
    return `nothing goes with what ${name} has looked at: this is what is popular now`;
  return `for ${name}, by what goes together${source === 'mixed' ? ', filled up with what is popular now' : ''}`;
}

/** In words, the strongest first. */
function reasons({ because, rank }: Recommendation, products: ReadonlyMap<string, ProductInfo>): string[] {
  if (rank !== undefined) return [`popular now: number ${rank} of the shop`];
  return because.map(({ productId, support }) => {
    const times = support === 1 ? '1 session' : `${support} sessions`;
    return `bought or viewed together with ${products.get(productId)?.name ?? productId} in ${times}`;
  });
}

/** The strongest reason, for a narrow column. */
function shortReason(
  { because: [first], rank }: Recommendation,
  products: ReadonlyMap<string, ProductInfo>,
): string {
  if (first === undefined) return rank === undefined ? '' : `popular now: number ${rank}`;
  return `${first.support}× with ${products.get(first.productId)?.name ?? first.productId}`;
}

async function explanation(
  items: readonly Recommendation[],
  products: ReadonlyMap<string, ProductInfo>,
  width = Number.POSITIVE_INFINITY,
): Promise<string> {
  const { displayText, truncate } = await import('../tui/format/text.ts');
  const lines = items.flatMap((item, i) => {
    const { productId, name } = listed(item.productId, products);
    const title = name === null ? productId : `${name} (${productId})`;
    const why = reasons(item, products).map((reason) => `     ${displayText(reason)}`);
    return [`${String(i + 1).padStart(3)}. ${displayText(title)}`, ...why];
  });
  return lines.map((line) => `${truncate(line, width)}\n`).join('');
}
