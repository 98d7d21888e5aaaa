import { describe, expect, test } from 'vitest';
import { readAll } from './read.ts';

// Lines that we made from the public descriptions of the formats.

function read(...lines: (string | object)[]): unknown[] {
  return readAll(
    `${lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')}\n`,
  );
}
const T = '2026-01-05T10:00:00.000Z';
const MS = Date.parse(T);

describe('posthog', () => {
  const event = (name: string, properties: object = {}, more: object = {}) => ({
    uuid: `id of ${name}`,
    event: name,
    distinct_id: 'u1',
    timestamp: T,
    properties: { $session_id: 's1', $device_id: 'd1', ...properties },
    ...more,
  });
  const who = { time: MS, userId: 'u1', anonymousId: 'd1', sessionId: 's1' };

  test('events with the names of the e-commerce spec, and page views', () => {
    const context = {
      $geoip_country_name: 'Germany',
      $geoip_city_name: 'Bonn',
      $device_type: 'Mobile',
      $os: 'Android',
      $browser: 'Chrome',
      $raw_user_agent: 'Mozilla/5.0',
      $current_url: 'https://shop.example/tea?x=1',
      $referrer: '$direct',
      utm_source: 'news',
      $lib: 'web',
      plan: 'gold',
    };
    const ordered = {
      order_id: 'o1',
      currency: 'USD',
      revenue: 10,
      products: [{ product_id: 'P', price: 5, quantity: 2 }],
    };
    expect(
      read(
        event('$pageview', context),
        event('Order Completed', ordered),
        event('product_viewed', { product_id: 'P', name: 'Mug', price: '5' }),
        event('$autocapture'),
        event(
          'Order Refunded',
          { order_id: 'o1', total: 10 },
          { properties: JSON.stringify({ order_id: 'o1', total: 10 }) },
        ),
      ),
    ).toEqual([
      {
        ...{ id: 'id of $pageview', type: 'page_view', ...who, items: [] },
        properties: {
          ...{
            country: 'Germany',
            city: 'Bonn',
            device: 'Mobile',
            os: 'Android',
            browser: 'Chrome',
            user_agent: 'Mozilla/5.0',
          },
          ...{ source: 'news', path: '/tea', referrer: '$direct', utm_source: 'news', plan: 'gold' },
        },
      },
      {
        ...{
          id: 'id of Order Completed',
          type: 'purchase',
          ...who,
          orderId: 'o1',
          currency: 'USD',
          revenue: 100_000,
        },
        items: [{ productId: 'P', price: 50_000, quantity: 2 }],
      },
      {
        id: 'id of product_viewed',
        type: 'view_item',
        ...who,
        items: [{ productId: 'P', name: 'Mug', price: 50_000, quantity: 1 }],
      },
      'not a shop event',
      {
        id: 'id of Order Refunded',
        type: 'refund',
        time: MS,
        userId: 'u1',
        orderId: 'o1',
        total: 100_000,
        items: [],
      },
    ]);
  });

  test('who is not identified is a device, and a device’s clock is corrected where it was sent as it was', () => {
    const sent = {
      sent_at: '2026-01-05T12:00:05Z',
      now: '2026-01-05T10:00:06Z',
      timestamp: '2026-01-05T12:00:00Z',
    };
    expect(
      read(
        event('$pageview', {}, { distinct_id: 'd1' }),
        event('$pageview', { $is_identified: false, $device_id: undefined }, { distinct_id: 'd2' }),
        event('$pageview', {}, sent),
        event('$pageview', {}, { offset: 1500, now: '2026-01-05T10:00:06Z' }),
      ),
    ).toMatchObject([{ anonymousId: 'd1' }, { anonymousId: 'd2' }, { time: MS + 1000 }, { time: MS + 4500 }]);
  });
});

test('posthog: where nothing says whether an id is that of a device, it is told by its form', () => {
  const events = [
    '0194f6c0-1111-7000-8000-000000000001',
    'anon-1',
    '0194f6c0-1111-4000-8000-000000000001',
    'u1',
  ];
  const line = { event: '$pageview', timestamp: T, properties: {} };
  const [v7, anonymous, v4, user] = read(...events.map((distinct_id) => ({ ...line, distinct_id })));
  expect([v7, anonymous]).toMatchObject([{ anonymousId: events[0] }, { anonymousId: 'anon-1' }]);
  expect([v4, user]).toMatchObject([{ userId: events[2] }, { userId: 'u1' }]);
});

test('posthog: who is identified is linked to the device', () => {
  const event = (name: string, properties: object) => ({
    ...{ uuid: 'i', event: name, distinct_id: 'u1', timestamp: T },
    properties,
  });
  const link = { id: 'i', type: 'identify', time: MS, userId: 'u1', items: [] };
  expect(
    read(
      event('$identify', { $anon_distinct_id: 'd1' }),
      event('$create_alias', { alias: 'd2' }),
      event('Signed In', { $device_id: 'd3' }),
      event('$identify', {}),
      event('$identify', { $anon_distinct_id: 'u1' }),
    ),
  ).toEqual([
    { ...link, anonymousId: 'd1' },
    { ...link, anonymousId: 'd2', properties: { alias: true } },
    { ...link, anonymousId: 'd3' },
    'not a shop event',
    'not a shop event',
  ]);
});

test('matomo: a visit is its actions', () => {
  const visit = {
    idSite: 1,
    idVisit: '77',
    visitorId: 'abc',
    userId: null,
    serverTimestamp: 1767607260,
    siteCurrency: 'EUR',
    country: 'Germany',
    city: 'Bonn',
    deviceType: 'Smartphone',
    operatingSystemName: 'Android',
    browserName: 'Chrome Mobile',
    referrerType: 'search',
    referrerName: 'Google',
    actionDetails: [
      { type: 'action', url: 'https://shop.example/', timestamp: 1767607200 },
      {
        type: 'action',
        url: 'https://shop.example/mug',
        timestamp: 1767607201,
        productViewSku: 'A',
        productViewName: 'Mug',
        productViewPrice: '25',
        productViewCategory1: 'Home',
      },
      { type: 'search', siteSearchKeyword: 'tea pot', timestamp: 1767607202 },
      { type: 'event', eventCategory: 'video', timestamp: 1767607203 },
      {
        type: 'ecommerceOrder',
        orderId: '1',
        revenue: '33.90',
        revenueSubTotal: '25.00',
        revenueTax: '4.00',
        revenueShipping: '4.90',
        revenueDiscount: '0',
        timestamp: 1767607204,
        itemDetails: [
          {
            itemSKU: 'A',
            itemName: 'Mug',
            itemCategory: 'Home',
            price: '12.50',
            quantity: '2',
            categories: ['Home'],
          },
        ],
      },
      {
        type: 'ecommerceAbandonedCart',
        revenue: '5',
        timestamp: 1767607205,
        itemDetails: [{ itemSKU: 'B', itemName: 'Pot', price: 5, quantity: 1 }],
      },
    ],
  };
  const properties = {
    ...{ country: 'Germany', city: 'Bonn', device: 'Smartphone', os: 'Android', browser: 'Chrome Mobile' },
    ...{ source: 'Google', medium: 'search' },
  };
  const who = { anonymousId: 'abc', sessionId: '77' };
  expect(read(visit)).toMatchObject([
    { ...who, type: 'page_view', time: MS, properties: { ...properties, path: '/' } },
    {
      ...{ ...who, type: 'view_item', time: MS + 1000 },
      items: [{ productId: 'A', name: 'Mug', category: 'Home', price: 250_000, quantity: 1 }],
    },
    { ...who, type: 'search', query: 'tea pot' },
    'not a shop event',
    {
      ...{ ...who, type: 'purchase', time: MS + 4000, orderId: '1', currency: 'EUR' },
      ...{ revenue: 250_000, total: 339_000, tax: 40_000, shipping: 49_000, properties },
      items: [{ productId: 'A', name: 'Mug', category: 'Home', price: 125_000, quantity: 2 }],
    },
    { ...who, type: 'add_to_cart', currency: 'EUR', items: [{ productId: 'B', price: 50_000, quantity: 1 }] },
  ]);
  const ids = (value: object) => (read(value) as { id: string }[]).map(({ id }) => id);
  // The visit goes on: what was there before are the same events.
  const shorter = { ...visit, actionDetails: visit.actionDetails.slice(0, 3) };
  expect(ids(visit).slice(0, 3)).toEqual(ids(shorter));
});

describe('snowplow', () => {
  const ACTION = 'unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1';
  const entity = (name: string) => `contexts_com_snowplowanalytics_snowplow_ecommerce_${name}_1`;
  const event = {
    ...{ app_id: 'shop', platform: 'web', event: 'unstruct', event_name: 'snowplow_ecommerce_action' },
    ...{ event_id: 'e1', collector_tstamp: '2026-01-05T10:00:01.000Z', derived_tstamp: T },
    ...{
      user_id: 'u1',
      domain_userid: 'd1',
      domain_sessionid: 's1',
      geo_country: 'DE',
      useragent: 'Mozilla/5.0',
    },
    ...{ page_urlpath: '/tea', mkt_source: 'news', mkt_medium: 'email', mkt_campaign: 'sale' },
  };
  const expected = {
    ...{ id: 'e1', time: MS, userId: 'u1', anonymousId: 'd1', sessionId: 's1' },
    properties: {
      ...{ country: 'DE', user_agent: 'Mozilla/5.0', source: 'news', medium: 'email', campaign: 'sale' },
      ...{ path: '/tea', platform: 'web', app: 'shop' },
    },
  };
  const product = {
    id: 'P',
    name: 'Mug',
    category: 'Home',
    brand: 'Acme',
    price: 12.5,
    quantity: 2,
    currency: 'EUR',
  };
  const item = { productId: 'P', name: 'Mug', category: 'Home', brand: 'Acme', price: 125_000, quantity: 2 };
  const transaction = {
    transaction_id: 'o1',
    revenue: 33.9,
    currency: 'EUR',
    tax: 4,
    shipping: 4.9,
    total_quantity: 2,
  };

  test('actions of the e-commerce plug-in, and page views', () => {
    expect(
      read(
        { ...event, event: 'page_view', event_name: 'page_view' },
        { ...event, [ACTION]: { type: 'add_to_cart' }, [entity('product')]: [product] },
        {
          ...event,
          [ACTION]: { type: 'transaction' },
          [entity('product')]: [product],
          [entity('transaction')]: [transaction],
        },
        {
          ...event,
          [ACTION]: { type: 'refund' },
          [entity('refund')]: [{ transaction_id: 'o1', refund_amount: 12.5, currency: 'EUR' }],
        },
        { ...event, [ACTION]: { type: 'trns_error' } },
        { ...event, event: 'page_ping', event_name: 'page_ping' },
      ),
    ).toEqual([
      { ...expected, type: 'page_view', items: [] },
      { ...expected, type: 'add_to_cart', currency: 'EUR', items: [item] },
      {
        ...{ ...expected, type: 'purchase', orderId: 'o1', currency: 'EUR' },
        ...{ total: 339_000, tax: 40_000, shipping: 49_000, items: [item] },
      },
      { ...expected, type: 'refund', orderId: 'o1', currency: 'EUR', total: 125_000, items: [] },
      'not a shop event',
      'not a shop event',
    ]);
  });

  test('the clock of a device is corrected where nothing is derived', () => {
    const { derived_tstamp: _, ...raw } = event;
    const clocks = { dvce_created_tstamp: '2020-01-01T00:00:00Z', dvce_sent_tstamp: '2020-01-01T00:00:03Z' };
    expect(read({ ...raw, ...clocks, event: 'page_view', event_name: 'page_view' })).toMatchObject([
      { time: MS - 2000 },
    ]);
  });

  test('enriched events with tabs between their fields', () => {
    const fields = (values: Readonly<Record<number, string>>): string =>
      Array.from({ length: 131 }, (_, place) => values[place] ?? '').join('\t');
    const iglu = (name: string, data: unknown) => ({
      schema: `iglu:com.snowplowanalytics.snowplow.ecommerce/${name}/jsonschema/1-0-2`,
      data,
    });
    const head = {
      0: 'shop',
      1: 'web',
      3: '2026-01-05 10:00:01.000',
      6: '0194f6c0-0000-4000-8000-000000000001',
    };
    const rest = {
      12: 'u1',
      15: 'd1',
      18: 'DE',
      77: 'Mozilla/5.0',
      123: 's1',
      124: '2026-01-05 10:00:00.000',
    };
    const line = fields({
      ...head,
      ...{ 5: 'unstruct', ...rest, 126: 'snowplow_ecommerce_action' },
      52: JSON.stringify({
        schema: 'iglu:x/contexts/jsonschema/1-0-1',
        data: [iglu('product', product), iglu('transaction', transaction)],
      }),
      58: JSON.stringify({
        schema: 'iglu:x/unstruct_event/jsonschema/1-0-0',
        data: iglu('snowplow_ecommerce_action', { type: 'transaction' }),
      }),
    });
    const older = fields({
      ...head,
      ...rest,
      5: 'transaction_item',
      66: '',
      67: 'o2',
      68: 'A',
      69: 'Pot',
      71: '5.00',
      72: '2',
      112: 'EUR',
    });
    const total = fields({
      ...head,
      ...rest,
      5: 'transaction',
      59: 'o2',
      61: '10.00',
      62: '1.60',
      63: '0',
      108: 'EUR',
    });
    expect(read(line, older, total, fields({ ...head, 58: '{' }), 'x\ty')).toMatchObject([
      {
        ...{
          type: 'purchase',
          time: MS,
          userId: 'u1',
          anonymousId: 'd1',
          sessionId: 's1',
          orderId: 'o1',
          currency: 'EUR',
        },
        ...{ total: 339_000, items: [item], properties: { country: 'DE', platform: 'web' } },
      },
      {
        type: 'purchase',
        orderId: 'o2',
        partial: true,
        currency: 'EUR',
        items: [{ productId: 'A', name: 'Pot', price: 50_000, quantity: 2 }],
      },
      { type: 'purchase', orderId: 'o2', partial: true, total: 100_000, items: [] },
      'not JSON',
      'wrong number of columns',
    ]);
  });
});
