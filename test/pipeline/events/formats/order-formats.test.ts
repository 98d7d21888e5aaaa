import { describe, expect, test } from 'vitest';
import { chooseFormat } from '../../../../src/pipeline/events/formats/choose.ts';
import { readAll, recognise } from './read.ts';

// Lines that we made from the public descriptions of the formats.

function read(...lines: (string | object)[]): unknown[] {
  return readAll(
    `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`,
  );
}
const at = (time: string): number => Date.parse(time);
const money = (amount: string, currency = 'USD') => ({ shop_money: { amount, currency_code: currency } });

describe('shopify', () => {
  const order = {
    id: 7001,
    admin_graphql_api_id: 'gid://shopify/Order/7001',
    name: '#1001',
    created_at: '2026-01-05T10:00:00-05:00',
    processed_at: '2026-01-05T10:00:01-05:00',
    cancelled_at: null,
    currency: 'USD',
    financial_status: 'partially_refunded',
    test: false,
    subtotal_price: '45.00',
    total_price: '54.50',
    total_tax: '4.50',
    total_discounts: '5.00',
    total_shipping_price_set: money('5.00'),
    customer: { id: 31, email: 'a@example.com' },
    shipping_address: { country_code: 'US', province_code: 'NY', city: 'Albany' },
    client_details: { user_agent: 'Mozilla/5.0' },
    landing_site: '/tea?utm_source=news',
    source_name: 'web',
    line_items: [
      {
        id: 1,
        product_id: 51,
        variant_id: 61,
        sku: 'MUG',
        title: 'Mug',
        vendor: 'Acme',
        quantity: 2,
        price: '20.00',
      },
      { id: 2, product_id: 52, variant_id: 62, sku: '', title: 'Pot', quantity: 1, price: '10.00' },
    ],
    refunds: [
      {
        id: 901,
        processed_at: '2026-01-07T09:00:00-05:00',
        refund_line_items: [
          {
            quantity: 1,
            subtotal: 18,
            line_item: { sku: 'MUG', title: 'Mug', vendor: 'Acme', price: '20.00' },
          },
        ],
        transactions: [{ kind: 'refund', status: 'success', amount: '19.80' }],
      },
    ],
  };
  const purchase = {
    type: 'purchase',
    time: at('2026-01-05T15:00:01Z'),
    userId: '31',
    orderId: '#1001',
    status: 'paid',
    currency: 'USD',
    revenue: 450_000,
    total: 545_000,
    tax: 45_000,
    shipping: 50_000,
    discount: 50_000,
    items: [
      { productId: 'MUG', name: 'Mug', brand: 'Acme', price: 200_000, quantity: 2 },
      { productId: '62', name: 'Pot', price: 100_000, quantity: 1 },
    ],
    properties: {
      country: 'US',
      region: 'NY',
      city: 'Albany',
      user_agent: 'Mozilla/5.0',
      path: '/tea',
      channel: 'web',
    },
  };
  const refund = {
    type: 'refund',
    time: at('2026-01-07T14:00:00Z'),
    userId: '31',
    orderId: '#1001',
    currency: 'USD',
    total: 198_000,
    items: [{ productId: 'MUG', name: 'Mug', brand: 'Acme', total: 180_000, quantity: 1 }],
  };

  test('an order of the REST API or a webhook is a purchase and its refunds', () => {
    expect(read(order)).toMatchObject([purchase, refund]);
    expect(read({ orders: [order, { ...order, id: 7002, name: '#1002', refunds: [] }] })).toMatchObject([
      purchase,
      refund,
      { ...purchase, orderId: '#1002' },
    ]);
  });

  test('an order of GraphQL is the same', () => {
    const set = (amount: string) => ({ shopMoney: { amount, currencyCode: 'USD' } });
    const node = {
      id: 'gid://shopify/Order/7001',
      name: '#1001',
      createdAt: '2026-01-05T15:00:00Z',
      processedAt: '2026-01-05T15:00:01Z',
      displayFinancialStatus: 'PARTIALLY_REFUNDED',
      currencyCode: 'USD',
      customer: { id: 'gid://shopify/Customer/31' },
      subtotalPriceSet: set('45.00'),
      totalPriceSet: set('54.50'),
      totalTaxSet: set('4.50'),
      totalShippingPriceSet: set('5.00'),
      totalDiscountsSet: set('5.00'),
      shippingAddress: { countryCodeV2: 'US', provinceCode: 'NY', city: 'Albany' },
      lineItems: {
        edges: [
          {
            node: {
              sku: 'MUG',
              title: 'Mug',
              vendor: 'Acme',
              quantity: 2,
              originalUnitPriceSet: set('20.00'),
            },
          },
          {
            node: {
              sku: null,
              title: 'Pot',
              quantity: 1,
              originalUnitPriceSet: set('10.00'),
              variant: { id: 'gid://shopify/ProductVariant/62' },
            },
          },
        ],
      },
      refunds: [
        {
          id: 'gid://shopify/Refund/901',
          createdAt: '2026-01-07T14:00:00Z',
          totalRefundedSet: set('19.80'),
          refundLineItems: {
            nodes: [
              {
                quantity: 1,
                subtotalSet: set('18.0'),
                lineItem: { sku: 'MUG', title: 'Mug', vendor: 'Acme' },
              },
            ],
          },
        },
      ],
    };
    const { properties: _, ...rest } = purchase;
    const expected = [{ ...rest, properties: { country: 'US', region: 'NY', city: 'Albany' } }, refund];
    expect(read(node)).toMatchObject(expected);
    expect(read({ data: { orders: { edges: [{ node }] } } })).toMatchObject(expected);
    expect(read({ data: { order: node } })).toMatchObject(expected);
  });

  test.each([
    ['paid', null, 'paid'],
    ['pending', null, 'pending'],
    ['authorized', null, 'pending'],
    ['voided', null, 'pending'],
    ['voided', '2026-01-06T00:00:00Z', 'cancelled'],
    ['paid', '2026-01-06T00:00:00Z', 'cancelled'],
    ['refunded', '2026-01-06T00:00:00Z', 'refunded'],
  ])('%s, called off %s: %s', (financial_status, cancelled_at, status) => {
    expect(read({ ...order, financial_status, cancelled_at, refunds: [] })).toMatchObject([{ status }]);
  });

  test('a status of no known name, a test and a line that is no order are told', () => {
    expect(
      read(
        order,
        { ...order, financial_status: 'gifted', refunds: [] },
        { ...order, test: true },
        { id: 1 },
      ).slice(2),
    ).toEqual(['bad status', 'test order', 'not a shop event']);
  });

  test('what is said of an order again is the same event until it says something else', () => {
    const ids = (...orders: object[]) => (read(...orders) as { id: string }[]).map(({ id }) => id);
    const [bought, gone] = ids(order);
    expect(ids({ ...order, note: 'x' })).toEqual([bought, gone]);
    expect(ids({ ...order, financial_status: 'refunded', refunds: [] })).not.toEqual([bought]);
  });

  const HEADER =
    'Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Country,Cancelled at,Refunded Amount,Id';

  test('the export of orders has a line of an order a row', () => {
    expect(
      read(
        HEADER,
        '#1001,a@example.com,partially_refunded,2026-01-05 10:00:00 +0100,EUR,70.00,5.00,0.00,75.00,0.00,2026-01-05 10:00:00 +0100,2,Mug,20.00,MUG,DE,,10.00,9001',
        '#1001,a@example.com,,,,,,,,,2026-01-05 10:00:00 +0100,1,Pot - blue,30.00,,,,,',
        '#1002,,pending,,EUR,20.00,0,0,20.00,0,2026-01-05 11:00:00 +0100,1,Mug,20.00,MUG,,,0.00,9002',
      ),
    ).toMatchObject([
      {
        ...{ type: 'purchase', orderId: '#1001', partial: true, status: 'paid', currency: 'EUR' },
        ...{ revenue: 700_000, total: 750_000, shipping: 50_000, items: [], properties: { country: 'DE' } },
      },
      {
        ...{ type: 'purchase', time: at('2026-01-05T09:00:00Z'), userId: 'a@example.com', orderId: '#1001' },
        ...{ partial: true, currency: 'EUR' },
        items: [{ productId: 'MUG', name: 'Mug', price: 200_000, quantity: 2 }],
        properties: { country: 'DE' },
      },
      { type: 'refund', orderId: '#1001', currency: 'EUR', refunded: 100_000, items: [] },
      { orderId: '#1001', partial: true, items: [{ productId: 'Pot - blue', price: 300_000, quantity: 1 }] },
      { orderId: '#1002', partial: true, status: 'pending', items: [] },
      { orderId: '#1002', partial: true, items: [{ productId: 'MUG' }] },
    ]);
  });
});

describe('woocommerce', () => {
  const order = {
    id: 801,
    number: '801',
    status: 'completed',
    currency: 'EUR',
    date_created: '2026-01-05T11:00:00',
    date_created_gmt: '2026-01-05T10:00:00',
    date_modified_gmt: '2026-01-09T10:00:00',
    discount_total: '1.00',
    shipping_total: '4.90',
    total: '35.40',
    total_tax: '5.65',
    customer_id: 12,
    customer_user_agent: 'Mozilla/5.0',
    billing: { email: 'a@example.com', country: 'DE', city: 'Bonn' },
    line_items: [
      {
        id: 1,
        name: 'Mug',
        product_id: 61,
        variation_id: 0,
        quantity: 3,
        subtotal: '10.50',
        total: '10.00',
        sku: 'MUG',
        price: 3.3333,
      },
      {
        id: 2,
        name: 'Pot',
        product_id: 62,
        variation_id: 620,
        quantity: 1,
        total: '14.85',
        sku: '',
        price: 14.85,
      },
    ],
    refunds: [{ id: 810, reason: 'broken', total: '-10.00' }],
  };
  const purchase = {
    type: 'purchase',
    time: at('2026-01-05T10:00:00Z'),
    userId: '12',
    orderId: '801',
    status: 'paid',
    currency: 'EUR',
    total: 354_000,
    tax: 56_500,
    shipping: 49_000,
    discount: 10_000,
    items: [
      { productId: 'MUG', name: 'Mug', price: 33_333, total: 100_000, quantity: 3 },
      { productId: '620', name: 'Pot', price: 148_500, total: 148_500, quantity: 1 },
    ],
    properties: { country: 'DE', city: 'Bonn', user_agent: 'Mozilla/5.0' },
  };

  test('an order of the REST API or a webhook is a purchase and its refunds', () => {
    expect(read(order, { ...order, id: 802, number: '802', customer_id: 0, refunds: [] })).toMatchObject([
      purchase,
      {
        type: 'refund',
        time: at('2026-01-09T10:00:00Z'),
        orderId: '801',
        currency: 'EUR',
        total: 100_000,
        items: [],
      },
      { ...purchase, orderId: '802', userId: 'a@example.com' },
    ]);
  });

  test.each([
    ['processing', 'paid'],
    ['wc-completed', 'paid'],
    ['on-hold', 'pending'],
    ['failed', 'pending'],
    ['refunded', 'refunded'],
    ['cancelled', 'cancelled'],
  ])('%s is %s', (status, expected) => {
    expect(read({ ...order, status, refunds: [] })).toMatchObject([{ status: expected }]);
  });

  test('its exports of orders, with the products in one field or a row for each', () => {
    expect(
      read(
        'order_id,order_number,order_date,status,order_total,refunded_total,order_currency,customer_id,billing_country,line_items',
        '801,801,2026-01-05 10:00:00,completed,29.35,-5.00,USD,12,US,"name:Mug; large|product_id:61|sku:MUG|quantity:2|total:6.00;name:Pot: blue|product_id:62|sku:|quantity:1|total:23.35"',
      ),
    ).toMatchObject([
      {
        ...{
          type: 'purchase',
          time: at('2026-01-05T10:00:00Z'),
          userId: '12',
          orderId: '801',
          status: 'paid',
        },
        ...{ currency: 'USD', total: 293_500, properties: { country: 'US' } },
        items: [
          { productId: 'MUG', name: 'Mug; large', total: 60_000, quantity: 2 },
          { productId: '62', name: 'Pot: blue', total: 233_500, quantity: 1 },
        ],
      },
      { type: 'refund', orderId: '801', refunded: 50_000, items: [] },
    ]);
    expect(
      read(
        'Order Number,Order Status,Order Date,Email (Billing),Country Code (Billing),Order Total Amount,Order Refund Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost',
        '801,Completed,2026-01-05 10:00,a@example.com,DE,36.00,,MUG,1,Mug,2,3.00',
        '801,Completed,2026-01-05 10:00,a@example.com,DE,36.00,,POT,2,Pot,1,30.00',
      ),
    ).toMatchObject([
      { orderId: '801', partial: true, status: 'paid', total: 360_000, items: [] },
      {
        ...{ type: 'purchase', userId: 'a@example.com', orderId: '801', partial: true },
        items: [{ productId: 'MUG', name: 'Mug', price: 30_000, quantity: 2 }],
        properties: { country: 'DE' },
      },
      { orderId: '801', partial: true, status: 'paid', total: 360_000, items: [] },
      { orderId: '801', partial: true, items: [{ productId: 'POT', price: 300_000, quantity: 1 }] },
    ]);
  });
});

test('magento: an order is a purchase, without what a configurable product was chosen to be', () => {
  const order = {
    entity_id: 5,
    increment_id: '000000005',
    created_at: '2026-01-05 10:00:00',
    updated_at: '2026-01-08 10:00:00',
    state: 'complete',
    status: 'shipped',
    order_currency_code: 'EUR',
    grand_total: 59.9,
    tax_amount: 5,
    shipping_amount: 4.9,
    discount_amount: -2,
    total_refunded: 10,
    customer_id: 7,
    billing_address: { country_id: 'DE', city: 'Bonn' },
    items: [
      {
        item_id: 1,
        sku: 'SHIRT-M',
        name: 'Shirt',
        product_type: 'configurable',
        price: 25,
        row_total: 50,
        qty_ordered: 2,
      },
      {
        item_id: 2,
        sku: 'SHIRT-M',
        name: 'Shirt M',
        product_type: 'simple',
        parent_item_id: 1,
        price: 0,
        qty_ordered: 2,
      },
    ],
  };
  const events = [
    {
      ...{
        type: 'purchase',
        time: at('2026-01-05T10:00:00Z'),
        userId: '7',
        orderId: '000000005',
        status: 'paid',
      },
      ...{ currency: 'EUR', total: 599_000, tax: 50_000, shipping: 49_000, discount: 20_000 },
      items: [{ productId: 'SHIRT-M', name: 'Shirt', price: 250_000, total: 500_000, quantity: 2 }],
      properties: { country: 'DE', city: 'Bonn' },
    },
    { type: 'refund', time: at('2026-01-08T10:00:00Z'), orderId: '000000005', refunded: 100_000, items: [] },
  ];
  expect(read(order)).toMatchObject(events);
  expect(read({ items: [order], total_count: 1 })).toMatchObject(events);
  expect(read({ ...order, state: 'pending_payment', total_refunded: null })).toMatchObject([
    { status: 'pending' },
  ]);
  expect(read({ ...order, state: 'closed' })).toMatchObject([{ status: 'refunded' }]);
});

describe('recognition', () => {
  test.each([
    ['shopify', '{"id":1,"financial_status":"paid","line_items":[]}'],
    ['shopify', '{"orders":[{"id":1,"total_price":"1","line_items":[]}]}'],
    ['woocommerce', '{"id":1,"status":"x","date_created_gmt":"2026-01-05T10:00:00","line_items":[]}'],
    ['magento', '{"increment_id":"1","items":[]}'],
    ['posthog', '{"event":"$pageview","distinct_id":"d","properties":{}}'],
    ['matomo', '{"idVisit":"1","actionDetails":[]}'],
    ['snowplow', '{"event_id":"e","collector_tstamp":"2026-01-05T10:00:00Z","event_name":"page_view"}'],
    ['shopify', 'Name,Created at,Lineitem quantity,Lineitem name,Lineitem price'],
    ['woocommerce', 'order_id,order_date,status,line_items,more'],
  ])('%s: %s', (format, line) => {
    expect(recognise(line)).toBe(format);
    expect(chooseFormat({ format: format as 'shopify' }, [line], 'file').layout).toBe(
      line.startsWith('{') ? 'json' : 'csv',
    );
  });

  test('a table that has only some of the columns is none of them', () => {
    expect(() => recognise('order_id,order_date,status,total')).toThrow(/cannot tell the format/);
  });
});
