import { appendFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

// Lines that we made from the public descriptions of Shopify's Admin API.

/** What a set of money says: the shop's own counts, not what the shopper saw. */
const set = (amount: string) => ({
  shopMoney: { amount, currencyCode: 'USD' },
  presentmentMoney: { amount: '999', currencyCode: 'CAD' },
});
const line = (id: number, sku: string, quantity: number, price: string) => ({
  id,
  sku,
  title: sku,
  quantity,
  price,
});
const order = (id: number, more: object = {}) => ({
  ...{
    id,
    name: `#${id}`,
    created_at: '2026-01-05T10:00:00-05:00',
    currency: 'USD',
    financial_status: 'paid',
  },
  ...{ subtotal_price: '20.00', total_price: '25.00', total_tax: '2.00', test: false },
  ...{ line_items: [line(1, 'MUG', 2, '10.00')], refunds: [] },
  ...more,
});
const refund = (id: number, more: object = {}) => ({
  ...{ id, created_at: '2026-01-07T10:00:00Z', refund_line_items: [], transactions: [] },
  ...more,
});
const back = { quantity: 1, subtotal: 10, line_item: line(1, 'MUG', 2, '10.00') };
const paid = (amount: string, more: object = {}) => ({ kind: 'refund', status: 'success', amount, ...more });
const node = (id: number, more: object = {}) => ({
  ...{ id: `gid://shopify/Order/${id}`, name: `#${id}`, createdAt: '2026-01-05T10:00:00Z' },
  ...{ displayFinancialStatus: 'PAID', currencyCode: 'USD', totalPriceSet: set('25.00') },
  ...more,
});
const bulkLine = (id: number, of: number, sku: string, quantity: number, price: string) => ({
  ...{ id: `gid://shopify/LineItem/${id}`, sku, quantity, originalUnitPriceSet: set(price) },
  __parentId: `gid://shopify/Order/${of}`,
});

/** What counts, and why what does not. */
async function counted(...values: object[]) {
  const shop = newShop();
  const { answer } = await shop.ingest(file(...values.map((value) => JSON.stringify(value))));
  const { kpis, freshness } = await shop.stats();
  const { gross, refunds } = kpis.revenue;
  expect(answer).toMatchObject({ format: 'shopify', leftOut: {} });
  return [kpis.orders, kpis.unitsSold, gross, refunds, freshness.rejectedByReason];
}

test('a bulk operation has the lines of an order in records of their own', async () => {
  const bulk = [
    node(1, { refunds: [{ id: 'gid://shopify/Refund/8', totalRefundedSet: set('5.00') }] }),
    bulkLine(1, 1, 'MUG', 2, '10.00'),
    bulkLine(2, 1, 'POT', 1, '5.00'),
    { id: 'gid://shopify/OrderTransaction/1', kind: 'SALE', __parentId: 'gid://shopify/Order/1' },
    { quantity: 1, lineItem: { sku: 'POT' }, __parentId: 'gid://shopify/Refund/8' },
    node(2, { displayFinancialStatus: 'PENDING' }),
    bulkLine(3, 2, 'MUG', 1, '25.00'),
    bulkLine(4, 3, 'MUG', 1, '25.00'),
  ];
  const reasons = { 'not a shop event': 2, 'line without its order': 1 };
  expect(await counted(...bulk)).toEqual([1, 3, '25.00', '5.00', reasons]);
  const shop = newShop();
  const path = file(...bulk.map((value) => JSON.stringify(value)));
  expect((await shop.ingest(path)).answer).toMatchObject({ withoutProduct: 0 });
  // The same again, with an order that came meanwhile.
  await shop.ingest(
    file(...[...bulk, node(4), bulkLine(9, 4, 'POT', 1, '25.00')].map((value) => JSON.stringify(value))),
  );
  expect((await shop.stats()).kpis).toMatchObject({ orders: 2, unitsSold: 4, revenue: { gross: '50.00' } });
});

test('lines find their order in what was read of a file before it grew', async () => {
  const shop = newShop();
  const path = file(node(1), bulkLine(1, 1, 'MUG', 2, '10.00'));
  await shop.ingest(path);
  appendFileSync(path, `${JSON.stringify(bulkLine(2, 1, 'POT', 1, '5.00'))}\n`);
  expect((await shop.ingest(path)).answer).toMatchObject({
    state: 'resumed',
    events: 1,
    rejected: { total: 0 },
  });
  expect((await shop.stats()).kpis).toMatchObject({ orders: 1, unitsSold: 3, revenue: { gross: '25.00' } });
});

test('an order that is sent again counts once, and its refund once, whoever tells of it', async () => {
  const own = refund(901, { refund_line_items: [back], transactions: [paid('11.00')] });
  const told = { ...own, order_id: 1 };
  expect(
    await counted(
      order(1, { financial_status: 'pending' }),
      order(1),
      order(1, { updated_at: '2026-01-06T10:00:00Z' }),
      told,
      order(1, { financial_status: 'partially_refunded', refunds: [own] }),
    ),
  ).toEqual([1, 2, '20.00', '10.00', {}]);
  expect(await counted(told)).toEqual([0, 0, '0.00', '0.00', { 'refund without its order': 1 }]);
  expect(
    await counted(
      order(1),
      order(1, { cancelled_at: '2026-01-06T10:00:00Z', financial_status: 'voided' }),
      order(2),
    ),
  ).toEqual([1, 2, '20.00', '0.00', {}]);
});

test('a refund says what was paid back, in the currency of its order', async () => {
  const some = (...refunds: object[]) =>
    counted(order(1, { financial_status: 'partially_refunded', refunds }));
  expect(
    await some(refund(1, { transactions: [paid('25.00', { status: 'failure' }), paid('3.00')] })),
  ).toEqual([...[1, 2, '20.00', '3.00', {}]]);
  const foreign = [paid('900.00', { currency: 'CAD' })];
  expect(await some(refund(1, { refund_line_items: [back], transactions: foreign }))).toEqual([
    ...[1, 2, '20.00', '10.00', {}],
  ]);
  expect(await some(refund(1, { transactions: foreign }))).toEqual([
    1,
    2,
    '20.00',
    '0.00',
    { 'bad currency': 1 },
  ]);
  expect(await some({ id: 1 })).toEqual([1, 2, '20.00', '0.00', { 'refund without amount': 1 }]);
});

test('what was removed from an order that is edited, is given back', async () => {
  const lines = [line(1, 'MUG', 1, '10.00'), { ...line(2, 'POT', 1, '20.00'), current_quantity: 0 }];
  const removed = refund(9, { refund_line_items: [{ quantity: 1, subtotal: 20, line_item: lines[1] }] });
  expect(
    await counted(
      order(1, { subtotal_price: '30.00', total_price: '30.00', line_items: lines, refunds: [removed] }),
    ),
  ).toEqual([1, 2, '30.00', '20.00', {}]);
});

test.each([
  ['test order', order(1, { test: true })],
  ['test order', order(1, { test: 'true' })],
  ['draft order', order(1, { name: '#D1', financial_status: undefined, status: 'open', invoice_url: null })],
  ['draft order', node(1, { id: 'gid://shopify/DraftOrder/1', lineItems: { nodes: [] } })],
  ['abandoned checkout', order(1, { abandoned_checkout_url: 'https://shop.example/1' })],
  ['bad status', order(1, { financial_status: null })],
  ['bad status', node(1, { displayFinancialStatus: null })],
  ['bad amount', order(1, { subtotal_price: '1,234.50' })],
  ['bad price', order(1, { line_items: [line(1, 'MUG', 1, '1,234.50')] })],
  ['not a shop event', order(1, { line_items: null })],
  ['product without id', order(1, { line_items: [null] })],
  [
    'order in pages',
    node(1, {
      lineItems: {
        pageInfo: { hasNextPage: true },
        nodes: [{ sku: 'A', quantity: 1, originalUnitPriceSet: set('5') }],
      },
    }),
  ],
])('%s: it does not count, and is told', async (reason, value) => {
  expect(await counted(order(2), value)).toEqual([1, 2, '20.00', '0.00', { [reason]: 1 }]);
});

test('what is absent, zero or in two currencies is no fault', async () => {
  const none = { refunds: null, customer: null, shipping_lines: null, total_shipping_price_set: null };
  const zero = { subtotal_price: '0.00', total_price: '0.00', line_items: [line(1, 'FREE', 1, '0.00')] };
  expect(await counted(order(1, none), order(2, zero))).toEqual([2, 3, '20.00', '0.00', {}]);
  const edges = [{ node: { sku: 'MUG', quantity: 2, originalUnitPriceSet: set('12.50') } }];
  const pages = { data: { orders: { edges: [{ cursor: 'c', node: node(1, { lineItems: { edges } }) }] } } };
  expect(await counted(pages, { data: { orders: { nodes: [node(2)] } } })).toEqual([
    2,
    2,
    '50.00',
    '0.00',
    {},
  ]);
  // More lines than this page has are in the subtotal.
  const first = { pageInfo: { hasNextPage: true }, edges };
  expect(await counted(node(1, { subtotalPriceSet: set('70.00'), lineItems: first }))).toEqual([
    ...[1, 2, '70.00', '0.00', {}],
  ]);
});
