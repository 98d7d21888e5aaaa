import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { packageFile } from '../../../src/package-root.ts';
import { openEventLog } from '../../../src/pipeline/event-log/open.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { add, type Count, formatAmount, multiply } from '../../../src/pipeline/events/money.ts';
import { type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import { ingest } from '../../../src/pipeline/ingest/ingest.ts';
import { findInput } from '../../../src/pipeline/ingest/source.ts';
import { readLog } from '../../support/read-log.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DATA = packageFile('..', 'shared', 'data');
const RETAIL = join(DATA, 'online-retail', 'online_retail.csv.gz');
const OTTO = join(DATA, 'otto', 'train.jsonl');

interface RetailFacts {
  readonly rows: number;
  readonly rows_per_kind: Record<
    'purchase' | 'cancellation' | 'adjustment' | 'zero_price' | 'negative_qty_not_cancelled',
    number
  >;
  readonly orders_purchase_invoices: number;
  readonly unique_buyers_with_id: number;
  readonly unique_stockcodes_purchased: number;
  readonly units_sold_gross: number;
  readonly revenue_gross_purchases: string;
  readonly revenue_net_of_cancellations: string;
  readonly time_min: string;
  readonly time_max: string;
}

interface OttoFacts {
  readonly 'sessions(lines)': number;
  readonly event_types: Record<'clicks' | 'carts' | 'orders', number>;
  readonly sessions_per_type: Record<'clicks' | 'carts' | 'orders', number>;
  readonly time_min_utc: string;
  readonly time_max_utc: string;
}

function facts<T>(dataFile: string): T {
  return JSON.parse(readFileSync(join(dataFile, '..', 'FACTS.json'), 'utf8')) as T;
}

/** Reads a file and hands over its events as the log gives them back. */
async function ingestAll(path: string, take: (event: ShopEvent) => void) {
  const config = configFor(join(tempDir(), 'data'));
  ensureDataDir(config);
  const log = await openEventLog(config);
  const input = await findInput(path, process.stdin);
  const signal = new AbortController().signal;
  const result = await ingest({
    log,
    input,
    choice: { format: 'auto' },
    speed: undefined,
    rebase: false,
    clock: Date.now,
    signal,
  });
  (await readLog(log)).forEach((records, partition) => {
    for (const { offset, value, appendedAt } of records) {
      const decoded = decodeRecord(value, { partition, offset, appendedAt });
      if (!isRejected(decoded)) take(decoded);
    }
  });
  await log.close();
  return result;
}

describe('real data', () => {
  test.skipIf(!existsSync(RETAIL))(
    'Online Retail gives the numbers that were computed independently',
    { timeout: 240_000 },
    async () => {
      const known = facts<RetailFacts>(RETAIL);
      const orders = new Set<string>();
      const buyers = new Set<string>();
      const products = new Set<string>();
      let gross: Count = 0;
      let net: Count = 0;
      let units = 0;
      const types: Record<string, number> = {};
      const result = await ingestAll(RETAIL, ({ type, orderId, userId, items, currency }) => {
        const { price, quantity, productId } = items[0]!;
        const amount = multiply(price!, quantity);
        types[type] = (types[type] ?? 0) + 1;
        expect(currency).toBe('GBP');
        if (type === 'purchase') {
          orders.add(orderId!);
          products.add(productId);
          if (userId !== undefined) buyers.add(userId);
          gross = add(gross, amount);
          net = add(net, amount);
          units += quantity;
        } else net = add(net, multiply(amount, -1));
      });
      const kinds = known.rows_per_kind;
      expect(types).toEqual({ purchase: kinds.purchase, refund: kinds.cancellation });
      expect(result.rejected).toEqual({
        'zero price': kinds.zero_price,
        'negative quantity': kinds.negative_qty_not_cancelled,
        adjustment: kinds.adjustment,
      });
      expect(result.lines).toBe(known.rows + 1);
      expect(orders.size).toBe(known.orders_purchase_invoices);
      expect(buyers.size).toBe(known.unique_buyers_with_id);
      expect(products.size).toBe(known.unique_stockcodes_purchased);
      expect(formatAmount(gross)).toBe(known.revenue_gross_purchases);
      expect(formatAmount(net)).toBe(known.revenue_net_of_cancellations);
      expect(units).toBe(known.units_sold_gross);
      expect(new Date(result.times!.from).toISOString()).toBe(`${known.time_min.replace(' ', 'T')}.000Z`);
      expect(new Date(result.times!.to).toISOString()).toBe(`${known.time_max.replace(' ', 'T')}.000Z`);
    },
  );

  test.skipIf(!existsSync(OTTO))('OTTO gives the numbers that were computed independently', async () => {
    const known = facts<OttoFacts>(OTTO);
    const counts = { view_item: 0, add_to_cart: 0, purchase: 0 } as Record<string, number>;
    const sessions = new Map<string, Set<string>>();
    const result = await ingestAll(OTTO, ({ type, sessionId, items }) => {
      counts[type]! += items.length;
      sessions.set(type, (sessions.get(type) ?? new Set()).add(sessionId!));
    });
    const { clicks, carts, orders } = known.event_types;
    expect(counts).toEqual({ view_item: clicks, add_to_cart: carts, purchase: orders });
    const sizes = ['view_item', 'add_to_cart', 'purchase'].map((type) => sessions.get(type)!.size);
    expect(sizes).toEqual(Object.values(known.sessions_per_type));
    expect(result).toMatchObject({ format: 'otto', lines: known['sessions(lines)'], rejected: {} });
    expect(result.times).toEqual({
      from: Date.parse(known.time_min_utc),
      to: Date.parse(known.time_max_utc),
    });
  });
});
