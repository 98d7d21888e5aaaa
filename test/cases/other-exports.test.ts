import { expect, test } from 'vitest';
import { casePath, newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

test('a Shopify export is recognised, and what the first line of an order says holds for all of them', async () => {
  const shop = newShop();
  const { answer } = await shop.ingest(casePath('shopify-orders', 'orders_export.csv'));
  expect(answer).toMatchObject({ format: 'shopify', events: 5, leftOut: {} });
  const { kpis, breakdown } = await shop.stats({ by: 'country' });
  expect(kpis).toMatchObject({
    orders: 2,
    users: 2,
    revenue: { gross: '90.00', currency: 'EUR', others: [] },
  });
  expect(breakdown!.rows).toMatchObject([{ value: 'DE', orders: 2, revenue: '90.00' }]);
});

test.each([
  ['shopify-rest.jsonl', 'shopify', { orders: 1, users: 1, revenue: { gross: '40.00', currency: 'USD' } }],
  ['woo-rest.jsonl', 'woocommerce', { orders: 1, users: 1, revenue: { gross: '6.00', currency: 'USD' } }],
  ['woo-orders.csv', 'woocommerce', { orders: 1, users: 1, revenue: { gross: '29.35', currency: 'USD' } }],
  ['posthog.jsonl', 'posthog', { orders: 1, users: 1, revenue: { gross: '5.00', currency: 'USD' } }],
  ['matomo.jsonl', 'matomo', { orders: 1, users: 1, revenue: { gross: '25.00', currency: 'EUR' } }],
])('%s is recognised as %s, and counts', async (name, format, kpis) => {
  const shop = newShop();
  const { answer } = await shop.ingest(casePath('other-exports', name));
  expect(answer).toMatchObject({ format, events: 1, rejected: { total: 0 }, leftOut: {} });
  expect((await shop.stats()).kpis).toMatchObject(kpis);
});

test('an order that comes from the API and in a table counts once', async () => {
  const shop = newShop();
  await shop.ingest(casePath('other-exports', 'woo-orders.csv'));
  await shop.ingest(casePath('other-exports', 'woo-rest.jsonl'));
  expect(await shop.stats()).toMatchObject({ kpis: { orders: 1 }, freshness: { duplicateOrders: 1 } });
});

test.each([
  [
    'shopify',
    [
      'Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price',
      '#1,a@example.com,STATUS,EUR,50.00,55.00,2026-01-05 10:00:00 +0100,1,Mug,20.00',
      '#1,a@example.com,,,,,2026-01-05 10:00:00 +0100,1,Pot,30.00',
    ],
    ['pending', 'paid', 'refunded'],
  ],
  [
    'woocommerce',
    [
      'Order Number,Order Status,Order Date,Order Currency,Order Total Amount,SKU,Item Name,Quantity (- Refund),Item Cost',
      '1,STATUS,2026-01-05 10:00,EUR,50.00,MUG,Mug,1,20.00',
      '1,STATUS,2026-01-05 10:00,EUR,50.00,POT,Pot,1,30.00',
    ],
    ['on-hold', 'completed', 'refunded'],
  ],
])('a table of %s that is exported again when an order goes on counts it once', async (_, rows, statuses) => {
  const shop = newShop();
  const found: unknown[] = [];
  for (const status of statuses) {
    await shop.ingest(file(...rows.map((row) => row.replace('STATUS', status))));
    const { orders, revenue } = (await shop.stats()).kpis;
    found.push([orders, revenue.gross, revenue.refunds]);
  }
  expect(found).toEqual([
    [0, '0.00', '0.00'],
    [1, '50.00', '0.00'],
    [1, '50.00', '50.00'],
  ]);
});
