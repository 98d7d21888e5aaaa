import { describe, expect, test } from 'vitest';
import { casePath, newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

const TIME = '2026-01-05T10:00:00Z';

describe('fields whose names are near to ours', () => {
  test('are read as their names: an order in snake case counts once, with its worth', async () => {
    const shop = newShop();
    const { answer } = await shop.ingest(casePath('near-names', 'in.jsonl'));
    const { kpis, freshness } = await shop.stats();
    expect(answer).toMatchObject({ format: 'native', events: 2, leftOut: {} });
    expect(kpis).toMatchObject({ users: 1, orders: 1, unitsSold: 4 });
    expect(kpis.revenue).toMatchObject({ gross: '10.00', currency: 'EUR' });
    expect(freshness).toMatchObject({ duplicateOrders: 1, truncated: 0, rejected: 0 });
  });

  test.each([
    ['lower case', { type: 'purchase', time: TIME, userid: 'u', orderid: 'o' }, { productid: 'p', price: 2 }],
    ['capitals', { Type: 'purchase', Time: TIME, UserId: 'u', OrderID: 'o' }, { ProductID: 'p', Price: '2' }],
    [
      'kebab case',
      { type: 'purchase', time: TIME, 'user-id': 'u', 'order-id': 'o' },
      { 'product-id': 'p', price: 2 },
    ],
    [
      'other words',
      { event_type: 'purchase', timestamp: TIME, customer_id: 'u', transaction_id: 'o' },
      { sku: 'p', unit_price: 2 },
    ],
  ])('%s', async (_, event, item) => {
    const shop = newShop();
    await shop.ingest(file({ ...event, items: [{ ...item, qty: '3' }] }));
    const { kpis, freshness, topProducts } = await shop.stats();
    expect(kpis).toMatchObject({ users: 1, orders: 1, unitsSold: 3, revenue: { gross: '6.00' } });
    expect(topProducts).toMatchObject([{ productId: 'p' }]);
    expect(freshness).toMatchObject({ truncated: 0, rejected: 0 });
  });

  test('do not take the place of another value, and that is told', async () => {
    const shop = newShop();
    const item = { productId: 'p', sku: 's', product_id: 'p' };
    const event = { type: 'view_item', time: TIME, userId: 'u', user_id: 'other', items: [item] };
    const { answer } = await shop.ingest(file(event));
    expect(answer).toMatchObject({ leftOut: { user_id: 1, 'items.sku': 1 } });
    expect((await shop.stats()).topProducts).toMatchObject([{ productId: 'p' }]);
  });
});

describe('fields that no event has', () => {
  const event = {
    type: 'view_item',
    time: TIME,
    userId: 'u',
    colour: 'red',
    note: '',
    items: [
      { productId: 'p', size: 'L' },
      { productId: 'q', size: 'M' },
    ],
    properties: { long: 'x'.repeat(2000), fine: 1 },
  };

  test('are counted and named in the summary, and what they came with counts', async () => {
    const { answer } = await newShop().ingest(file(event, event));
    expect(answer).toMatchObject({
      events: 2,
      rejected: { total: 0 },
      leftOut: { colour: 2, 'items.size': 2, 'properties.long': 2 },
    });
    const { answer: text } = await newShop().ingest(file(event), { json: false });
    expect(text.text).toContain(
      '  fields that no event has are left out: properties.long (1 event), items.size (1 event), colour (1 event)\n',
    );
  });

  test('are told by their names up to a bound', async () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`field${i}`, i]));
    const { answer } = await newShop().ingest(file({ ...event, ...many }));
    expect(Object.keys(answer.leftOut as object)).toHaveLength(21);
    expect(answer.leftOut).toMatchObject({ 'other fields': 1 });
  });

  test('of which one event has thousands, or each event another, are told by as few', async () => {
    const named = (i: number) => ({ ...event, time: TIME, note: `${i}`, [`field${i}`]: i });
    const many = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`f${i}`, 1]));
    const events = [...Array.from({ length: 300 }, (_, i) => named(i)), { ...event, ...many }];
    const { answer } = await newShop().ingest(file(...events));
    const leftOut = answer.leftOut as Record<string, number>;
    expect(answer).toMatchObject({ events: 301, rejected: { total: 0 } });
    expect(Object.keys(leftOut)).toHaveLength(21);
    expect(leftOut).toMatchObject({ colour: 301, note: 300, field0: 1, 'other fields': 285 });
  });

  test.each([
    ['__proto__', '{"__proto__":{"userId":"x","price":9}}'],
    ['constructor', '{"constructor":{"prototype":{"userId":"x"}}}'],
    ['toString', '{"toString":"x"}'],
    ['usеr_id', '{"usеr_id":"in Cyrillic"}'],
    ['ＵｓｅｒＩｄ', '{"ＵｓｅｒＩｄ":"in wide letters"}'],
    ['', '{"":"nameless"}'],
    ['[]', '{"[]":[[[[[[1]]]]]]}'],
  ])('%s is one of them', async (name, json) => {
    const shop = newShop();
    const own =
      '"type":"purchase","time":"2026-01-05T10:00:00Z","orderId":"o","items":[{"productId":"p","price":2,';
    const { answer } = await shop.ingest(file(`{${own}${json.slice(1)}],${json.slice(1)}`));
    expect(answer).toMatchObject({ leftOut: { [`items.${name}`]: 1 }, rejected: { total: 0 } });
    expect(Object.keys(answer.leftOut as object)).toEqual([`items.${name}`, name]);
    expect((await shop.stats()).kpis).toMatchObject({ users: 0, orders: 1, revenue: { gross: '2.00' } });
  });
});

test('what is refused has the innermost reason, and what a number can mean counts', async () => {
  const shop = newShop();
  await shop.ingest(casePath('odd-numbers', 'in.jsonl'));
  const letters = (await shop.letters()).map(({ reason, detail }) => `${reason}: ${detail}`).sort();
  expect(letters).toEqual([
    'bad price: items.0.price is "$19.99"',
    'bad price: items.0.price is "Infinity"',
    'bad price: items.0.price is 1e+308',
    'bad time: time is 1767607209: ms since 1970 or ISO 8601, from 2000 on',
    'negative quantity: items.0.quantity is -1',
    expect.stringMatching(/^not JSON: /),
    'quantity is no whole number: items.0.quantity is 0.35, not a whole number',
  ]);
  const { kpis } = await shop.stats();
  // 2 × 19.99, 19.99, 3 × 0.10, 2 × 1
  expect(kpis).toMatchObject({ orders: 4, revenue: { gross: '62.27' } });
});

test.each([
  [
    { items: [{ productId: 'p', quantity: 'two' }] },
    'quantity is no whole number',
    'items.0.quantity is "two", not a whole number',
  ],
  [
    { items: [{ productId: 'p' }, { productId: 'p', quantity: [2] }] },
    'quantity is no whole number',
    'items.1.quantity is a list, not a whole number',
  ],
  [
    { items: [{ productId: 'p', price: { amount: 2 } }] },
    'items.price is wrong',
    'items.0.price is an object, not a number or a decimal text',
  ],
  [{ items: [{ productId: 'p', name: 7 }] }, 'items.name is wrong', 'items.0.name is 7, not a text'],
  [{ items: [{ name: 'n' }] }, 'product without id', 'items.0.productId is missing'],
  [{ items: [7] }, 'items is wrong', 'items.0 is 7, not an object'],
  [{ items: 'p' }, 'items is wrong', 'items is "p", not a list'],
  [{ userId: { id: 'u' } }, 'userId is wrong', 'userId is an object, not a text or a whole number'],
  [{ properties: [] }, 'properties is wrong', 'properties is a list, not an object'],
  [{ currency: 978 }, 'currency is wrong', 'currency is 978, not a text'],
])('%j is refused: %s', async (fields, reason, detail) => {
  const shop = newShop();
  const ok = { type: 'page_view', time: TIME };
  await shop.ingest(file(ok, { type: 'purchase', time: TIME, ...fields }));
  expect(await shop.letters()).toMatchObject([{ reason, detail }]);
});
