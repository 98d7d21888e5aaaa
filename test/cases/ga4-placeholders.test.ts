import { expect, test } from 'vitest';
import { casePath, newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

test('what GA4 calls (not set) is not said, and an order counts with its own worth', async () => {
  const shop = newShop();
  await shop.ingest(casePath('ga4-placeholders', 'in.jsonl'));
  const { kpis, freshness } = await shop.stats();
  expect(kpis).toMatchObject({ orders: 3, revenue: { gross: '104.90', refunds: '20.00', currency: 'EUR' } });
  expect(freshness).toMatchObject({ duplicateOrders: 1, rejected: 0 });
});

const purchase = (fields: object, params: Record<string, string> = {}) => ({
  ...{ event_name: 'purchase', event_timestamp: 1767607200000000, user_pseudo_id: '1.1' },
  event_params: Object.entries(params).map(([key, string_value]) => ({ key, value: { string_value } })),
  ...fields,
});

test.each([
  [
    'an item that has no price',
    { ecommerce: { purchase_revenue: 30 }, items: [{ item_id: 'A', item_revenue: 30, quantity: 3 }] },
    '30.00',
  ],
  [
    'items without prices',
    { ecommerce: { purchase_revenue: 30 }, items: [{ item_id: 'A' }, { item_id: 'B' }] },
    '30.00',
  ],
  [
    'no items, and a value',
    {
      ecommerce: { purchase_revenue: null },
      items: [],
      event_params: [{ key: 'value', value: { int_value: 12 } }],
    },
    '12.00',
  ],
  [
    'an item of no name',
    { ecommerce: {}, items: [{ item_id: '(not set)', item_name: '', price: 5, quantity: '2' }] },
    '10.00',
  ],
  [
    'an item with a name',
    { ecommerce: {}, items: [{ item_id: '(not set)', item_name: 'Mug', price: 5 }] },
    '5.00',
  ],
])('%s', async (_, fields, gross) => {
  const shop = newShop();
  const order = purchase(fields);
  const { event_params } = fields as { event_params?: object[] };
  const id = { key: 'transaction_id', value: { string_value: 'T' } };
  await shop.ingest(file({ ...order, event_params: [...(event_params ?? []), id] }));
  expect((await shop.stats()).kpis).toMatchObject({ orders: 1, revenue: { gross } });
});
