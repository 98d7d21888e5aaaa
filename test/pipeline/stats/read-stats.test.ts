import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const NOW = Date.now();
const HOUR = 3_600_000;

async function shop(events: readonly object[]): Promise<Stores> {
  const config = configFor(join(tempDir(), 'shop'), { ECOM_PARTITIONS: '2' });
  ensureDataDir(config);
  const stores = await openStores(config);
  const records = events.map((event, i) => ({ id: `e${i}`, source: 'test', time: NOW - 60_000, ...event }));
  await stores.log.append(
    records.map((event) => ({
      key: (event as { userId?: string }).userId ?? '',
      value: JSON.stringify(event),
    })),
  );
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  return stores;
}

const ask = { period: '1h', limit: 10, now: NOW, currency: 'USD' } as const;
const item = (productId: string, price: number | string, quantity = 1, more: object = {}) => ({
  productId,
  price,
  quantity,
  ...more,
});

describe('stats', () => {
  test('of an empty shop are zeros and nulls, never NaN', async () => {
    const stores = await shop([]);
    const stats = await readStats(stores, ask);
    expect(stats.kpis).toMatchObject({
      events: 0,
      averageOrderValue: null,
      revenuePerSession: null,
      arpu: null,
      conversion: { session: null, user: null },
      cartAbandonment: null,
      revenue: { gross: '0.00', net: '0.00', refunds: '0.00', currency: 'USD', others: [] },
    });
    expect(stats).toMatchObject({ schema: 'ecom.stats/1', funnel: [], topProducts: [], series: [] });
    expect(JSON.stringify(stats)).not.toMatch(/NaN|Infinity|undefined/);
    await stores.close();
  });

  test('keep currencies apart, and answer in the one of most orders', async () => {
    const buy = (currency: string, price: string, i: number) => ({
      type: 'purchase',
      userId: `u${i}`,
      orderId: `o${i}`,
      currency,
      items: [item('p', price)],
    });
    const stores = await shop([buy('EUR', '10.10', 1), buy('EUR', '0.2', 2), buy('JPY', '5000', 3)]);
    const { kpis, topProducts } = await readStats(stores, ask);
    expect(kpis.revenue).toEqual({
      gross: '10.30',
      net: '10.30',
      refunds: '0.00',
      currency: 'EUR',
      others: [{ gross: '5000', net: '5000', refunds: '0', currency: 'JPY' }],
    });
    expect(kpis).toMatchObject({ orders: 3, averageOrderValue: '5.15' });
    expect(topProducts).toMatchObject([{ productId: 'p', units: 3, orders: 3, revenue: '10.30' }]);
    await stores.close();
  });

  test('order the top lists by what there is, or as asked', async () => {
    const view = (productId: string, category: string) => ({
      type: 'view_item',
      userId: 'u',
      items: [{ productId, category }],
    });
    const stores = await shop([view('a', 'x'), view('b', 'y'), view('b', 'y')]);
    const { topProducts, topCategories } = await readStats(stores, ask);
    expect(topProducts.map(({ productId, views }) => [productId, views])).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
    expect(topCategories.map(({ category }) => category)).toEqual(['y', 'x']);
    expect((await readStats(stores, { ...ask, sort: 'revenue' })).topProducts).toEqual([]);
    await stores.close();
  });

  test('leave out of a window what lies before it', async () => {
    const stores = await shop([
      { type: 'page_view', userId: 'old', time: NOW - 2 * HOUR },
      { type: 'page_view', userId: 'new', time: NOW - 10_000 },
      { type: 'page_view', userId: 'back', time: NOW - 2 * HOUR },
      { type: 'page_view', userId: 'back', time: NOW - 20 * 60_000 },
    ]);
    const { kpis } = await readStats(stores, ask);
    expect(kpis).toMatchObject({ events: 2, users: 2, sessions: 2, activeUsers: { '5m': 1, '30m': 2 } });
    expect((await readStats(stores, { ...ask, period: '24h' })).kpis).toMatchObject({
      events: 4,
      users: 3,
      sessions: 4,
    });
    await stores.close();
  });

  test('count lines of one order as one order, wherever they lie', async () => {
    const line = (orderId: string, productId: string) => ({
      type: 'purchase',
      partial: true,
      orderId,
      items: [item(productId, '1.125', 2)],
    });
    const stores = await shop([line('1', 'a'), line('2', 'a'), line('1', 'b'), line('1', 'a')]);
    const { kpis, topProducts, freshness } = await readStats(stores, ask);
    expect(kpis).toMatchObject({
      orders: 2,
      unitsSold: 8,
      revenue: { gross: '9.00' },
      users: 0,
      averageOrderValue: '4.50',
    });
    expect(topProducts.map(({ productId, orders, units }) => [productId, orders, units])).toEqual([
      ['a', 2, 6],
      ['b', 1, 2],
    ]);
    expect(freshness.duplicateOrders).toBe(0);
    await stores.close();
  });

  test('a thank-you page loaded again is an event, but no order and no buyer’s session', async () => {
    const buy = { type: 'purchase', userId: 'u', orderId: 'o', items: [item('p', 5)] };
    const stores = await shop([
      { ...buy, time: NOW - 50 * 60_000 },
      { ...buy, time: NOW - 60_000 },
    ]);
    const { kpis, freshness, eventsByType } = await readStats(stores, ask);
    expect(kpis).toMatchObject({
      orders: 1,
      revenue: { gross: '5.00' },
      sessions: 2,
      conversion: { session: 0.5, user: 1 },
    });
    expect(eventsByType).toEqual({ purchase: 2 });
    expect(freshness).toMatchObject({ duplicateOrders: 1, received: 2 });
    await stores.close();
  });

  test('a history ends with its newest event, though lines of it were rejected today', async () => {
    const time = NOW - 400 * 24 * HOUR;
    const stores = await shop([{ type: 'page_view', userId: 'u', time }, { type: 'nonsense' }]);
    const { asOf, freshness, series, kpis } = await readStats(stores, ask);
    expect(asOf).toEqual({ time: new Date(time).toISOString(), basis: 'latest-event' });
    expect(freshness).toMatchObject({ received: 2, rejected: 1, lagMs: 0 });
    expect(series.map(({ events }) => events)).toEqual([1]);
    expect(kpis.users).toBe(1);
    await stores.close();
  });
});
