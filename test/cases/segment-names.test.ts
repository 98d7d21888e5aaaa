import { expect, test } from 'vitest';
import { casePath, newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

const call = (n: number, event: string, properties: object, more: object = {}) => ({
  ...{ type: 'track', event, messageId: `m${n}`, timestamp: '2026-01-05T10:00:00Z', userId: `u${n}` },
  properties,
  ...more,
});

test('orders of the older spec, and products named in other ways, count with their worth', async () => {
  const shop = newShop();
  const { answer } = await shop.ingest(casePath('segment-names', 'in.jsonl'));
  const { kpis, freshness } = await shop.stats();
  // A price with a currency sign is refused with its place; all others count.
  expect(kpis).toMatchObject({ orders: 6, buyers: 6, revenue: { gross: '140.00', currency: 'USD' } });
  expect(freshness.rejectedByReason).toEqual({ 'bad price': 1 });
  expect(await shop.letters()).toMatchObject([{ detail: 'items.0.price is "$15.00"' }]);
  expect(answer).toMatchObject({ leftOut: { 'userId.id': 1 } });
});

test.each([
  ['Viewed Product', 'view_item'],
  ['Added Product', 'add_to_cart'],
  ['Removed Product', 'remove_from_cart'],
  ['viewed_product_category', 'view_item_list'],
  ['Completed Order', 'purchase'],
])('%s is %s', async (event, type) => {
  const shop = newShop();
  await shop.ingest(file(call(1, event, { id: 'P', name: 'Mug', price: 5, orderId: 'o', total: 5 })));
  expect((await shop.stats()).eventsByType).toEqual({ [type]: 1 });
});

test.each([
  ['a text of JSON', '[{"product_id":"P","price":5,"quantity":"2"},{"sku":"Q","price":1}]', '11.00'],
  ['one product', { product_id: 'P', price: 5, quantity: 2 }, '10.00'],
  ['one with a name only', [{ name: 'Wrap', price: 5 }], '5.00'],
  ['one with nothing but a price', [{ price: 5 }], '5.00'],
])('products as %s', async (_, products, gross) => {
  const shop = newShop();
  await shop.ingest(file(call(1, 'Order Completed', { order_id: 'o', products })));
  expect((await shop.stats()).kpis.revenue.gross).toBe(gross);
});

test.each([
  ['no list', 'P1, P2', 'items is "P1, P2", not a list'],
  ['a product that says nothing', [{ product_id: 'P', price: 5 }, {}], 'items.1.productId is missing'],
  [
    'a product of another type',
    [{ product_id: { id: 1 } }],
    'items.0.productId is an object, not a text or a whole number',
  ],
])('%s is refused with its place', async (_, products, detail) => {
  const shop = newShop();
  const ok = call(1, 'Cart Viewed', {});
  await shop.ingest(file(ok, call(2, 'Order Completed', { order_id: 'o', products })));
  expect(await shop.letters()).toMatchObject([{ detail }]);
});

test.each([
  // The clock of the device runs two hours ahead, and what it did waited for a minute.
  [
    {
      originalTimestamp: '2026-01-05T12:00:00Z',
      sentAt: '2026-01-05T12:01:00Z',
      receivedAt: '2026-01-05T10:01:05Z',
      timestamp: undefined,
    },
    '2026-01-05T10:00:05.000Z',
  ],
  [
    { timestamp: '2026-01-05T12:00:00Z', sentAt: '2026-01-05T12:01:00Z', receivedAt: '2026-01-05T10:01:05Z' },
    '2026-01-05T10:00:05.000Z',
  ],
  [
    {
      originalTimestamp: '2026-01-05T12:00:00Z',
      sentAt: '2026-01-05T12:01:00Z',
      receivedAt: '2026-01-05T10:01:05Z',
      timestamp: '2026-01-05T10:00:05.001Z',
    },
    '2026-01-05T10:00:05.001Z',
  ],
  // A device that was never set.
  [
    {
      originalTimestamp: '1970-01-01T00:10:00Z',
      sentAt: '1970-01-01T00:10:30Z',
      receivedAt: '2026-01-05T10:01:00Z',
      timestamp: undefined,
    },
    '2026-01-05T10:00:30.000Z',
  ],
  [
    { timestamp: '2026-01-05T10:00:00Z', sentAt: 'soon', receivedAt: '2026-01-05T11:00:00Z' },
    '2026-01-05T10:00:00.000Z',
  ],
  [{ timestamp: undefined, receivedAt: '2026-01-05T11:00:00Z' }, '2026-01-05T11:00:00.000Z'],
])('the clock of a device is corrected: %j', async (times, time) => {
  const shop = newShop();
  await shop.ingest(file(call(1, 'Cart Viewed', {}, times)));
  expect((await shop.stats()).freshness.newestEvent).toBe(time);
});

test.each([
  ['1999-12-31T23:59:59Z', 'bad time'],
  ['2996-01-05T10:00:00Z', 'time in the future'],
])('a time that cannot be is a dead letter: %s', async (timestamp, reason) => {
  const shop = newShop();
  await shop.ingest(file(call(1, 'Cart Viewed', {}, { timestamp }), call(2, 'Cart Viewed', {})));
  expect(await shop.letters()).toMatchObject([{ reason }]);
});

test.each(['Order Cancelled', 'order_canceled'])('%s takes the worth of its order back', async (event) => {
  const shop = newShop();
  const order = { order_id: 'o', currency: 'EUR', products: [{ product_id: 'P', price: 5, quantity: 2 }] };
  const cancelled = { ...order, currency: undefined, total: 12 };
  await shop.ingest(file(call(1, 'Order Completed', order), call(2, event, cancelled)));
  const { revenue } = (await shop.stats()).kpis;
  expect(revenue).toMatchObject({
    gross: '10.00',
    refunds: '10.00',
    net: '0.00',
    currency: 'EUR',
    others: [],
  });
});
