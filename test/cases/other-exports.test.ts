import { expect, test } from 'vitest';
import { casePath, newShop } from '../support/counted.ts';

test('a Shopify export is recognised, and what the first line of an order says holds for all of them', async () => {
  const shop = newShop();
  const { answer } = await shop.ingest(casePath('shopify-orders', 'orders_export.csv'));
  expect(answer).toMatchObject({ format: 'shopify', events: 3, leftOut: {} });
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
