import { describe, expect, test } from 'vitest';
import { type Breakdown } from '../../src/pipeline/stats/types.ts';
import { casePath, newShop } from '../support/counted.ts';
import { file } from '../support/file.ts';

const PERSON =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const ROBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

function rows(breakdown: Breakdown | undefined): Record<string, number | null> {
  return Object.fromEntries(breakdown!.rows.map(({ value, events }) => [value, events]));
}

describe('properties of other formats', () => {
  test('have the same names whatever the source: numbers are broken down by them, robots told apart', async () => {
    const shop = newShop();
    await shop.ingest(casePath('kept-properties', 'ga4.jsonl'));
    await shop.ingest(casePath('kept-properties', 'seg.jsonl'));
    const { breakdown, kpis, freshness } = await shop.stats({ by: 'country' });
    expect(breakdown!.rows).toMatchObject([{ value: 'Germany', events: 2, robots: 1, sessions: 1 }]);
    expect(kpis.events).toBe(1);
    expect(freshness).toMatchObject({ received: 2, robots: 1, truncated: 0 });
    const all = await shop.stats({ by: 'recommender', includeRobots: true });
    expect(all).toMatchObject({
      kpis: { events: 2, users: 2 },
      freshness: { received: 2, robots: 1 },
      robotsIncluded: true,
    });
    expect(rows(all.breakdown)).toEqual({ hybrid: 1 });
    const mobile = await shop.stats({ where: ['device=mobile'], includeRobots: true });
    expect(mobile.kpis.events).toBe(2);
    expect((await shop.stats({ where: ['device=mobile'] })).kpis.events).toBe(1);
  });

  const ga4 = {
    event_name: 'view_item',
    event_timestamp: 1767607200000000,
    user_pseudo_id: '1.1',
    geo: { country: 'Germany', region: 'Hesse', city: '(not set)' },
    device: {
      category: 'tablet',
      operating_system: 'iOS',
      web_info: { browser: 'Safari' },
      language: 'de-de',
    },
    traffic_source: { source: 'google', medium: 'organic', name: '(direct)' },
    collected_traffic_source: { manual_source: 'news', manual_medium: 'email', manual_campaign_name: null },
    event_params: [
      { key: 'page_location', value: { string_value: 'https://shop.example/tea?utm_source=news#top' } },
      { key: 'page_referrer', value: { string_value: 'https://search.example/' } },
      { key: 'ga_session_id', value: { int_value: 7 } },
      { key: 'engaged', value: { int_value: 1 } },
    ],
    items: [{ item_id: 'A' }],
  };
  const segment = {
    type: 'track',
    event: 'Product Viewed',
    messageId: 'm',
    timestamp: '2026-01-05T10:00:00Z',
    anonymousId: 'a',
    properties: { product_id: 'P', price: 5, coupon: 'X', nested: { a: 1 } },
    context: {
      userAgent: PERSON,
      locale: 'de-DE',
      location: { country: 'DE', region: 'HE', city: 'Fulda' },
      campaign: { source: 'news', medium: 'email', name: 'sale' },
      device: { type: 'ios' },
      os: { name: 'iOS' },
      page: { path: '/tea', referrer: 'https://search.example/' },
    },
  };

  test.each([
    [
      'ga4',
      ga4,
      {
        country: 'Germany',
        region: 'Hesse',
        device: 'tablet',
        os: 'iOS',
        browser: 'Safari',
        language: 'de-de',
        source: 'news',
        medium: 'email',
        campaign: '(direct)',
        path: '/tea',
        referrer: 'https://search.example/',
        engaged: '1',
      },
    ],
    [
      'segment',
      segment,
      {
        country: 'DE',
        region: 'HE',
        city: 'Fulda',
        device: 'ios',
        os: 'iOS',
        language: 'de-DE',
        user_agent: PERSON,
        source: 'news',
        medium: 'email',
        campaign: 'sale',
        path: '/tea',
        referrer: 'https://search.example/',
        coupon: 'X',
      },
    ],
  ])('%s: all of them can be asked for', async (_, event, properties) => {
    const shop = newShop();
    await shop.ingest(file(event));
    for (const [name, value] of Object.entries(properties)) {
      const condition = `${name}=${value.split(',')[0]}`;
      const { kpis } = await shop.stats({ where: [value.includes(',') ? `${name}!=x` : condition] });
      expect([name, kpis.events]).toEqual([name, 1]);
    }
    expect((await shop.stats({ where: ['source!=news'] })).kpis.events).toBe(0);
  });
});

describe('robots', () => {
  const order = (agent: string, n: number) => ({
    ...{ type: 'purchase', time: `2026-01-05T10:0${n}:00Z`, userId: `u${n}`, orderId: `o${n}` },
    items: [{ productId: 'A', price: 10 }],
    properties: { user_agent: agent, country: 'DE' },
  });

  test.each([
    ROBOT,
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
    'AhrefsBot/7.0',
    'Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36',
    'curl/8.5.0',
  ])('%s is in no number but its own', async (agent) => {
    const shop = newShop();
    await shop.ingest(file(order(PERSON, 1), order(agent, 2), order('', 3)));
    const stats = await shop.stats({ by: 'country' });
    expect(stats.kpis).toMatchObject({ events: 2, users: 2, orders: 2, revenue: { gross: '20.00' } });
    expect(stats.freshness).toMatchObject({ received: 3, robots: 1 });
    expect(stats.breakdown!.rows).toMatchObject([{ value: 'DE', events: 3, robots: 1, orders: 2 }]);
    expect(stats.topProducts).toMatchObject([{ productId: 'A', units: 2 }]);
    const all = await shop.stats({ includeRobots: true });
    expect(all.kpis).toMatchObject({ events: 3, users: 3, orders: 3, revenue: { gross: '30.00' } });
    expect(all.freshness).toMatchObject({ received: 3, robots: 1 });
  });
});
