import { EcomError } from '../errors.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { publishedModel, publishedSimilar } from '../pipeline/recommender/published.ts';
import { type CommandContext } from './context.ts';
import { leftOutText } from './model-text.ts';
import { printJson, tell, write } from './output.ts';
import { listed, notTrained, productTable, withLiveStore } from './product-list.ts';

export interface SimilarOptions {
  readonly product: string;
  readonly limit: number;
  readonly json?: boolean;
}

/**
 * Prints what goes with a product.
 * @throws EcomError `NOT_FOUND` where there is no data, nothing was learnt from it yet, or the product is not known
 */
export async function similar(
  { config, colour, stdout, stderr }: CommandContext,
  options: SimilarOptions,
): Promise<void> {
  const { product, limit } = options;
  await withLiveStore(config, async (live) => {
    const published = (await publishedSimilar(live, [product])).get(product);
    const list = published?.slice(0, limit) ?? [];
    const products = await live.products([product, ...list.map(([id]) => id)]);
    if (published === undefined) {
      if ((await publishedModel(live)) === undefined) throw notTrained();
      if (!products.has(product)) throw unknownProduct(product);
    }
    if (options.json) {
      const items = list.map(([id, score, support]) => ({ ...listed(id, products), score, support }));
      await printJson(stdout, { schema: 'ecom.similar/1', product: listed(product, products), items });
      return;
    }
    if (list.length === 0) {
      const leftOut = (await publishedModel(live))?.productsLeftOut ?? 0;
      const why = leftOut > 0 ? `; recommendations leave out ${leftOutText(leftOut)}` : '';
      tell(stderr, `nothing goes with it yet${why}`);
    }
    const rows = list.map(([id, score, support]) => {
      const why = support === 0 ? 'alike' : `${support} took both`;
      return { product: listed(id, products), score, why };
    });
    if (rows.length > 0) await write(stdout, await productTable(rows, { stdout, colour }));
  });
}

function unknownProduct(product: string): EcomError {
  return new EcomError(
    'NOT_FOUND',
    `nothing is known of a product ${JSON.stringify(stripControls(product))}`,
    {
      hint: 'ids are as the shop writes them, and "A1" is not "a1"; ecom stats lists the top products with theirs',
    },
  );
}
