import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRecord } from '../../../../src/pipeline/events/decode.ts';
import { readForeign } from '../../../../src/pipeline/events/foreign.ts';
import { type JsonFormat } from '../../../../src/pipeline/events/formats/format.ts';
import { ga4 } from '../../../../src/pipeline/events/formats/ga4.ts';
import { parseJson } from '../../../../src/pipeline/events/formats/json.ts';
import { magento } from '../../../../src/pipeline/events/formats/magento.ts';
import { matomo } from '../../../../src/pipeline/events/formats/matomo.ts';
import { native } from '../../../../src/pipeline/events/formats/native.ts';
import { otto } from '../../../../src/pipeline/events/formats/otto.ts';
import { posthog } from '../../../../src/pipeline/events/formats/posthog.ts';
import { segment } from '../../../../src/pipeline/events/formats/segment.ts';
import { shopifyJson } from '../../../../src/pipeline/events/formats/shopify-json.ts';
import { snowplow } from '../../../../src/pipeline/events/formats/snowplow.ts';
import { woocommerceJson } from '../../../../src/pipeline/events/formats/woocommerce-json.ts';
import { LIMITS } from '../../../../src/pipeline/events/shop-event.ts';
import { readAll, recognise } from './read.ts';

const T = '2026-01-04T12:00:00.000Z';
const MS = Date.parse(T);
const lines = (...values: unknown[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

describe('native', () => {
  test('events pass as they are, without an id they get that of their line, and damage is named', () => {
    const event = {
      id: 'e1',
      type: 'view_item',
      time: MS,
      userId: 'u',
      items: [{ productId: 'p', price: 1.5 }],
    };
    const { id: _, ...anonymous } = event;
    const items = [{ productId: 'p', price: 15_000, quantity: 1 }];
    expect(
      readAll(
        lines(
          event,
          anonymous,
          { ...event, id: null, source: null },
          '{"type":"view_item"',
          '',
          '[1]',
          { ...event, type: 'boom' },
          { rejected: { id: 'x', reason: 'forged' }, ...event },
          { rejected: { id: 'x', reason: 'forged' } },
        ),
      ),
    ).toEqual([
      { ...event, items },
      { ...anonymous, id: 'K:2', items },
      { ...event, id: 'K:3', items },
      'not JSON',
      'not an event',
      'type is wrong',
      { ...event, items },
      'type is missing',
    ]);
  });

  test('ids beyond 2^53 keep their digits', () => {
    expect(
      readAll(
        `{"type":"view_item","time":${MS},"userId":12345678901234567890,"items":[{"productId":2053013555631882655}]}`,
      ),
    ).toEqual([
      {
        id: 'K:1',
        type: 'view_item',
        time: MS,
        userId: '12345678901234567890',
        items: [{ productId: '2053013555631882655', quantity: 1 }],
      },
    ]);
  });
});

test('parseJson leaves strings and exact numbers alone', () => {
  const line = String.raw`{"a":"12345678901234567890","b":"x \" : 12345678901234567890","c":1700000000000000,"d":0.1234567890123456,"e":-12345678901234567890,"f":[12345678901234567890,1e20]}`;
  expect(parseJson(line)).toEqual({
    a: '12345678901234567890',
    b: 'x " : 12345678901234567890',
    c: 1_700_000_000_000_000,
    d: 0.1234567890123456,
    e: '-12345678901234567890',
    f: ['12345678901234567890', 1e20],
  });
});

describe('segment', () => {
  const call = { messageId: 'm1', userId: 'u1', anonymousId: 'a1', timestamp: T };
  const who = { id: 'm1', time: MS, userId: 'u1', anonymousId: 'a1' };
  const track = (event: string, properties: object = {}) => ({ ...call, type: 'track', event, properties });

  test('identify and alias link a device to a user', () => {
    const { userId: _, anonymousId: __, ...bare } = call;
    expect(
      readAll(
        lines(
          { ...call, type: 'identify', traits: { plan: 'x' } },
          { ...bare, type: 'alias', previousId: 'a1', userId: 'u1' },
        ),
      ),
    ).toEqual([
      { ...who, type: 'identify', items: [] },
      { ...who, type: 'identify', items: [], properties: { alias: true } },
    ]);
  });

  test.each([
    ['identify of a server', { ...call, type: 'identify', anonymousId: undefined }],
    ['identify of nobody', { ...call, type: 'identify', userId: undefined }],
    ['alias of nobody', { ...call, type: 'alias', anonymousId: undefined }],
    ['group', { ...call, type: 'group' }],
  ])('%s links nothing', (__, value) => {
    expect(readAll(lines(value))).toEqual(['not a shop event']);
  });

  test('calls of the e-commerce spec become events', () => {
    const product = {
      product_id: 'p1',
      sku: 's1',
      name: 'Tea',
      category: 'Food',
      brand: 'B',
      price: '2.50',
      quantity: '3',
    };
    const item = { productId: 'p1', name: 'Tea', category: 'Food', brand: 'B', price: 25_000, quantity: 3 };
    expect(
      readAll(
        lines(
          track('Product Viewed', product),
          track('product_added', { sku: 's2', price: 1 }),
          track('Order Completed', {
            order_id: 'o1',
            currency: 'usd',
            products: [product, { product_id: 'p2' }],
          }),
          track('Order Refunded', { order_id: 'o1', products: [product] }),
          track('Products Searched', { query: 'green tea' }),
          track('Checkout Step Completed', { step: 2, shipping_method: 'post' }),
          { ...call, type: 'page', properties: { path: '/tea', title: 'Tea' } },
        ),
      ),
    ).toEqual([
      { ...who, type: 'view_item', items: [item] },
      { ...who, type: 'add_to_cart', items: [{ productId: 's2', price: 10_000, quantity: 1 }] },
      {
        ...who,
        type: 'purchase',
        orderId: 'o1',
        currency: 'USD',
        items: [item, { productId: 'p2', quantity: 1 }],
      },
      { ...who, type: 'refund', orderId: 'o1', items: [item] },
      { ...who, type: 'search', query: 'green tea', items: [] },
      { ...who, type: 'add_shipping_info', items: [], properties: { step: 2, shipping_method: 'post' } },
      { ...who, type: 'page_view', items: [], properties: { path: '/tea', title: 'Tea' } },
    ]);
  });

  test('a batch is its calls, and what is no event of a shop is told so', () => {
    const batch = [
      track('Cart Viewed'),
      { ...call, messageId: undefined, type: 'screen' },
      { ...call, type: 'identify' },
      track('Signed Up'),
      { ...track('Signed Up'), anonymousId: undefined },
      track('constructor'),
      track('Product Viewed', { product_id: 'p', price: 'free' }),
      { ...track('Cart Viewed'), timestamp: undefined },
      null,
    ];
    expect(readAll(lines({ batch }))).toEqual([
      { ...who, type: 'view_cart', items: [] },
      { ...who, id: 'K:1:2', type: 'page_view', items: [] },
      { ...who, type: 'identify', items: [] },
      { ...who, type: 'identify', items: [] },
      'not a shop event',
      'not a shop event',
      'bad price',
      'time is missing',
      'not a shop event',
    ]);
  });
});

describe('ga4', () => {
  test('rows of the BigQuery export', () => {
    const row = {
      event_date: '20260104',
      event_timestamp: String(MS * 1000),
      event_name: 'purchase',
      event_params: [
        { key: 'ga_session_id', value: { int_value: 77 } },
        { key: 'currency', value: { string_value: 'EUR', int_value: null } },
      ],
      user_id: null,
      user_pseudo_id: '123.456',
      ecommerce: { transaction_id: 'T1' },
      items: [
        {
          item_id: 'p1',
          item_name: 'Tea',
          item_brand: '(not set)',
          item_category: 'Food',
          price: 2.5,
          quantity: null,
        },
      ],
    };
    expect(
      readAll(
        lines(
          row,
          { ...row, event_name: 'session_start' },
          {
            ...row,
            event_name: 'view_search_results',
            ecommerce: { transaction_id: '(not set)' },
            items: [],
            event_params: [{ key: 'search_term', value: { string_value: 'tea' } }],
          },
          { ...row, event_timestamp: 'soon' },
        ),
      ),
    ).toEqual([
      {
        id: 'K:1',
        type: 'purchase',
        time: MS,
        anonymousId: '123.456',
        sessionId: '123.456.77',
        orderId: 'T1',
        currency: 'EUR',
        items: [{ productId: 'p1', name: 'Tea', category: 'Food', price: 25_000, quantity: 1 }],
      },
      'not a shop event',
      { id: 'K:3', type: 'search', time: MS, anonymousId: '123.456', query: 'tea', items: [] },
      'bad time',
    ]);
  });

  test('bodies of the Measurement Protocol', () => {
    const body = {
      client_id: 'c1',
      user_id: 'u1',
      timestamp_micros: MS * 1000,
      events: [
        {
          name: 'add_to_cart',
          params: { session_id: 9, currency: 'EUR', items: [{ item_id: 12345, price: 1, quantity: 2 }] },
        },
        { name: 'purchase', params: { transaction_id: 'T2', items: [{ item_name: 'Only named' }] } },
        { name: 'scroll', params: {} },
      ],
    };
    const who = { time: MS, userId: 'u1', anonymousId: 'c1' };
    expect(readAll(lines(body, { ...body, timestamp_micros: undefined, events: [body.events[1]] }))).toEqual([
      {
        ...who,
        id: 'K:1:1',
        type: 'add_to_cart',
        sessionId: 'c1.9',
        currency: 'EUR',
        items: [{ productId: '12345', price: 10_000, quantity: 2 }],
      },
      {
        ...who,
        id: 'K:1:2',
        type: 'purchase',
        orderId: 'T2',
        items: [{ productId: 'Only named', name: 'Only named', quantity: 1 }],
      },
      'not a shop event',
      'bad time',
    ]);
  });
});

test('otto: a session is its events, and what it orders in one moment is one order', () => {
  const session = {
    session: 12,
    events: [
      { aid: 1, ts: MS, type: 'clicks' },
      { aid: 2, ts: MS + 1, type: 'carts' },
      { aid: 2, ts: MS + 2, type: 'orders' },
      { aid: 3, ts: MS + 2, type: 'orders' },
      { aid: 4, ts: MS + 3, type: 'orders' },
      { aid: 4, ts: MS + 3, type: 'wishes' },
    ],
  };
  const event = (n: number, type: string, ts: number, ...products: string[]) => ({
    id: `K:1:${n}`,
    type,
    time: MS + ts,
    sessionId: '12',
    items: products.map((productId) => ({ productId, quantity: 1 })),
  });
  expect(readAll(lines(session, { session: 13 }, { session: {}, events: [] }))).toEqual([
    event(1, 'view_item', 0, '1'),
    event(2, 'add_to_cart', 1, '2'),
    { ...event(3, 'purchase', 2, '2', '3'), orderId: `12:${MS + 2}` },
    { ...event(4, 'purchase', 3, '4'), orderId: `12:${MS + 3}` },
    'not a shop event',
    'not a session',
    'not a session',
  ]);
});

describe('recognition', () => {
  test.each([
    ['native', [`{"type":"page_view","time":${MS}}`]],
    ['native', ['{"broken', `{"type":"page_view","time":"${T}"}`]],
    ['segment', ['{"type":"track","event":"Product Viewed","properties":{}}']],
    ['segment', ['{"batch":[{"type":"page"}]}']],
    ['ga4', ['{"event_name":"purchase","event_timestamp":1}']],
    ['ga4', ['{"client_id":"1","events":[{"name":"purchase"}]}']],
    ['otto', ['{"session":0,"events":[{"aid":1,"ts":1,"type":"clicks"}]}']],
  ])('%s', (format, sample) => {
    expect(recognise(...sample)).toBe(format);
  });

  test.each([
    ['a pretty-printed object', ['{', '  "type": "page_view"', '}'], /no JSON objects/],
    ['an unknown shape', ['{"hello":"world"}'], /no known shape/],
    ['prose', ['Dear shop,', 'hello'], /cannot tell the format of file/],
  ])('%s is refused', (_, sample, message) => {
    expect(() => recognise(...sample)).toThrow(message);
  });
});

describe('a record of many parts', () => {
  const readOne = (format: JsonFormat, value: unknown) =>
    readForeign(JSON.stringify(value), { format, source: 's', id: 'i' });
  const letters = (lines: readonly string[]) =>
    lines.map((line) => (JSON.parse(line) as { rejected: { reason: string; raw: string } }).rejected);

  test('keeps each bad part once, and takes no more room than it has', () => {
    const batch = Array.from({ length: 2000 }, (_, i) => ({ type: 'identify', traits: { i } }));
    const said = readOne(segment, { batch });
    expect(letters(said).map(({ raw }) => raw)).toEqual(batch.map((call) => JSON.stringify(call)));
    const events = Array.from({ length: 2000 }, (_, i) => ({ aid: i, type: 'x' }));
    expect(letters(readOne(otto, { session: 1, events }))[1999]).toMatchObject({
      reason: 'not a shop event',
      raw: '{"aid":1999,"type":"x"}',
    });
  });

  test('that cannot be written again is kept with the first of them', () => {
    const deep = `${'['.repeat(8000)}1${']'.repeat(8000)}`;
    const line = `{"batch":[{"type":"a","b":${deep}},{"type":"a","b":${deep}},{"type":"a"}]}`;
    const said = readForeign(line, { format: segment, source: 's', id: 'i' });
    expect(letters(said).map(({ raw }) => raw)).toEqual([line, '', '{"type":"a"}']);
  });

  test('holds so many events, and what they share is no longer than a text may be', () => {
    const reasons = (format: JsonFormat, value: unknown) =>
      letters(readOne(format, value)).map(({ reason }) => reason);
    expect(reasons(segment, { batch: Array(LIMITS.recordEvents + 1).fill(1) })).toEqual(['too many events']);
    expect(readOne(segment, { batch: Array(LIMITS.recordEvents).fill(1) })).toHaveLength(LIMITS.recordEvents);
    const long = 'x'.repeat(2000);
    expect(reasons(ga4, { client_id: long, events: [{ name: 'page_view' }, {}] })).toEqual([
      'string too long',
    ]);
    expect(reasons(ga4, { client_id: [long], events: [{}, {}] })).toEqual(['not an event']);
    expect(reasons(otto, { session: long, events: [{}, {}] })).toEqual(['string too long']);
  });

  test.each([
    { id: { toString: [] }, line_items: [] },
    { id: 1, test: { toString: [] }, line_items: [] },
    { id: { toString: [] }, __parentId: 'gid://shopify/Order/1', quantity: 1 },
  ])('shopify: an id that is no text is none: %j', (order) => {
    expect(readOne(shopifyJson, order)).toHaveLength(1);
  });

  const foreign = [shopifyJson, woocommerceJson, magento, posthog, matomo, snowplow];
  test.each([segment, ga4, otto, native, ...foreign])('$name: is read, whatever JSON it is', (format) => {
    const names = [
      ...['batch', 'events', 'type', 'event', 'track', 'properties', 'name', 'params', 'event_params', 'key'],
      ...[
        'session',
        'ts',
        'aid',
        'orders',
        'clicks',
        'toString',
        'valueOf',
        '__proto__',
        'constructor',
        'toJSON',
      ],
      ...['purchase', 'Order Completed', 'items', 'products', 'client_id', 'quantity', 'price'],
      ...[
        'line_items',
        'lineItems',
        'refunds',
        'transactions',
        'amount',
        'status',
        'total',
        'id',
        'orders',
        'node',
        'edges',
      ],
      ...[
        'actionDetails',
        'ecommerceOrder',
        'itemDetails',
        'timestamp',
        'total_refunded',
        'increment_id',
        'customer',
      ],
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(null, true, 1, -0, 1e308, ...names),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 6 }),
      ),
    }));
    const record = fc.oneof(
      fc.record({ batch: fc.array(tree) }),
      fc.record({ events: fc.array(tree), client_id: tree, session: fc.constantFrom('s', 1) }),
      fc.record({ line_items: fc.array(tree), refunds: fc.array(tree), id: tree, name: tree, status: tree }),
      fc.record({ increment_id: tree, items: fc.array(tree), total_refunded: tree, state: tree }),
      fc.record({ createdAt: tree, lineItems: tree, refunds: fc.array(tree), totalPriceSet: tree, id: tree }),
      fc.record({ idVisit: tree, visitorId: tree, actionDetails: fc.array(tree), country: tree }),
      fc.record({
        distinct_id: fc.constant('d'),
        event: fc.constant('Order Completed'),
        properties: tree,
        offset: tree,
      }),
      fc.record({ event_id: tree, event: fc.constant('transaction'), tr_total: tree, ti_sku: tree }),
      fc.record({ type: fc.constant('track'), event: fc.constant('Order Completed'), properties: tree }),
      tree,
    );
    fc.assert(
      fc.property(record, (value) => {
        for (const line of readOne(format, value))
          decodeRecord(line, { partition: 0, offset: 0, appendedAt: MS });
      }),
      { numRuns: 500 },
    );
  });
});
