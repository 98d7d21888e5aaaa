import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportData } from '../../src/commands/export.ts';
import { ingest } from '../../src/commands/ingest.ts';
import { statsText } from '../../src/commands/stats-text.ts';
import { readInsights } from '../../src/pipeline/stats/read-insights.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { type Run, runOn } from '../support/run-on.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const NOW = Date.UTC(2026, 1, 1);
const newFolder = (): string => join(tempDir(), 'shop');
const caseFile = (name: string): string => join(import.meta.dirname, '../cases', name);

async function read(dataDir: string, path: string, map?: string): Promise<Run> {
  const run = runOn(dataDir);
  await ingest(run.context, [path], { format: 'auto', speed: 'max', ...(map !== undefined && { map }) });
  return run;
}

/** Reads lines of our own. */
async function readEvents(dataDir: string, events: readonly object[]): Promise<Run> {
  const path = join(tempDir(), 'events.jsonl');
  writeFileSync(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return read(dataDir, path);
}

const paid = (orderId: string, time: string) => ({ type: 'purchase', time, userId: 'u1', orderId });

async function statsOf(dataDir: string, by?: string): Promise<Stats> {
  const stores = await openStores(configFor(dataDir));
  const stats = await readStats(stores, { period: 'all', now: NOW, currency: 'USD', limit: 100, by });
  await stores.close();
  return stats;
}

async function exported(dataDir: string, what: 'events' | 'orders' | 'sessions'): Promise<string> {
  const run = runOn(dataDir);
  await exportData(run.context, { what, format: 'jsonl', out: '-' });
  return run.text();
}

const rowsOf = (lines: string) =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 5, 10, minute)).toISOString();
const one = (price: string, quantity = 1) => [{ productId: 'A', price, quantity }];

describe('orders from real shops', () => {
  test('lines have the currency and the country of their order, in stats and export alike', async () => {
    const dataDir = newFolder();
    await read(dataDir, caseFile('order-lines/orders_export.csv'), caseFile('order-lines/map.json'));
    const { kpis, breakdown } = await statsOf(dataDir, 'country');
    expect(kpis.revenue).toMatchObject({ gross: '90.00', currency: 'EUR', others: [] });
    expect(breakdown!.rows).toMatchObject([{ value: 'DE', orders: 2, units: 4, revenue: '90.00' }]);
    expect(rowsOf(await exported(dataDir, 'orders'))).toMatchObject([
      {
        order_id: '#1001',
        currency: 'EUR',
        lines: 2,
        units: 3,
        revenue: '70.00',
        shopper: 'u:a@example.com',
      },
      { order_id: '#1002', currency: 'EUR', lines: 1, units: 1, revenue: '20.00' },
    ]);
  });

  test('a line that came before what it lacks is counted in another way then, session and shopper too', async () => {
    const dataDir = newFolder();
    const line = { type: 'purchase', userId: 'u', orderId: '1', partial: true };
    await readEvents(dataDir, [{ ...line, id: 'a', time: at(0), items: one('30') }]);
    expect((await statsOf(dataDir)).kpis.revenue).toMatchObject({ gross: '30.00', currency: 'USD' });
    await readEvents(dataDir, [
      { ...line, id: 'b', time: at(1), currency: 'EUR', items: one('20', 2), properties: { country: 'DE' } },
    ]);
    const { kpis, breakdown } = await statsOf(dataDir, 'country');
    expect(kpis.revenue).toMatchObject({ gross: '70.00', currency: 'EUR', others: [] });
    expect(kpis).toMatchObject({ orders: 1, buyers: 1 });
    expect(breakdown!.rows).toMatchObject([{ value: 'DE', orders: 1, revenue: '70.00' }]);
  });

  test('a line that names nobody is of the shopper whom another one names, in stats and export alike', async () => {
    const dataDir = newFolder();
    const order = { type: 'purchase', time: at(0), orderId: '1', partial: true, currency: 'EUR' };
    await readEvents(dataDir, [
      { ...order, id: 'a', items: one('10') },
      { ...order, id: 'b', userId: 'u1', items: one('20') },
    ]);
    await readEvents(dataDir, [{ ...order, id: 'c', items: one('30') }]);
    const { kpis } = await statsOf(dataDir);
    expect(kpis).toMatchObject({ users: 1, buyers: 1, orders: 1, revenue: { gross: '60.00' } });
    const stores = await openStores(configFor(dataDir));
    const asked = { period: 'all', limit: 10, now: NOW, currency: 'EUR' } as const;
    const { cohorts } = await readInsights(stores.live, asked);
    await stores.close();
    expect(cohorts).toMatchObject([{ shoppers: 1, buyers: 1, lifetimeValue: '60.00' }]);
    expect(rowsOf(await exported(dataDir, 'orders'))).toMatchObject([{ shopper: 'u:u1', revenue: '60.00' }]);
    expect(rowsOf(await exported(dataDir, 'sessions'))).toMatchObject([
      { shopper: 'u:u1', orders: 1, units: 3, revenue: '60.00' },
    ]);
  });

  test('an unpaid order of a table makes no visit one with a purchase', async () => {
    const dataDir = newFolder();
    const path = join(tempDir(), 'orders_export.csv');
    const header = 'Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at';
    const items = ',Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku';
    const order = (name: string, status: string): string =>
      `${name},${name}@example.com,${status},EUR,20,5,0,25,2026-01-05 10:00:00 +0100,1,Mug,20,MUG`;
    const rows = [order('1', 'paid'), order('2', 'pending'), order('3', 'voided')];
    writeFileSync(path, [header + items, ...rows, ''].join('\n'));
    await read(dataDir, path);
    const { kpis, funnel } = await statsOf(dataDir);
    expect(kpis).toMatchObject({ users: 3, buyers: 1, orders: 1, sessions: 3 });
    expect(kpis.conversion).toEqual({ session: 1 / 3, user: 1 / 3 });
    expect(funnel).toMatchObject([{ step: 'purchase', sessions: 1 }]);
  });

  test('currencies are written as ISO 4217 says, and a refund without one has that of its order', async () => {
    const dataDir = newFolder();
    await read(dataDir, caseFile('currencies/in.jsonl'));
    const { kpis } = await statsOf(dataDir);
    const { gross, currency, others } = kpis.revenue;
    expect([{ gross, currency }, ...others]).toMatchObject([
      { currency: 'JPY', gross: '6440' },
      { currency: 'EUR', gross: '10.00', refunds: '10.00', net: '0.00' },
      { currency: 'KWD', gross: '2.510' },
    ]);
  });

  test('a refund counts once against its order, and what goes beyond is told', async () => {
    const dataDir = newFolder();
    const { text } = await read(dataDir, caseFile('refund-twice/in.jsonl'));
    const { kpis, freshness } = await statsOf(dataDir);
    expect(kpis.revenue).toMatchObject({ gross: '50.00', refunds: '50.00', net: '0.00' });
    expect(freshness.excessRefunds).toBe(1);
    expect(text()).toContain('1 refund beyond its order');
  });

  test('a refund of an order that was rejected, or never came, is told until a purchase of it comes', async () => {
    const dataDir = newFolder();
    const path = join(tempDir(), 'orders.jsonl');
    const order = (quantity: number) => ({
      ...{ id: 801, number: '801', status: 'completed', currency: 'USD', customer_id: 12, total: '6.00' },
      date_created_gmt: '2026-01-05T10:00:00',
      line_items: [{ name: 'Tea', sku: 'TEA', quantity, total: '6.00' }],
      refunds: [{ id: 9, total: '-6.00' }],
    });
    writeFileSync(path, `${JSON.stringify(order(0.5))}\n`);
    const { text } = await read(dataDir, path);
    expect(text()).toContain('1 rejected: 1 quantity is no whole number');
    expect(text()).toContain('1 refund of an order that is not known');
    const before = await statsOf(dataDir);
    expect(before.freshness).toMatchObject({ rejected: 1, refundsWithoutOrder: 1 });
    expect(before.kpis).toMatchObject({ orders: 0, revenue: { gross: '0.00', refunds: '6.00' } });
    expect(statsText(before, { width: 200, styled: false })).toContain(
      '1 refund of an order that is not known',
    );
    await readEvents(dataDir, [
      { ...paid('801', '2026-01-05T10:00:00Z'), items: [{ productId: 'TEA', price: 6 }] },
    ]);
    const after = await statsOf(dataDir);
    expect(after.freshness).toMatchObject({ refundsWithoutOrder: 0, excessRefunds: 0 });
    expect(after.kpis).toMatchObject({ orders: 1, revenue: { gross: '6.00', refunds: '6.00' } });
    // One that names no order has none to wait for.
    const alone = { type: 'refund', time: '2026-01-06T10:00:00Z', items: [{ productId: 'TEA', price: 1 }] };
    await readEvents(dataDir, [alone, { ...alone, time: '2026-01-07T10:00:00Z', orderId: '802' }]);
    expect((await statsOf(dataDir)).freshness).toMatchObject({ refundsWithoutOrder: 1 });
  });

  test.each([
    [['o1', 'o1'], ['u1', 'u1'], '1 duplicate order\n', 1],
    [['o1', 'o1', 'o1'], ['u1', 'u1', 'u1'], '2 duplicate orders\n', 1],
    // Whatever is taken for an order's id.
    [['R-7', 'R-7', 'o1'], ['u1', 'u2', 'u3'], '1 duplicate order\n', 2],
  ])(
    'whole orders %j are told where they come again, by ingest and stats',
    async (ids, users, note, orders) => {
      const dataDir = newFolder();
      const events = ids.map((orderId, i) => ({
        ...{ type: 'purchase', time: at(i), orderId, userId: users[i], items: one('5.00') },
      }));
      const { text } = await readEvents(dataDir, events);
      expect(text()).toContain(`\n${note}`);
      const stats = await statsOf(dataDir);
      expect(stats.kpis.orders).toBe(orders);
      expect(statsText(stats, { width: 200, styled: false })).toContain(` · ${note.trim()} · `);
      expect((await readEvents(dataDir, [events[0]!])).text()).not.toContain('duplicate order');
    },
  );

  test.each([
    ['nothing, and so all', {}, '50.00'],
    ['a product without price', { items: [{ productId: 'A', quantity: 1 }] }, '25.00'],
    ['a total with shipping', { total: '55.00' }, '55.00'],
    ['a total beyond the order', { total: '70.00' }, '55.00'],
    ['an amount before shipping', { revenue: '20.00' }, '20.00'],
    ['that it is called off', { status: 'cancelled', total: '55.00' }, '50.00'],
  ])(
    'of an order of 50 and 5 for shipping, a refund that says %s gives back as much',
    async (_, says, refunds) => {
      const order = { type: 'purchase', id: 'p', time: at(0), userId: 'u', orderId: '1', currency: 'EUR' };
      const refund = { type: 'refund', id: 'r', time: at(9), orderId: '1', ...says };
      const purchase = { ...order, shipping: '5.00', items: one('25.00', 2) };
      for (const events of [
        [purchase, refund],
        [refund, purchase],
      ]) {
        const dataDir = newFolder();
        for (const event of events) await readEvents(dataDir, [event]);
        expect((await statsOf(dataDir)).kpis.revenue).toMatchObject({ gross: '50.00', refunds, others: [] });
        expect(rowsOf(await exported(dataDir, 'orders'))).toMatchObject([{ revenue: '50.00', refunds }]);
      }
    },
  );

  test.each([
    ['revenue', { revenue: 40, total: 50, shipping: 5, tax: 5 }, '40.00'],
    ['total, less tax and shipping', { total: 50, shipping: 5, tax: 5 }, '40.00'],
    ['revenue beside an item without price', { revenue: 40, items: [{ productId: 'A' }] }, '40.00'],
    ['items before discount', { revenue: 40, discount: 10, items: one('50') }, '50.00'],
    ['items, where revenue has tax in it', { revenue: 56, tax: 6, items: one('50') }, '50.00'],
    ['items, where only a total is more', { total: 60, items: one('50') }, '50.00'],
    ['revenue, where a product is left out', { revenue: 60, items: one('50') }, '60.00'],
    ['an item’s total', { items: [{ productId: 'A', price: 10, quantity: 4, total: '38.50' }] }, '38.50'],
    ['an item’s price of 0', { items: one('0') }, '0.00'],
  ])('an order is worth its %s', async (_, says, gross) => {
    const dataDir = newFolder();
    await readEvents(dataDir, [
      { type: 'purchase', time: at(0), userId: 'u', orderId: '1', currency: 'EUR', ...says },
    ]);
    const { kpis, freshness } = await statsOf(dataDir);
    expect(kpis).toMatchObject({ orders: 1, revenue: { gross } });
    expect(freshness.unpricedOrders).toBe(0);
  });

  test('an order that says nothing is rejected, and one that says no amount is told', async () => {
    const dataDir = newFolder();
    const order = { type: 'purchase', time: at(0), userId: 'u', currency: 'EUR' };
    const { text } = await readEvents(dataDir, [
      { ...order, orderId: '1' },
      { ...order, orderId: '2', items: [] },
      { ...order, orderId: '3', items: [{ productId: 'A', quantity: 2 }] },
      { type: 'refund', time: at(1), items: [{ productId: 'A' }] },
    ]);
    const { kpis, freshness } = await statsOf(dataDir);
    expect(freshness.rejectedByReason).toEqual({ 'order without amount': 2, 'refund without amount': 1 });
    expect(freshness.unpricedOrders).toBe(1);
    expect(kpis).toMatchObject({ orders: 1, unitsSold: 2 });
    expect(text()).toContain('1 order without amount');
  });

  test.each([
    [['pending'], 0, '0.00', '0.00'],
    [['pending', 'paid'], 1, '50.00', '0.00'],
    [['paid', 'pending'], 1, '50.00', '0.00'],
    [['paid', 'refunded'], 1, '50.00', '50.00'],
    [['cancelled'], 0, '0.00', '0.00'],
    [['paid', 'cancelled'], 0, '0.00', '0.00'],
    [['cancelled', 'paid'], 0, '0.00', '0.00'],
  ] as const)(
    'an order that is %s counts by the one that is furthest on',
    async (statuses, orders, gross, refunds) => {
      const dataDir = newFolder();
      for (const [i, status] of statuses.entries()) {
        const order = {
          type: 'purchase',
          id: `p${i}`,
          time: at(i),
          userId: 'u',
          orderId: '1',
          currency: 'EUR',
        };
        await readEvents(dataDir, [{ ...order, status, items: one('50') }]);
      }
      const { kpis, freshness } = await statsOf(dataDir);
      expect(kpis).toMatchObject({ orders, buyers: orders, unitsSold: orders });
      const { gross: sold, refunds: back } = kpis.revenue;
      expect({ gross: sold, refunds: back }).toEqual({ gross, refunds });
      expect(freshness.pendingOrders + freshness.cancelledOrders).toBe(1 - orders);
      const rows = await exported(dataDir, 'orders');
      expect(rows === '' ? [] : rowsOf(rows)).toMatchObject(
        orders === 0 ? [] : [{ revenue: gross, refunds }],
      );
    },
  );

  test('what goes out comes in', async () => {
    const [dataDir, again, given] = [newFolder(), newFolder(), newFolder()];
    await read(dataDir, caseFile('exported-events/in.jsonl'));
    await readEvents(dataDir, [
      {
        type: 'purchase',
        time: at(0),
        userId: 'v',
        orderId: '7',
        status: 'paid',
        revenue: '9.9',
        tax: 1,
        note: 'x',
      },
      { type: 'refund', time: at(1), userId: 'v', orderId: '7', total: '3' },
      {
        type: 'view_item',
        time: at(2),
        anonymousId: 7,
        items: one('0.0001'),
        properties: { a: { b: [1, null] } },
      },
    ]);
    const lines = await exported(dataDir, 'events');
    const path = join(tempDir(), 'ev.jsonl');
    writeFileSync(path, lines);
    await read(again, path);
    expect(await statsOf(again, 'country')).toEqual(await statsOf(dataDir, 'country'));
    expect(await exported(again, 'events')).toBe(lines);
    // As an earlier version wrote it.
    await read(given, caseFile('exported-events/ev.jsonl'));
    expect((await statsOf(given)).kpis).toMatchObject({ events: 4, orders: 2, revenue: { gross: '7.00' } });
  });
});
