import { type SortKey, type TopCategory, type TopProduct } from '../../pipeline/stats/types.ts';
import { dim, type Line } from '../format/line.ts';
import { compact, moneyColumn } from '../format/numbers.ts';
import { type TableColumn, table } from '../format/table.ts';
import { displayText } from '../format/text.ts';
import { type Rect } from '../layout.ts';
import { type DashboardState, sortInEffect } from '../state.ts';
import { FRAME_HEIGHT, FRAME_WIDTH, frame } from './frame.ts';

interface ListEntry {
  readonly name: string;
  readonly views: number;
  readonly carts: number;
  readonly units: number;
  readonly orders?: number;
  readonly revenue: string;
}

const WIDTHS: Readonly<Record<SortKey, number>> = { views: 7, carts: 7, orders: 7, units: 6, revenue: 9 };
const DRAWN_ORDER: readonly SortKey[] = ['views', 'carts', 'orders', 'units', 'revenue'];
const PRIORITY: readonly SortKey[] = ['revenue', 'units', 'views', 'orders', 'carts'];
const LEAST_NAME = 16;
/** Width from which on the rank is shown. */
const RANKED = 44;
const RANK = 2;
const GAP = 2;

export function productsView(state: DashboardState, rect: Rect): Line[] {
  const sort = sortInEffect(state);
  const products = state.model?.stats.topProducts ?? [];
  const [width, limit] = [rect.width - FRAME_WIDTH, rect.height - FRAME_HEIGHT - 1];
  const lines = productLines(products, currencyOf(state), sort, width, limit);
  return frame('Top products', `by ${sort}`, lines, rect.width, rect.height);
}

export function categoriesView(state: DashboardState, rect: Rect): Line[] {
  const sort = sortInEffect(state);
  const categories = state.model?.stats.topCategories ?? [];
  const [width, limit] = [rect.width - FRAME_WIDTH, rect.height - FRAME_HEIGHT - 1];
  const lines = categoryLines(categories, currencyOf(state), sort, width, limit);
  return frame('Top categories', '', lines, rect.width, rect.height);
}

function currencyOf({ model }: DashboardState): string {
  return model?.stats.kpis.revenue.currency ?? '';
}

/** A heading and up to `limit` products, in `width` columns. @param currency of their revenue, ISO 4217 */
export function productLines(
  products: readonly TopProduct[],
  currency: string,
  sort: SortKey,
  width: number,
  limit: number,
): Line[] {
  const entries = products.map((product) => ({ ...product, name: product.name ?? product.productId }));
  return listLines('Product', entries, PRIORITY, currency, sort, width, limit);
}

/** A heading and up to `limit` categories, in `width` columns. @param currency of their revenue, ISO 4217 */
export function categoryLines(
  categories: readonly TopCategory[],
  currency: string,
  sort: SortKey,
  width: number,
  limit: number,
): Line[] {
  const entries = categories.map(({ category, ...numbers }) => ({ ...numbers, name: category }));
  const keys = PRIORITY.filter((key) => key !== 'orders');
  return listLines('Category', entries, keys, currency, sort, width, limit);
}

function listLines(
  title: string,
  entries: readonly ListEntry[],
  keys: readonly SortKey[],
  currency: string,
  sort: SortKey,
  width: number,
  limit: number,
): Line[] {
  const ranked = width >= RANKED;
  const shown = chooseColumns(keys, sort, ranked ? width - RANK - GAP : width);
  const columns: TableColumn[] = [
    ...(ranked ? [{ title: '', width: RANK, align: 'right', style: { dim: true } } as const] : []),
    { title, width: 'flexible' },
    ...shown.map((key): TableColumn => {
      const marked = key === sort;
      return {
        title: marked ? `▼${key}` : key,
        width: WIDTHS[key],
        align: 'right',
        marked,
        style: { bold: marked },
      };
    }),
  ];
  const listed = entries.slice(0, Math.max(0, limit));
  if (listed.length === 0) return [[dim('Nothing in this window.')]];
  const revenue = moneyColumn(
    listed.map((entry) => entry.revenue),
    currency,
  );
  const rows = listed.map((entry, index) => [
    ...(ranked ? [String(index + 1)] : []),
    displayText(entry.name),
    ...shown.map((key) => (key === 'revenue' ? revenue[index]! : compact(entry[key] ?? 0))),
  ]);
  return table(columns, rows, width);
}

/** The column of the order always, then the most telling ones while the name keeps enough room. */
function chooseColumns(keys: readonly SortKey[], sort: SortKey, width: number): SortKey[] {
  const [first, ...others] = keys.includes(sort) ? [sort, ...keys.filter((key) => key !== sort)] : keys;
  let left = width - LEAST_NAME - WIDTHS[first!] - GAP;
  const chosen = others.filter((key) => {
    left -= WIDTHS[key] + GAP;
    return left >= 0;
  });
  return DRAWN_ORDER.filter((key) => key === first || chosen.includes(key));
}
