import { expect, test } from 'vitest';
import { newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

async function counted(lines: readonly (string | object)[]) {
  const shop = newShop();
  const { answer } = await shop.ingest(
    file(...lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))),
  );
  const { kpis, freshness } = await shop.stats();
  const { gross, refunds, others } = kpis.revenue;
  const { orders, users } = kpis;
  return {
    format: answer.format,
    orders,
    users,
    gross,
    refunds,
    others,
    reasons: freshness.rejectedByReason,
  };
}

const GRID =
  'ID,"Purchase Point","Purchase Date","Grand Total (Base)","Grand Total (Purchased)",Status,"Customer Email",Subtotal,"Shipping and Handling","Total Refunded"';

test('the orders of Magento’s administration count without products, in the shop’s currency', async () => {
  expect(
    await counted([
      GRID,
      '000000005,Main,"Jan 5, 2026 10:00:00 AM",59.90,65.00,Complete,a@example.com,50.00,4.90,10.00',
      '000000006,Main,2026-01-05 11:00:00,20.00,20.00,On Hold,a@example.com,20.00,0,',
      '000000007,Main,2026-01-05 11:00:00,30.00,30.00,Closed,b@example.com,30.00,0,30.00',
      '000000008,Main,2026-01-05 11:00:00,"1,059.90","1,059.90",Complete,a@example.com,,,',
      '000000009,Main,1/5/2026,5.00,5.00,Complete,a@example.com,5.00,,',
      '000000010,Main,2026-01-05 11:00:00,5.00,5.00,Packed,a@example.com,5.00,,',
    ]),
  ).toMatchObject({
    ...{ format: 'magento', orders: 2, users: 2, gross: '80.00', refunds: '40.00', others: [] },
    reasons: { 'bad amount': 1, 'bad time': 1, 'bad status': 1 },
  });
  const shop = newShop();
  for (const status of ['Pending', 'Processing', 'Complete'])
    await shop.ingest(file(GRID, `1,Main,2026-01-05 10:00:00,9.00,9.00,${status},a@example.com,9.00,,`));
  expect((await shop.stats()).kpis).toMatchObject({ orders: 1, revenue: { gross: '9.00' } });
});

test.each([
  [
    'Magento’s invoices',
    'Invoice,"Invoice Date","Order #","Order Date",Status,"Grand Total (Base)","Grand Total (Purchased)"',
  ],
  ['Magento’s credit memos', '"Credit Memo",Created,Order,"Order Date",Status,Refunded'],
  [
    'WooCommerce Analytics’ orders',
    'Date,"Order #","N. Revenue (formatted)",Status,Customer,"Product(s)","Items sold","N. Revenue"',
  ],
  ['WooCommerce Analytics’ products', '"Product Title",SKU,"Items sold","N. Revenue",Orders,Category'],
  [
    'WooCommerce Analytics’ revenue',
    'Date,Orders,"Gross sales",Returns,Coupons,"Net sales",Taxes,Shipping,"Total sales"',
  ],
  ['GA4’s export as CSV', 'event_date,event_timestamp,event_name,user_pseudo_id,ecommerce.transaction_id'],
  ['a report of GA4', 'Event name,Event count,Total users'],
  ['PostHog’s export as CSV', 'uuid,event,properties,timestamp,distinct_id'],
])('%s are refused', async (_, header) => {
  const row = header
    .split(',')
    .map(() => '1')
    .join(',');
  await expect(counted([header, row])).rejects.toThrow('cannot tell the format');
});

const SNOWPLOW = 'com_snowplowanalytics_snowplow_ecommerce';
const snowplow = (id: string, transaction: unknown, products: unknown) => ({
  ...{ event_id: id, collector_tstamp: '2026-01-05T10:00:00Z', domain_userid: 'd1' },
  [`unstruct_event_${SNOWPLOW}_snowplow_ecommerce_action_1`]: { type: 'transaction' },
  [`contexts_${SNOWPLOW}_transaction_1`]: transaction,
  [`contexts_${SNOWPLOW}_product_1`]: products,
});

test('snowplow: a product that is priced in another currency is worth what its order says', async () => {
  const said = { transaction_id: 't1', revenue: 9, currency: 'USD' };
  expect(
    await counted([
      snowplow('e1', [said], [{ id: 'A', price: 8, currency: 'EUR', quantity: 1 }]),
      snowplow(
        'e2',
        [{ ...said, transaction_id: 't2' }],
        [{ id: 'A', price: 8, currency: 'usd', quantity: 2 }],
      ),
      snowplow('e3', null, null),
      snowplow('e4', [{ ...said, transaction_id: 't4', revenue: '1,234.50' }], []),
    ]),
  ).toMatchObject({
    ...{ format: 'snowplow', orders: 2, gross: '25.00', others: [] },
    reasons: { 'order without amount': 1, 'bad amount': 1 },
  });
});

test('matomo: what nobody said is no amount, and what is none is told', async () => {
  const visit = (id: number, actionDetails: unknown) => ({
    idVisit: `${id}`,
    visitorId: `v${id}`,
    siteCurrency: 'EUR',
    actionDetails,
  });
  const order = (id: number, more: object) => ({
    type: 'ecommerceOrder',
    orderId: `${id}`,
    timestamp: 1767607200,
    ...more,
  });
  expect(
    await counted([
      visit(1, [
        order(1, { revenue: '25.00', revenueSubTotal: false, revenueTax: false, itemDetails: null }),
      ]),
      visit(2, [order(2, { revenue: '1,234.50', itemDetails: [] }), { type: 'goal', revenue: 5 }]),
      visit(3, null),
    ]),
  ).toMatchObject({
    ...{ format: 'matomo', orders: 1, gross: '25.00' },
    reasons: { 'bad amount': 1, 'not a shop event': 1, 'not an event': 1 },
  });
});

test('posthog: a device that is given an alias joins, and users who are merged are told', async () => {
  const event = (name: string, who: string, properties: unknown, uuid = `${name} of ${who}`) => ({
    ...{ uuid, event: name, distinct_id: who, timestamp: '2026-01-05T10:00:00Z' },
    properties,
  });
  expect(
    await counted([
      event('$pageview', 'd1', { $device_id: 'd1', $current_url: 'https://shop.example/tea' }),
      event('$create_alias', 'u1', { alias: 'd1' }),
      event('$pageview', 'u2', null),
      event('$merge_dangerously', 'u1', { alias: 'u2' }),
      event('Order Completed', 'u1', {
        order_id: '1',
        currency: 'USD',
        products: [{ product_id: 'A', price: '1,234.50' }],
      }),
    ]),
  ).toMatchObject({
    format: 'posthog',
    users: 2,
    orders: 0,
    reasons: { 'users not merged': 1, 'bad price': 1 },
  });
});

const woo = (id: number, more: object = {}) => ({
  ...{ id, number: `${id}`, status: 'completed', currency: 'USD', date_created_gmt: '2026-01-05T10:00:00' },
  ...{ total: '20.00', customer_id: 1, line_items: [{ sku: 'A', quantity: 2, total: '20.00' }], refunds: [] },
  ...more,
});

test('woocommerce: orders that were never placed, and refunds that say no amount, are told', async () => {
  const guest = { customer_id: '0', billing: { email: 'a@example.com' } };
  expect(
    await counted([
      woo(1, guest),
      woo(2, { ...guest, customer_id: 0, refunds: null, billing: { email: 'a@example.com' } }),
      woo(3, { refunds: [{ id: 9, total: '-5.00' }, { id: 10, total: null }, { id: 11 }] }),
      woo(4, { status: null }),
      woo(5, { status: '' }),
      woo(6, { status: 'auto-draft' }),
      woo(7, { status: 'checkout-draft' }),
      woo(8, { total: '1,234.50', line_items: [] }),
      // Refunds of their own endpoint.
      { id: 12, date_created_gmt: '2026-01-06T10:00:00', amount: '10.00', line_items: [] },
      {
        id: 13,
        date_created_gmt: '2026-01-06T10:00:00',
        line_items: [{ sku: 'A', quantity: -1, total: '-10.00' }],
      },
    ]),
  ).toMatchObject({
    ...{ format: 'woocommerce', orders: 3, users: 2, gross: '60.00', refunds: '5.00' },
    reasons: {
      ...{ 'bad status': 3, 'refund without amount': 2, 'bad amount': 1, 'order without amount': 1 },
      'negative amount': 1,
    },
  });
});

test('magento: what belongs to an order is none, and counts for nothing', async () => {
  const order = (id: number, more: object = {}) => ({
    ...{
      increment_id: `0${id}`,
      created_at: '2026-01-05 10:00:00',
      state: 'complete',
      order_currency_code: 'EUR',
    },
    ...{ base_currency_code: 'USD', grand_total: 20, base_grand_total: 24 },
    ...{ items: [{ sku: 'A', price: 10, row_total: 20, qty_ordered: '2.0000' }], ...more },
  });
  const bundle = [
    { item_id: 1, sku: 'B', product_type: 'bundle', price: 20, row_total: 20, qty_ordered: 1 },
    { item_id: 2, parent_item_id: 1, sku: 'C', price: 10, row_total: 10, qty_ordered: 2 },
  ];
  expect(
    await counted([
      order(1, { items: bundle }),
      order(2, { items: null }),
      order(3, { state: null, status: '' }),
      order(4, { state: null, status: 'canceled' }),
      order(5, { order_id: 1, state: 2, items: [{ sku: 'A', price: 10, qty: 2, row_total: 20 }] }),
      order(6, { order_id: 1, creditmemo_status: null, state: 2 }),
      order(7, { order_id: 1, total_qty: 2, tracks: [] }),
    ]),
  ).toMatchObject({
    ...{
      format: 'magento',
      orders: 2,
      gross: '40.00',
      refunds: '0.00',
      others: [],
    },
    reasons: { 'bad status': 1, 'not a shop event': 3 },
  });
});
