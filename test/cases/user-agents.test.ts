import { describe, expect, test } from 'vitest';
import { fileShop } from '../support/file-shop.ts';

const ROBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0';
const at = '2026-01-05T10:00:00Z';

const native = (agent: object) => ({ type: 'view_item', time: at, userId: 'u', ...agent });
const segment = (more: object) => ({
  ...{ type: 'track', event: 'Product Viewed', messageId: 'm', timestamp: at, anonymousId: 'a' },
  properties: { product_id: 'P' },
  ...more,
});
const snowplow = (more: object) => ({
  ...{ event_id: 'e', collector_tstamp: at, event_name: 'page_view', domain_userid: 'd', ...more },
});
const matomo = (more: object) => ({
  ...{ idVisit: '1', visitorId: 'v', ...more },
  actionDetails: [{ type: 'action', timestamp: 1767607200, url: 'https://shop.example/tea' }],
});
const posthog = (properties: object) => ({
  ...{ uuid: 'p', event: '$pageview', distinct_id: 'u', timestamp: at, properties },
});
const woocommerce = (more: object) => ({
  ...{ id: 8, number: '8', status: 'processing', currency: 'USD', date_created_gmt: '2026-01-05T10:00:00' },
  ...{ total: '6.00', line_items: [{ name: 'Mug', sku: 'M', quantity: 1, total: '6.00' }], ...more },
});
const shopify = (more: object) => ({
  ...{ id: 7, name: '#7', created_at: at, currency: 'USD', financial_status: 'paid', total_price: '2.00' },
  ...{ line_items: [{ sku: 'M', title: 'Mug', quantity: 1, price: '2.00' }], ...more },
});
const ga4 = (more: object) => ({
  ...{ event_name: 'view_item', event_timestamp: 1767607200000000, user_pseudo_id: 'g', items: [] },
  ...more,
});

/** How each source says a user agent. */
const SAID: readonly [string, (agent: string) => object][] = [
  ['native property', (agent) => native({ properties: { user_agent: agent } })],
  ['native userAgent', (agent) => native({ properties: { userAgent: agent } })],
  ['native user-agent', (agent) => native({ properties: { 'User-Agent': agent, country: 'DE' } })],
  ['native ua', (agent) => native({ properties: { ua: agent } })],
  ['native http_user_agent', (agent) => native({ properties: { http_user_agent: agent } })],
  ['native field user_agent', (agent) => native({ user_agent: agent })],
  ['native field userAgent', (agent) => native({ userAgent: agent, properties: { country: 'DE' } })],
  ['native field ua', (agent) => native({ ua: agent, properties: null })],
  ['segment context', (agent) => segment({ context: { userAgent: agent } })],
  ['segment property', (agent) => segment({ properties: { product_id: 'P', userAgent: agent } })],
  ['segment batch', (agent) => ({ batch: [segment({})], context: { userAgent: agent } })],
  ['ga4 parameter', (agent) => ga4({ event_params: [{ key: 'ua', value: { string_value: agent } }] })],
  ['ga4 body', (agent) => ({ client_id: 'c', user_agent: agent, timestamp_micros: 1767607200000000, events: [{ name: 'page_view' }] })],
  ['posthog', (agent) => posthog({ $raw_user_agent: agent })],
  ['posthog server', (agent) => posthog({ $user_agent: agent })],
  ['posthog own', (agent) => posthog({ userAgent: agent })],
  ['matomo', (agent) => matomo({ userAgent: agent })],
  ['snowplow', (agent) => snowplow({ useragent: agent, br_family: 'Chrome' })],
  ['woocommerce', (agent) => woocommerce({ customer_user_agent: agent })],
  ['woocommerce attribution', (agent) => woocommerce({ customer_user_agent: '', meta_data: [{ key: '_wc_order_attribution_user_agent', value: agent }] })],
  ['shopify', (agent) => shopify({ client_details: { user_agent: agent } })],
]; // biome-ignore format: a table

describe('a user agent', () => {
  test.each(SAID)('%s: tells robots from people', async (_, record) => {
    const shop = fileShop();
    const { notes } = await shop.readText('a.jsonl', `${JSON.stringify(record(ROBOT))}\n`);
    const people = fileShop();
    await people.readText('b.jsonl', `${JSON.stringify(record(PERSON))}\n`);
    expect((await shop.stats()).freshness).toMatchObject({ received: 1, robots: 1, truncated: 0 });
    expect((await people.stats()).freshness).toMatchObject({ received: 1, robots: 0, truncated: 0 });
    expect(notes).not.toContain('left out');
  });

  test('of a CSV is what a map makes of its column, or an export names it', async () => {
    const shop = fileShop();
    const map = shop.map({
      type: { value: 'page_view' },
      time: 'at',
      userId: 'who',
      properties: { 'user agent': 'agent' },
    });
    await shop.readText('a.csv', `at,who,agent\n${at},u1,${ROBOT}\n${at},u2,${PERSON}\n`, { map });
    expect((await shop.stats()).freshness).toMatchObject({ received: 2, robots: 1 });
    const woo = fileShop();
    await woo.readText(
      'b.csv',
      `order_id,order_date,status,order_total,line_items,customer_user_agent\n1,2026-01-05 10:00:00,completed,6.00,name:Mug|sku:M|quantity:1|total:6.00,${ROBOT}\n`,
    );
    expect((await woo.stats()).freshness).toMatchObject({ robots: 1 });
  });

  test('is the nearest of several names, in any order, and not that of the server which sends', async () => {
    const agents = [
      { userAgent: PERSON, server_user_agent: ROBOT },
      { server_user_agent: ROBOT, userAgent: PERSON },
      { http_user_agent: ROBOT, 'User-Agent': PERSON },
      { 'User-Agent': PERSON, http_user_agent: ROBOT },
      { server_user_agent: ROBOT },
    ];
    for (const properties of agents) {
      const shop = fileShop();
      await shop.readText('a.jsonl', `${JSON.stringify(native({ properties }))}\n`);
      expect((await shop.stats()).freshness).toMatchObject({ received: 1, robots: 0 });
    }
  });

  test('that Snowplow did not keep leaves what was told from it', async () => {
    const shop = fileShop();
    const events = [
      snowplow({ event_id: '1', br_type: 'Robot', br_family: 'Robot/Spider' }),
      snowplow({
        event_id: '2',
        contexts_com_iab_snowplow_spiders_and_robots_1: [
          { spiderOrRobot: true, category: 'SPIDER_OR_ROBOT' },
        ],
      }),
      snowplow({ event_id: '3', br_type: 'Browser', br_family: 'Chrome', br_name: 'Chrome 131' }),
    ];
    await shop.readText('a.jsonl', events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    expect((await shop.stats()).freshness).toMatchObject({ received: 3, robots: 2 });
  });

  test('is not what another field with such a name says', async () => {
    const shop = fileShop();
    const lines = [
      native({ id: '1', properties: { ua: 'Ukraine' } }),
      native({ id: '2', properties: { travel_agent: 'bot' } }),
      native({ id: '3', properties: { user_agent: PERSON, userAgent: ROBOT } }),
      native({ id: '4', properties: { userAgent: 5 } }),
    ];
    await shop.readText('a.jsonl', lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    expect((await shop.stats()).freshness).toMatchObject({ received: 4, robots: 0, rejected: 0 });
  });
});
