import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportData } from '../../src/commands/export.ts';
import { ingest } from '../../src/commands/ingest.ts';
import { statsText } from '../../src/commands/stats-text.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { type Run, runOn } from '../support/run-on.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

// Orders that come again: under another spelling of their name, paid back in parts, edited.

const NOW = Date.UTC(2026, 1, 1);
const newFolder = (): string => join(tempDir(), 'shop');

async function read(dataDir: string, name: string, text: string): Promise<Run> {
  const path = join(tempDir(), name);
  writeFileSync(path, text);
  const run = runOn(dataDir);
  await ingest(run.context, [path], { format: 'auto', speed: 'max' });
  return run;
}

async function statsOf(dataDir: string): Promise<Stats> {
  const stores = await openStores(configFor(dataDir));
  const stats = await readStats(stores, { period: 'all', now: NOW, currency: 'USD', limit: 100 });
  await stores.close();
  return stats;
}

async function ordersOf(dataDir: string): Promise<Record<string, unknown>[]> {
  const run = runOn(dataDir);
  await exportData(run.context, { what: 'orders', format: 'jsonl', out: '-' });
  const lines = run.text().trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const table = (...rows: string[][]): string => `${rows.map((row) => row.join(',')).join('\n')}\n`;
const json = (value: object): string => `${JSON.stringify(value)}\n`;

/** As Shopify exports an order of one mug. */
const shopifyTable = (name: string, says: Readonly<Record<string, string>> = {}): string => {
  const order = {
    Name: name,
    Email: 'a@example.com',
    'Financial Status': 'paid',
    Currency: 'USD',
    Subtotal: '40.00',
    Shipping: '5.00',
    Taxes: '0.00',
    Total: '45.00',
    'Created at': '2026-01-05 10:00:00 -0500',
    'Lineitem quantity': '2',
    'Lineitem name': 'Mug',
    'Lineitem price': '20.00',
    'Lineitem sku': 'MUG',
    ...says,
  };
  return table(Object.keys(order), Object.values(order));
};
const shopifyOrder = {
  id: 450789469,
  created_at: '2026-01-05T10:00:00-05:00',
  currency: 'USD',
  financial_status: 'paid',
  subtotal_price: '40.00',
  total_price: '45.00',
  line_items: [{ sku: 'MUG', title: 'Mug', quantity: 2, price: '20.00' }],
};
const shopifyNode = {
  id: 'gid://shopify/Order/450789469',
  createdAt: '2026-01-05T15:00:00Z',
  displayFinancialStatus: 'PAID',
  totalPriceSet: { shopMoney: { amount: '45.0', currencyCode: 'USD' } },
  lineItems: {
    nodes: [{ sku: 'MUG', quantity: 2, originalUnitPriceSet: { shopMoney: { amount: '20.0' } } }],
  },
};
const wooOrder = {
  id: 7001,
  status: 'completed',
  currency: 'USD',
  date_created_gmt: '2026-01-05T10:00:00',
  customer_id: 12,
  total: '40.00',
  line_items: [{ name: 'Mug', sku: 'MUG', quantity: 2, total: '40.00' }],
};
const wooTable = (number: string, says: Readonly<Record<string, string>> = {}): string => {
  const order = {
    order_id: '7001',
    order_number: number,
    order_date: '2026-01-05 10:00:00',
    status: 'completed',
    order_total: '40.00',
    order_currency: 'USD',
    customer_id: '12',
    line_items: 'name:Mug|sku:MUG|quantity:2|total:40.00',
    ...says,
  };
  return table(Object.keys(order), Object.values(order));
};
const wooLines = (number: string, refunded = ''): string =>
  table(
    [
      ...['Order Number', 'Order Status', 'Order Date', 'Item Name', 'SKU', 'Item Cost'],
      ...['Quantity (- Refund)', 'Order Total Amount', 'Order Currency', 'Order Refund Amount'],
    ],
    [number, 'Completed', '2026-01-05 10:00', 'Mug', 'MUG', '20.00', '2', '40.00', 'USD', refunded],
  );

const magentoOrder = {
  increment_id: '000000005',
  created_at: '2026-01-05 10:00:00',
  updated_at: '2026-01-07 10:00:00',
  state: 'complete',
  order_currency_code: 'USD',
  grand_total: 40,
  items: [{ sku: 'MUG', name: 'Mug', price: 20, row_total: 40, qty_ordered: 2 }],
};
const magentoTable = (refunded: string): string =>
  table(
    ['ID', 'Purchase Date', 'Grand Total (Base)', 'Grand Total (Purchased)', 'Status', 'Total Refunded'],
    ['000000005', '2026-01-05 10:00:00', '40.00', '40.00', 'Complete', refunded],
  );
const usd = (amount: string) => ({ shopMoney: { amount, currencyCode: 'USD' } });

/** How orders of 40.00 say how much was paid back so far. */
const soFar: Record<string, (refunded: string) => string> = {
  'Shopify’s table': (refunded) =>
    shopifyTable('#7001', { 'Financial Status': 'partially_refunded', 'Refunded Amount': refunded }),
  'Shopify’s GraphQL': (refunded) =>
    json({
      ...shopifyNode,
      name: '#7001',
      totalRefundedSet: usd(refunded),
      updatedAt: '2026-01-07T10:00:00Z',
    }),
  'WooCommerce’s table': (refunded) => wooTable('7001', { refunded_total: refunded }),
  'WooCommerce’s lines': (refunded) => wooLines('7001', refunded),
  'Magento’s table': magentoTable,
  Magento: (refunded) => json({ ...magentoOrder, total_refunded: Number(refunded) }),
};

describe('an order of which a source tells how much was paid back so far', () => {
  test.each(Object.entries(soFar))('has as much paid back as was said at most: %s', async (_, write) => {
    for (const amounts of [
      ['10.00', '25.00'],
      ['25.00', '10.00'],
      // As a spreadsheet saves it.
      ['10', '10.00', '25', '25.0', '9.5'],
    ]) {
      const dataDir = newFolder();
      for (const [i, amount] of amounts.entries()) {
        const text = write(amount);
        await read(dataDir, `orders-${i}.${text.startsWith('{') ? 'jsonl' : 'csv'}`, text);
      }
      const { kpis, freshness } = await statsOf(dataDir);
      expect(kpis).toMatchObject({ orders: 1, revenue: { gross: '40.00', refunds: '25.00' } });
      expect(freshness.excessRefunds).toBe(0);
      expect(await ordersOf(dataDir)).toMatchObject([{ revenue: '40.00', refunds: '25.00' }]);
    }
  });

  test('has each refund once that another source lists one by one', async () => {
    const listed = [10, 15].map((amount, i) => ({
      id: 900 + i,
      created_at: `2026-01-0${6 + i}T10:00:00-05:00`,
      refund_line_items: [],
      transactions: [{ kind: 'refund', status: 'success', amount: `${amount}.00` }],
    }));
    const texts = [
      soFar['Shopify’s table']!('10.00'),
      json({ ...shopifyOrder, name: '#7001', financial_status: 'partially_refunded', refunds: listed }),
      soFar['Shopify’s table']!('25.00'),
    ];
    for (const order of [texts, [...texts].reverse()]) {
      const dataDir = newFolder();
      for (const [i, text] of order.entries())
        await read(dataDir, `${i}.${text[0] === '{' ? 'jsonl' : 'csv'}`, text);
      expect((await statsOf(dataDir)).kpis.revenue).toMatchObject({ gross: '40.00', refunds: '25.00' });
    }
  });

  test('says it by refunds; elsewhere it is told as left out', async () => {
    const dataDir = newFolder();
    const order = { time: '2026-01-05T10:00:00Z', userId: 'u', orderId: '1', currency: 'USD' };
    const { text } = await read(
      dataDir,
      'events.jsonl',
      [
        { type: 'refund', ...order, refunded: 10 },
        { type: 'refund', ...order, refunded: '12.5' },
        { type: 'purchase', ...order, revenue: 40, refunded: 30 },
      ]
        .map(json)
        .join(''),
    );
    const { kpis, freshness } = await statsOf(dataDir);
    expect(kpis.revenue).toMatchObject({ gross: '40.00', refunds: '12.50' });
    expect(freshness.truncated).toBe(1);
    expect(text()).toContain('refunded');
  });
});

/** How orders say their total. */
const totals: Record<string, (total: string) => string> = {
  'Shopify’s table': (total) => shopifyTable('#7001', { Subtotal: `${Number(total) - 5}.00`, Total: total }),
  Shopify: (total) => json({ ...shopifyOrder, name: '#7001', total_price: total }),
  'Shopify’s GraphQL': (total) => json({ ...shopifyNode, name: '#7001', totalPriceSet: usd(total) }),
  'WooCommerce’s table': (total) => wooTable('7001', { order_total: total }),
  WooCommerce: (total) => json({ ...wooOrder, total }),
  Magento: (total) => json({ ...magentoOrder, grand_total: Number(total) }),
  'items alone': (total) =>
    json({
      ...{ type: 'purchase', time: '2026-01-05T10:00:00Z', userId: 'u', orderId: '1', currency: 'USD' },
      items: [{ productId: 'A', price: total }],
    }),
};

describe('an order that comes again with another total', () => {
  test.each(Object.entries(totals))('is told, once: %s', async (_, write) => {
    const dataDir = newFolder();
    const named = (i: number, text: string): string =>
      `orders-${i}.${text.startsWith('{') ? 'jsonl' : 'csv'}`;
    const told = '1 order came again with another total, which does not replace the first';
    const [first, same, other] = [write('45.00'), write('45.00'), write('40.00')];
    await read(dataDir, named(0, first), first);
    const { kpis } = await statsOf(dataDir);
    expect((await read(dataDir, named(1, same), same)).text()).not.toContain('another total');
    expect((await read(dataDir, named(2, other), other)).text()).toContain(told);
    expect((await read(dataDir, named(3, first), `${first} `)).text()).not.toContain('another total');
    const stats = await statsOf(dataDir);
    expect(stats.freshness.changedOrders).toBe(1);
    expect(stats.kpis.revenue).toEqual(kpis.revenue);
    expect(statsText(stats, { width: 400, styled: false })).toContain(told);
  });

  test('is not what another source says of its lines', async () => {
    const dataDir = newFolder();
    await read(dataDir, 'a.jsonl', totals.Shopify!('45.00'));
    await read(dataDir, 'b.csv', shopifyTable('#7001'));
    expect((await statsOf(dataDir)).freshness).toMatchObject({ changedOrders: 0, excessRefunds: 0 });
  });
});

describe('an order that sources of one platform spell differently', () => {
  test.each([
    ['a table with its sign', '#7001', shopifyTable('#7001')],
    ['a table without it', '#7001', shopifyTable('7001')],
    ['its name', '#7001', json({ ...shopifyOrder, name: '#7001' })],
    ['its name without the sign', '#7001', json({ ...shopifyOrder, name: '7001' })],
    ['its number only', '#7001', json({ ...shopifyOrder, number: 6001, order_number: 7001 })],
    ['its number as a text', '#7001', json({ orders: [{ ...shopifyOrder, order_number: '7001' }] })],
    ['GraphQL', '#7001', json({ data: { orders: { nodes: [{ ...shopifyNode, name: '#7001' }] } } })],
    ['GraphQL and its number only', '#7001', json({ ...shopifyNode, number: 7001 })],
    ['WooCommerce’s number', '7001', json({ ...wooOrder, number: '7001' })],
    ['WooCommerce’s sign', '7001', json({ ...wooOrder, number: '#7001' })],
    ['WooCommerce’s table', '7001', wooTable('#7001')],
    ['WooCommerce’s table without the sign', '7001', wooTable('7001')],
    ['WooCommerce’s lines', '7001', wooLines('#7001')],
  ])('is one order: %s', async (_, id, text) => {
    const isShopify = id.startsWith('#');
    const known = isShopify ? shopifyTable('#7001') : json({ ...wooOrder, number: '7001' });
    for (const texts of [
      [known, text],
      [text, known],
    ]) {
      const dataDir = newFolder();
      for (const [i, one] of texts.entries())
        await read(dataDir, `orders-${i}.${one.startsWith('{') ? 'jsonl' : 'csv'}`, one);
      const { kpis } = await statsOf(dataDir);
      expect(kpis).toMatchObject({ orders: 1, revenue: { gross: '40.00' } });
      expect(await ordersOf(dataDir)).toMatchObject([{ order_id: id, revenue: '40.00' }]);
    }
  });

  test('stays two where it would be a guess: another platform’s, or a sign of the shop’s own', async () => {
    const dataDir = newFolder();
    await read(dataDir, 'a.csv', shopifyTable('#7001'));
    await read(dataDir, 'b.jsonl', json({ ...wooOrder, number: '7001' }));
    await read(dataDir, 'c.jsonl', json({ ...shopifyOrder, name: 'EN7001' }));
    expect((await ordersOf(dataDir)).map(({ order_id: id }) => id).sort()).toEqual([
      '#7001',
      '7001',
      'EN7001',
    ]);
  });
});
