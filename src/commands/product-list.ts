import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { greatest } from '../extremes.ts';
import { formatAmount } from '../pipeline/events/money.ts';
import { type LiveStore, type ProductInfo } from '../pipeline/live-store/live-store.ts';
import { openLiveStore } from '../pipeline/live-store/open.ts';
import { type CommandContext } from './context.ts';
import { requireData } from './require-data.ts';

/** A product as the JSON answers show it. */
export interface ListedProduct {
  readonly productId: string;
  readonly name: string | null;
  readonly category: string | null;
  /** Decimal string. */
  readonly price: string | null;
}

/** A line of the text form. */
export interface ProductRow {
  readonly product: ListedProduct;
  readonly score: number;
  readonly why: string;
}

/** Opens the live store for one question, where there is any data. */
export async function withLiveStore<T>(config: Config, ask: (live: LiveStore) => Promise<T>): Promise<T> {
  requireData(config);
  const live = await openLiveStore(config);
  try {
    return await ask(live);
  } finally {
    await live.close();
  }
}

/** Says what a list of products is without a model: there are events, but nobody has learnt from them. */
export function notTrained(): EcomError {
  return new EcomError(
    'NOT_FOUND',
    'there are no recommendations yet: nothing was learnt from this shop’s events',
    {
      hint: 'ecom up learns as it goes, ecom ingest when it is done; wait a few seconds and ask again',
    },
  );
}

export function listed(productId: string, products: ReadonlyMap<string, ProductInfo>): ListedProduct {
  const { name, category, price } = products.get(productId) ?? {};
  const amount = price === undefined ? null : formatAmount(price);
  return { productId, name: name ?? null, category: category ?? null, price: amount };
}

/** An aligned table of products, as wide as the terminal. */
export async function productTable(
  rows: readonly ProductRow[],
  { stdout, colour }: Pick<CommandContext, 'stdout' | 'colour'>,
): Promise<string> {
  const { table } = await import('../tui/format/table.ts');
  const { lineText } = await import('../tui/format/line.ts');
  const { displayText } = await import('../tui/format/text.ts');
  const width = Math.min(120, Math.max(60, stdout.columns ?? 100));
  const idWidth = Math.min(
    16,
    greatest(
      rows.map(({ product }) => product.productId.length),
      7,
    ),
  );
  const lines = table(
    [
      { title: 'product', width: idWidth },
      { title: 'name', width: 'flexible' },
      { title: 'price', width: 10, align: 'right' },
      { title: 'score', width: 8, align: 'right' },
      { title: 'because', width: Math.floor(width * 0.35) },
    ],
    rows.map(({ product, score, why }) => {
      const shown = score < 10 ? score.toFixed(3) : score.toFixed(0);
      return [
        displayText(product.productId),
        displayText(product.name ?? ''),
        product.price ?? '',
        shown,
        displayText(why),
      ];
    }),
    width,
  );
  const [heading, ...body] = lines.map((line) => lineText(line).trimEnd());
  const styled = stdout.isTTY === true && colour;
  return `${[styled ? `\u001b[1m${heading}\u001b[22m` : heading, ...body].join('\n')}\n`;
}
