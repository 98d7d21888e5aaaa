import { expect, test } from 'vitest';
import { fileShop } from '../support/file-shop.ts';

/** A row of each format whose shopper, or device, is no id; written from the public descriptions. */
const rows: Record<string, (none: string) => string | object> = {
  native: (none) => ({ type: 'page_view', time: '2026-01-05T10:00:00Z', userId: none, sessionId: 's' }),
  'native device': (none) => ({ type: 'page_view', time: '2026-01-05T10:00:00Z', anonymousId: none }),
  segment: (none) => ({
    ...{ messageId: 'm1', type: 'page', userId: none, anonymousId: 'a1', timestamp: '2026-01-05T10:00:00Z' },
  }),
  'segment device': (none) => ({
    ...{ type: 'track', event: 'Product Viewed', anonymousId: none, timestamp: '2026-01-05T10:00:00Z' },
    properties: { product_id: 'A' },
  }),
  ga4: (none) => ({
    ...{ event_name: 'page_view', event_timestamp: '1767607200000000', user_pseudo_id: '1.2', user_id: none },
  }),
  'ga4 device': (none) => ({
    ...{ event_name: 'page_view', event_timestamp: '1767607200000000', user_pseudo_id: none },
  }),
  'ga4 body': (none) => ({
    ...{ client_id: '1.2', user_id: none, timestamp_micros: '1767607200000000' },
    events: [{ name: 'page_view', params: {} }],
  }),
  'ga4 session': (none) => ({
    ...{ event_name: 'page_view', event_timestamp: '1767607200000000', user_pseudo_id: '1.2' },
    event_params: [{ key: 'ga_session_id', value: { string_value: none } }],
  }),
  'ga4 order': (none) => ({
    ...{ event_name: 'purchase', event_timestamp: '1767607200000000', user_pseudo_id: '1.2' },
    ecommerce: { transaction_id: none, purchase_revenue: 5 },
  }),
  rees46: (none) =>
    `event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session\n2019-10-01 00:00:00 UTC,view,44,21,,x,35.79,${none},s1`,
  retailrocket: (none) =>
    `timestamp,visitorid,event,itemid,transactionid\n1433221332117,${none},view,355908,`,
  'online-retail': (none) =>
    `InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n536365,85123A,LIGHT,6,2010-12-01 08:26:00,2.55,${none},United Kingdom`,
  'shopify table': (none) =>
    `Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n#1,${none},paid,USD,20.00,2026-01-05 10:00:00 +0100,1,Mug,20.00`,
  shopify: (none) => ({
    ...{ id: 7, name: '#7', created_at: '2026-01-05T10:00:00Z', currency: 'USD', financial_status: 'paid' },
    ...{ customer: { id: none }, total_price: '45.00', line_items: [] },
  }),
  woocommerce: (none) => ({
    ...{ id: 8, status: 'processing', currency: 'USD', date_created_gmt: '2026-01-05T10:00:00', total: '5' },
    ...{ customer_id: none, line_items: [] },
  }),
  'woocommerce table': (none) =>
    `order_id,order_date,status,order_total,order_currency,customer_id,line_items\n801,2026-01-05 10:00:00,completed,29.35,USD,${none},"name:Mug|sku:MUG|quantity:2|total:6.00"`,
  magento: (none) => ({
    ...{ increment_id: '5', created_at: '2026-01-05 10:00:00', state: 'complete', customer_email: none },
    ...{ order_currency_code: 'EUR', grand_total: 5, items: [] },
  }),
  posthog: (none) => ({
    ...{ uuid: 'e1', event: '$pageview', distinct_id: none, timestamp: '2026-01-05T10:00:00Z' },
    properties: {},
  }),
  matomo: (none) => ({
    ...{ idVisit: '1', visitorId: 'abc', userId: none },
    actionDetails: [{ type: 'action', timestamp: 1767607200 }],
  }),
  snowplow: (none) => ({
    ...{ event_id: 'e1', collector_tstamp: '2026-01-05T10:00:00Z', event_name: 'page_view', user_id: none },
    domain_userid: 'd1',
  }),
};

test.each(Object.entries(rows))('an id that is none counts for nobody, and is told: %s', async (_, write) => {
  for (const none of ['(not set)', 'undefined', '(data not available)']) {
    const shop = fileShop();
    const row = write(none);
    const isTable = typeof row === 'string';
    const { out } = await shop.readText(
      isTable ? 'a.csv' : 'a.jsonl',
      `${isTable ? row : JSON.stringify(row)}\n`,
    );
    const { kpis, freshness } = await shop.stats();
    expect(freshness).toMatchObject({ rejected: 0 });
    expect(freshness.placeholderIds).toBeGreaterThan(0);
    expect(freshness.placeholderIds).toBe(kpis.events);
    expect(out).toContain('with a placeholder');
  }
});
