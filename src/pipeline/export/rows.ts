import { type DocumentStore } from '../document-store/document-store.ts';
import { type Count, decimalsOf, formatAmount, multiply } from '../events/money.ts';
import { decimalAmounts, decimalItems } from '../events/record.ts';
import { AMOUNTS, type ShopEvent } from '../events/shop-event.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { COLUMNS, PREFIXES } from '../metrics/columns.ts';
import { type Cell } from './csv.ts';
import { withPeople } from './people.ts';
import { type Workbench } from './workbench.ts';

/** What is exported: columns, and rows as they come. */
export interface Export {
  readonly columns: readonly string[];
  rows(): AsyncIterable<readonly Cell[]>;
}

export interface ExportSource {
  readonly documents: Pick<DocumentStore, 'readEvents'>;
  readonly live: Pick<LiveStore, 'snapshot' | 'products' | 'states'>;
  readonly partitions: number;
  /** What of an event is exported; `undefined` for nothing. */
  keep(event: ShopEvent): ShopEvent | undefined;
  /** ISO 4217 code for events that name none. */
  readonly currency: string;
  /** The currency of the columns `revenue` of products and sessions: currencies are never added. */
  readonly mainCurrency: string;
  readonly signal: AbortSignal;
}

const READ = 5000;

/** Reads counted events, partition after partition, until `isEnough` says so, which is asked after each. */
export async function readUntil(
  { documents, partitions, signal }: Pick<ExportSource, 'documents' | 'partitions' | 'signal'>,
  isEnough: (event: ShopEvent) => boolean,
): Promise<void> {
  const all = (event: ShopEvent) => event;
  for await (const event of keptEvents({ documents, partitions, signal, keep: all }))
    if (isEnough(event)) return;
}

/** All counted events that are to be kept, partition after partition, in the order of arrival. */
async function* keptEvents(
  source: Pick<ExportSource, 'documents' | 'partitions' | 'signal' | 'keep'>,
): AsyncIterable<ShopEvent> {
  for (let partition = 0; partition < source.partitions; partition += 1) {
    let from = 0;
    for (;;) {
      source.signal.throwIfAborted();
      const { events, next } = await source.documents.readEvents(partition, from, READ);
      for (const { event } of events) {
        const kept = source.keep(event);
        if (kept !== undefined) yield kept;
      }
      if (next === from) break;
      from = next;
    }
  }
}

export function exportEvents(source: ExportSource): Export {
  return {
    columns: [
      'id',
      'type',
      'time',
      'user_id',
      'anonymous_id',
      'session_id',
      'order_id',
      'currency',
      'query',
      'source',
      'items',
      'properties',
      'partial',
      'status',
      ...AMOUNTS,
      'truncated',
    ],
    async *rows() {
      for await (const event of keptEvents(source)) {
        const { id, type, time, userId, anonymousId, sessionId, orderId, currency, query } = event;
        const items = decimalItems(event.items);
        const amounts = decimalAmounts(event);
        yield [
          id,
          type,
          new Date(time).toISOString(),
          userId ?? null,
          anonymousId ?? null,
          sessionId ?? null,
          orderId ?? null,
          currency ?? null,
          query ?? null,
          event.source,
          items.length === 0 ? null : JSON.stringify(items),
          event.properties === undefined ? null : JSON.stringify(event.properties),
          event.partial ?? null,
          event.status ?? null,
          ...AMOUNTS.map((name) => amounts[name] ?? null),
          event.truncated ?? null,
        ];
      }
    },
  };
}

/** One row an order that counts, by time: lines that came one by one are one order, one that came twice counts once. */
export function exportOrders(source: ExportSource, { book }: Workbench): Export {
  return {
    columns: [
      'order_id',
      'time',
      'shopper',
      'currency',
      'lines',
      'units',
      'revenue',
      'refunds',
      'status',
      'tax',
      'shipping',
      'discount',
    ],
    async *rows() {
      for await (const event of keptEvents(source)) book.take(event);
      for (const row of book.orders()) {
        const { id, time, shopper, currency, lines, units, amount, refunds } = row;
        const { status, amounts } = row.order;
        const written = (sum: Count | undefined): string | null =>
          sum === undefined ? null : formatAmount(sum, decimalsOf(currency));
        yield [
          id,
          new Date(time).toISOString(),
          shopper,
          currency,
          lines,
          units,
          written(amount),
          written(refunds),
          status ?? null,
          written(amounts.tax),
          written(amounts.shipping),
          written(amounts.discount),
        ];
      }
    },
  };
}

/** One row a session, by shopper and time. */
export function exportSessions(source: ExportSource, bench: Workbench): Export {
  return {
    columns: [
      'shopper',
      'session_id',
      'start',
      'end',
      'seconds',
      'events',
      'entry',
      'exit',
      'views',
      'carts',
      'checkouts',
      'orders',
      'units',
      'revenue',
      'currency',
    ],
    async *rows() {
      for await (const { event, shopper } of withPeople(keptEvents(source), source.live)) {
        const { id, type, time, sessionId, orderId, currency, items } = event;
        const counts = bench.book.take(event);
        const units = items.reduce((sum, { quantity }) => sum + quantity, 0);
        const bought = { units, amount: worthOf(items), currency: currency ?? null };
        if (shopper === undefined) {
          if (counts && orderId !== undefined) bench.addLine({ orderId, ...bought });
          continue;
        }
        const order = counts ? (orderId ?? id) : null;
        bench.addVisit({ shopper, time, type, sessionId: sessionId ?? null, orderId: order, ...bought });
      }
      for (const session of bench.sessions(source.mainCurrency)) {
        const { shopper, sessionId, start, end, events, entry, exit } = session;
        yield [
          shopper,
          sessionId,
          new Date(start).toISOString(),
          new Date(end).toISOString(),
          (end - start) / 1000,
          events,
          entry,
          exit,
          session.views,
          session.carts,
          session.checkouts,
          session.orders,
          session.units,
          formatAmount(session.amount, decimalsOf(source.mainCurrency)),
          source.mainCurrency,
        ];
      }
    },
  };
}

/** One row a product with all that was ever counted of it, most views first. */
export function exportProducts(source: ExportSource): Export {
  return {
    columns: [
      'product_id',
      'name',
      'category',
      'brand',
      'price',
      'views',
      'carts',
      'orders',
      'units',
      'revenue',
      'currency',
    ],
    async *rows() {
      const seen = new Set<string>();
      const columns = [COLUMNS.views, COLUMNS.units, COLUMNS.carts];
      const { tallies } = await source.live.snapshot({
        tallies: [
          {
            ranges: 'all',
            rankings: columns.map((column) => ({
              dimension: 'product',
              columns: [column],
              limit: Number.MAX_SAFE_INTEGER,
            })),
          },
        ],
      });
      const entries = tallies[0]!.rankings.flatMap((ranked) => ranked.entries);
      for (let at = 0; at < entries.length; at += READ) {
        const part = entries.slice(at, at + READ).filter(({ key }) => !seen.has(key));
        const products = await source.live.products(part.map(({ key }) => key));
        for (const { key, counters } of part) {
          if (seen.has(key)) continue;
          seen.add(key);
          const { name, category, brand, price } = products.get(key) ?? {};
          const count = (column: string): number => Number(counters.get(column) ?? 0);
          yield [
            key,
            name ?? null,
            category ?? null,
            brand ?? null,
            price === undefined ? null : formatAmount(price),
            count(COLUMNS.views),
            count(COLUMNS.carts),
            count(COLUMNS.orders),
            count(COLUMNS.units),
            formatAmount(
              counters.get(PREFIXES.gross + source.mainCurrency) ?? 0,
              decimalsOf(source.mainCurrency),
            ),
            source.mainCurrency,
          ];
        }
      }
    },
  };
}

function worthOf(items: ShopEvent['items']): bigint {
  return items.reduce(
    (sum, { total, price, quantity }) =>
      sum + BigInt(total ?? (price === undefined ? 0 : multiply(price, quantity))),
    0n,
  );
}
