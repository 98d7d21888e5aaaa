import { dirname, resolve } from 'node:path';
import { type Config } from '../config.ts';
import { EcomError, errorMessage } from '../errors.ts';
import { type AlgorithmName } from '../ml/algorithm-names.ts';
import { readRegularFile } from '../pipe.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { type ProductInfo } from '../pipeline/live-store/live-store.ts';
import { type Recommendation } from '../pipeline/recommender/recommendation.ts';
import {
  type Audience,
  type Recommended,
  type RecommendRequest,
  recommendTo,
} from '../pipeline/recommender/serve.ts';
import { type RecommendSettings } from '../pipeline/recommender/settings.ts';
import { readSettings } from '../pipeline/recommender/settings-file.ts';
import { readSimulated } from '../pipeline/stats/simulated.ts';
import { type CommandContext } from './context.ts';
import { leftOutText } from './model-text.ts';
import { printJson, tell, write } from './output.ts';
import { listed, notTrained, productTable, withLiveStore } from './product-list.ts';
import { reasons, shortReason } from './reasons.ts';

export interface RecommendOptions {
  readonly user?: string;
  /** Product ids, the latest last. */
  readonly session?: readonly string[];
  readonly limit: number;
  readonly algorithm: AlgorithmName | 'auto';
  /** @default what was bought, or all of a session */
  readonly exclude?: RecommendRequest['exclude'];
  readonly category?: string;
  readonly inStock?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/**
 * Prints products for a shopper, or for whoever has just looked at some. Who is not known gets what is trending, and the answer
 * says so.
 * @throws EcomError `NOT_FOUND` where there is no data, or nothing was learnt from it yet
 */
export async function recommend(
  { config, colour, stdout, stderr }: CommandContext,
  options: RecommendOptions,
): Promise<void> {
  const { explain = false, algorithm } = options;
  const audience = audienceOf(options);
  const settings = await readSettings(config.recommendFile);
  const outOfStock = options.inStock ? await readOutOfStock(config, settings) : undefined;
  await withLiveStore(config, async (live) => {
    let opened: DocumentStore | undefined;
    const documents = async () => {
      const { openDocumentStore } = await import('../pipeline/document-store/open.ts');
      opened ??= await openDocumentStore(config);
      return opened;
    };
    const exclude = options.exclude ?? ('session' in audience ? 'seen' : 'bought');
    const request = { ...options, audience, algorithm, exclude, outOfStock };
    const answer = await recommendTo({ live, documents }, request, settings).finally(() => opened?.close());
    if (answer === undefined) throw notTrained();
    const { id, arm, known, source, version, items } = answer;
    const mentioned = items.flatMap(({ productId, because }) => [
      productId,
      ...because.map((other) => other.productId),
    ]);
    const products = await live.products([...new Set(mentioned)]);
    const simulated = await readSimulated(live);
    if (options.json) {
      await printJson(stdout, {
        schema: 'ecom.recommend/1',
        ...audience,
        known,
        recommendationId: id,
        arm,
        algorithm: answer.algorithm,
        model: version,
        productsLeftOut: answer.productsLeftOut,
        simulated,
        source,
        items: items.map((item) => ({
          ...listed(item.productId, products),
          score: Math.round(item.score * 1e6) / 1e6,
          source: item.source,
          ...(explain && { reasons: reasons(item, products) }),
        })),
      });
      return;
    }
    tell(stderr, `${simulated ? 'SIMULATED: ' : ''}${introduction(audience, answer)}`);
    const rows = items.map((item) => ({
      product: listed(item.productId, products),
      score: item.score,
      why: shortReason(item, products),
    }));
    if (rows.length > 0 && !explain) await write(stdout, await productTable(rows, { stdout, colour }));
    if (explain && answer.productsLeftOut > 0)
      tell(stderr, `left out are ${leftOutText(answer.productsLeftOut)}`);
    if (explain) await write(stdout, await explanation(items, products, stdout.columns));
  });
}

function audienceOf({ user, session }: RecommendOptions): Audience {
  if (user !== undefined && session === undefined) return { user };
  if (session !== undefined && user === undefined) return { session };
  throw new EcomError(
    'USAGE',
    user === undefined ? 'nobody is named' : '--user and --session are both given',
    {
      hint: 'ecom recommend --user ID, or --session PRODUCT,PRODUCT for what somebody has just looked at',
    },
  );
}

/** @throws EcomError where no file is named, or it cannot be read */
async function readOutOfStock({ recommendFile }: Config, settings: RecommendSettings): Promise<Set<string>> {
  const { outOfStockFile } = settings;
  if (outOfStockFile === undefined) {
    throw new EcomError('USAGE', 'nothing says what is in stock', {
      hint: `put {"outOfStockFile": "FILE"} into ${recommendFile}: a file with the id of a product that is out of stock a line`,
    });
  }
  try {
    const text = readRegularFile(resolve(dirname(recommendFile), outOfStockFile));
    return new Set(text.split('\n').map((line) => line.trim()));
  } catch (error) {
    throw new EcomError('INPUT', `the products that are out of stock cannot be read: ${errorMessage(error)}`);
  }
}

function introduction(audience: Audience, { known, source, algorithm, arm }: Recommended): string {
  if ('session' in audience) {
    return source === 'trending'
      ? 'nothing goes with these products: this is what is trending'
      : `for who has looked at these products, by ${algorithm}`;
  }
  const name = JSON.stringify(stripControls(audience.user));
  if (!known)
    return `no event of ${name} was counted${source === 'none' ? '' : ': this is what is trending'}`;
  if (source === 'none') return `nothing is left for ${name}: everything that fits is excluded`;
  if (algorithm === 'trending') return `for ${name}, what is trending`;
  if (source === 'trending') return `nothing goes with what ${name} has looked at: this is what is trending`;
  const instead = arm === 'fallback' ? ', for what the experiment wants is not trained yet' : '';
  return `for ${name}, by ${algorithm}${source === 'mixed' ? ', filled up with what is trending' : ''}${instead}`;
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
