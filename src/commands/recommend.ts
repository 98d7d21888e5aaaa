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
    const { known, source, items } = answer;
    if (items.length === 0 && algorithm !== 'co-occurrence') throw notTrained();
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
    await write(stderr, `${introduction(user, answer)}\n`);
    const rows = items.map((item) => ({
      product: listed(item.productId, products),
      score: item.score,
      why: explain ? '' : (reasons(item, products)[0] ?? ''),
    }));
    if (rows.length > 0 && !explain) await write(stdout, await productTable(rows, stdout));
    if (explain) await write(stdout, await explanation(items, products));
  });
}

function introduction(user: string, { known, source }: Recommended): string {
  const name = JSON.stringify(user);
  if (!known) return `no event of ${name} was counted: this is what is popular now`;
  if (source === 'popular')
    return `nothing goes with what ${name} has looked at: this is what is popular now`;
  if (source === 'none') return `nothing goes with what ${name} has looked at`;
  return `for ${name}, by what goes together${source === 'mixed' ? ', filled up with what is popular now' : ''}`;
}

/** In words, the strongest first. */
function reasons({ source, because }: Recommendation, products: ReadonlyMap<string, ProductInfo>): string[] {
  if (source === 'popular') return ['popular now'];
  return because.map(({ productId, support }) => {
    const times = support === 1 ? '1 session' : `${support} sessions`;
    return `with ${products.get(productId)?.name ?? productId} in ${times}`;
  });
}

async function explanation(
  items: readonly Recommendation[],
  products: ReadonlyMap<string, ProductInfo>,
): Promise<string> {
  const { displayText } = await import('../tui/format/text.ts');
  return items
    .map((item, i) => {
      const { productId, name } = listed(item.productId, products);
      const why = reasons(item, products).map((reason) => `     ${displayText(reason)}\n`);
      return `${String(i + 1).padStart(3)}. ${displayText(name ?? productId)} (${displayText(productId)})\n${why.join('')}`;
    })
    .join('');
}
