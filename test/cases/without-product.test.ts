import { expect, test } from 'vitest';
import { newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

const T = '2026-01-05T10:00:00Z';
const row = (value: object): string => JSON.stringify(value);

test.each<[string, string[], number, object]>([
  [
    'a table of Shopify, of which one row names no product',
    [
      'Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price',
      '#1,a@example.com,paid,USD,50.00,55.00,2026-01-05 10:00:00 +0100,1,Mug,20.00',
      '#1,a@example.com,,,,,2026-01-05 10:00:00 +0100,1,,30.00',
    ],
    1,
    { orders: 1, revenue: { gross: '50.00', refunds: '0.00' } },
  ],
  [
    'a call of Segment without products',
    [
      row({
        ...{ type: 'track', event: 'Order Completed', timestamp: T, userId: 'u' },
        properties: { order_id: '1', revenue: 9, currency: 'USD' },
      }),
      row({
        ...{ type: 'track', event: 'Order Cancelled', timestamp: T, userId: 'u' },
        properties: { order_id: '1' },
      }),
    ],
    1,
    { orders: 1, revenue: { gross: '9.00', refunds: '9.00' } },
  ],
  [
    'an order of Magento that is paid back, and one that only has an amount',
    [
      row({
        ...{
          increment_id: '1',
          created_at: '2026-01-05 10:00:00',
          state: 'closed',
          order_currency_code: 'USD',
        },
        ...{ grand_total: 5, items: [{ sku: 'A', price: 5, row_total: 5, qty_ordered: 1 }] },
      }),
      row({
        ...{ increment_id: '2', created_at: '2026-01-05 10:00:00', state: 'complete' },
        ...{ order_currency_code: 'USD', grand_total: 7, items: [] },
      }),
    ],
    1,
    { orders: 2, revenue: { gross: '12.00', refunds: '5.00' } },
  ],
  [
    'orders of WooCommerce and what was given back of them, in one value',
    [
      row({
        orders: [
          {
            ...{ id: 1, status: 'completed', currency: 'USD', date_created_gmt: '2026-01-05T10:00:00' },
            ...{ total: '8.00', line_items: [{ sku: 'A', quantity: 1, total: '8.00' }] },
            refunds: [{ id: 2, total: '-3.00' }],
          },
          {
            ...{ id: 3, status: 'refunded', currency: 'USD', date_created_gmt: '2026-01-05T10:00:00' },
            ...{ total: '4.00', line_items: [] },
          },
        ],
      }),
    ],
    1,
    { orders: 2, revenue: { gross: '12.00', refunds: '7.00' } },
  ],
])('%s: it keeps its money, and is told', async (_, lines, withoutProduct, kpis) => {
  const shop = newShop();
  const { answer } = await shop.ingest(file(...lines));
  expect(answer).toMatchObject({ withoutProduct, rejected: { total: 0 } });
  expect((await shop.stats()).kpis).toMatchObject(kpis);
});
