import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { readRecommendations } from '../../src/commands/dashboard-recommendations.ts';
import { type RecommendOptions, recommend } from '../../src/commands/recommend.ts';
import { type SimilarOptions, similar } from '../../src/commands/similar.ts';
import { stats } from '../../src/commands/stats.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { trainAndPublish } from '../../src/pipeline/recommender/recommender.ts';
import { DEFAULT_SETTINGS } from '../../src/pipeline/recommender/settings.ts';
import { textWidth } from '../../src/tui/format/text.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Answer {
  readonly out: string;
  readonly err: string;
}

async function ask<T>(
  command: (context: CommandContext, options: T) => Promise<void>,
  dataDir: string,
  options: T,
  terminal: { columns?: number } = {},
): Promise<Answer> {
  const collected = { out: '', err: '' };
  const collect = (name: keyof Answer) => {
    const stream = Object.assign(new PassThrough(), { isTTY: false }, terminal);
    stream.on('data', (chunk) => {
      collected[name] += chunk;
    });
    return stream;
  };
  const streams = { stdin: process.stdin, stdout: collect('out'), stderr: collect('err') };
  const signal = new AbortController().signal;
  await command({ config: configFor(dataDir), ...streams, signal } as unknown as CommandContext, options);
  return collected;
}

const START = Date.UTC(2026, 0, 5);

const PRODUCTS: Record<string, object> = {
  tea: { name: 'Tea \u001b[31m紅茶', category: 'drinks', price: '4.50' },
  cup: { name: 'Cup', category: 'kitchen', price: '12' },
  soap: { name: `Soap ${'very '.repeat(40)}long` },
  towel: {},
};

function event(id: string, type: string, products: readonly string[], fields: object): object {
  const items = products.map((productId) => ({ productId, ...PRODUCTS[productId] }));
  return { id, type, time: START, items, source: 'test', ...fields };
}

/** A shop where tea and cups, soap and towels go together. */
async function shop({ trained = true } = {}): Promise<string> {
  const dataDir = join(tempDir(), 'shop');
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const pairs = Array.from({ length: 9 }, (_, i) =>
    event(`o${i}`, 'purchase', i < 6 ? ['tea', 'cup'] : ['soap', 'towel'], { orderId: `o${i}` }),
  );
  const events = [
    ...pairs,
    event('v', 'view_item', ['tea'], { userId: 'viewer' }),
    event('b', 'purchase', Object.keys(PRODUCTS), { anonymousId: 'owner', orderId: 'all' }),
    event('n', 'page_view', [], { sessionId: 'new' }),
    event('l', 'view_item', ['lonely'], { userId: 'lonely' }),
  ];
  await stores.log.append(events.map((value, i) => ({ key: `${i}`, value: JSON.stringify(value) })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  const { partitions } = stores.log;
  if (trained) await trainAndPublish({ ...stores, partitions, settings: DEFAULT_SETTINGS }, START);
  await stores.close();
  return dataDir;
}

/** Lets a shop count more events. */
async function count(dataDir: string, events: readonly object[]): Promise<void> {
  const stores = await openStores(configFor(dataDir));
  await stores.log.append(events.map((value) => ({ key: 'more', value: JSON.stringify(value) })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
}

const STATS = { window: 'all', by: 'recommender', limit: 1, interval: 2 } as const;

const options = (fields: Partial<RecommendOptions>): RecommendOptions => ({
  user: 'viewer',
  limit: 10,
  algorithm: 'auto',
  ...fields,
});

/** Writes the settings of a shop's recommendations. */
function settle(dataDir: string, settings: object): void {
  writeFileSync(join(dataDir, 'recommend.json'), JSON.stringify(settings));
}

describe('ecom recommend', () => {
  test('a known shopper gets what goes together, filled up with what is trending', async () => {
    const dataDir = await shop();
    const { out, err } = await ask(recommend, dataDir, options({ json: true, explain: true }));
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({
      schema: 'ecom.recommend/1',
      user: 'viewer',
      known: true,
      algorithm: 'hybrid',
      recommendationId: expect.stringMatching(/^hybrid\.0\.[0-9a-f]{12}$/),
      model: 0,
      source: 'mixed',
    });
    expect(answer.items[0]).toEqual({
      productId: 'cup',
      name: 'Cup',
      category: 'kitchen',
      price: '12.00',
      score: expect.any(Number),
      source: 'related',
      reasons: ['the shopper viewed Tea [31m紅茶, and 7 shoppers took both'],
    });
    expect(answer.items.find(({ productId }: { productId: string }) => productId === 'lonely')).toMatchObject(
      {
        source: 'trending',
        reasons: [expect.stringMatching(/^trending: number \d of the shop$/)],
      },
    );
    expect(err).toBe('');
    const plain = JSON.parse((await ask(recommend, dataDir, options({ json: true, limit: 1 }))).out);
    expect(plain.items).toHaveLength(1);
    expect(plain.items[0]).not.toHaveProperty('reasons');
    expect(plain.source).toBe('related');
  });

  test('a new and an unknown shopper get what is trending, and are told so', async () => {
    const dataDir = await shop();
    for (const [user, known, says] of [
      ['new', true, 'nothing goes with'],
      ['nobody', false, 'no event of "nobody" was counted'],
    ] as const) {
      const json = JSON.parse((await ask(recommend, dataDir, options({ user, json: true }))).out);
      expect(json).toMatchObject({ known, source: 'trending' });
      expect(json.items).toHaveLength(5);
      const text = await ask(recommend, dataDir, options({ user }));
      expect(text.err).toContain(says);
      expect(text.out).toContain('Cup');
    }
  });

  test('who has bought everything gets an empty answer, not a failure, or the same again', async () => {
    const dataDir = await shop();
    const owner = JSON.parse((await ask(recommend, dataDir, options({ user: 'owner', json: true }))).out);
    expect(owner).toMatchObject({ known: true, items: [{ productId: 'lonely' }] });
    settle(dataDir, { outOfStockFile: 'gone.txt' });
    writeFileSync(join(dataDir, 'gone.txt'), 'lonely\n');
    const nothing = await ask(recommend, dataDir, options({ user: 'owner', inStock: true }));
    expect(nothing.out).toBe('');
    expect(nothing.err).toContain('nothing is left for "owner"');
    const all = await ask(recommend, dataDir, options({ user: 'owner', exclude: 'none', json: true }));
    expect(JSON.parse(all.out).items).toHaveLength(5);
  });

  test('what goes with a session, without it; the latest counts most', async () => {
    const dataDir = await shop();
    const request = { session: ['soap', 'tea'], json: true } as const;
    const { user: _, ...fields } = options(request);
    const answer = JSON.parse((await ask(recommend, dataDir, fields)).out);
    expect(answer).toMatchObject({ session: ['soap', 'tea'], known: false, algorithm: 'hybrid' });
    const ids = answer.items.map(({ productId }: { productId: string }) => productId);
    expect(ids.slice(0, 2)).toEqual(['cup', 'towel']);
    expect(ids).not.toContain('tea');
    await expect(ask(recommend, dataDir, { ...fields, user: 'viewer' })).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(ask(recommend, dataDir, { limit: 1, algorithm: 'auto' })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('only of a category, pinned first, buried last', async () => {
    const dataDir = await shop();
    const idsOf = async (fields: Partial<RecommendOptions>) => {
      const { out } = await ask(recommend, dataDir, options({ json: true, ...fields }));
      return JSON.parse(out).items.map(({ productId }: { productId: string }) => productId) as string[];
    };
    expect(await idsOf({ category: 'Kitchen' })).toEqual(['cup']);
    expect(await idsOf({ category: 'nothing' })).toEqual([]);
    settle(dataDir, { pin: ['towel', 'new'], bury: ['cup'] });
    const ids = await idsOf({});
    expect(ids.slice(0, 2)).toEqual(['towel', 'new']);
    expect(ids.at(-1)).toBe('cup');
  });

  test('settings that are wrong are told, and so is stock that nothing is said of', async () => {
    const dataDir = await shop();
    await expect(ask(recommend, dataDir, options({ inStock: true }))).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('outOfStockFile'),
    });
    settle(dataDir, { pinned: ['a'] });
    await expect(ask(recommend, dataDir, options({}))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('/pinned'),
    });
    writeFileSync(join(dataDir, 'recommend.json'), '{');
    await expect(ask(recommend, dataDir, options({}))).rejects.toThrow('is not JSON');
  });

  test('a hold-out gets what is trending, always the same shoppers', async () => {
    const dataDir = await shop();
    settle(dataDir, { holdOut: 0.5, arms: [{ algorithm: 'trending', share: 1 }] });
    const arms = new Set<string>();
    for (let i = 0; i < 40; i += 1) {
      const [one, again] = [0, 0].map(async () => {
        const { out } = await ask(recommend, dataDir, options({ user: `user ${i}`, json: true, limit: 1 }));
        const { recommendationId, arm } = JSON.parse(out);
        expect(recommendationId.startsWith(`${arm}.`)).toBe(true);
        return arm as string;
      });
      expect(await one).toBe(await again);
      arms.add((await one)!);
    }
    expect([...arms].sort()).toEqual(['hold-out', 'trending']);
  });

  test('a shopper whose part of an experiment is not trained yet gets what all get, told apart from them', async () => {
    const dataDir = await shop();
    settle(dataDir, { arms: [{ algorithm: 'als', share: 1 }] });
    const { out } = await ask(recommend, dataDir, options({ json: true }));
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({ arm: 'fallback', algorithm: 'hybrid' });
    expect(answer.recommendationId).toMatch(/^fallback\.0\./);
    expect(answer.items[0]).toMatchObject({ productId: 'cup' });
    const { err } = await ask(recommend, dataDir, options({}));
    expect(err).toContain('not trained yet');
  });

  test('what shoppers do with a list counts for what made it', async () => {
    const dataDir = await shop();
    settle(dataDir, { arms: [{ algorithm: 'trending', share: 1 }] });
    const { out } = await ask(recommend, dataDir, options({ json: true, exclude: 'none' }));
    const id = JSON.parse(out).recommendationId as string;
    const said = { userId: 'viewer', properties: { recommendation_id: id } };
    const later = (minutes: number) => ({ userId: 'viewer', time: START + minutes * 60_000 });
    await count(dataDir, [
      event('1', 'view_item_list', ['tea', 'cup'], said),
      event('2', 'view_item_list', ['tea', 'cup'], said),
      event('3', 'select_item', ['cup'], said),
      event('4', 'view_item', ['cup'], said),
      event('5', 'view_item_list', ['tea'], {
        userId: 'other',
        properties: { recommendation_id: 'own list' },
      }),
      event('6', 'view_item_list', ['tea'], {
        userId: 'other',
        properties: { recommendation_id: 'hold-out.1.a' },
      }),
      event('7', 'purchase', ['cup'], { ...later(1), orderId: 'x', partial: true }),
      event('8', 'purchase', ['tea'], { ...later(2), orderId: 'x', partial: true }),
      event('9', 'purchase', ['cup'], { ...later(3), orderId: 'x', partial: true }),
      event('10', 'purchase', ['cup'], { ...later(8 * 24 * 60), orderId: 'too late' }),
    ]);
    const { out: json } = await ask(stats, dataDir, { ...STATS, json: true });
    expect(JSON.parse(json).breakdown).toMatchObject({
      by: 'recommender',
      rows: [
        {
          value: 'trending',
          impressions: 1,
          clicks: 1,
          clickThrough: 1,
          sessions: 1,
          conversion: 1,
          orders: 1,
          units: 2,
          revenue: '24.00',
        },
      ],
      other: { values: 1, impressions: 1, clicks: 0, clickThrough: 0, sessions: 1, conversion: 0 },
    });
    const { out: text } = await ask(stats, dataDir, STATS, { columns: 80 });
    expect(text).toMatch(/^ +shown +clicked +CTR +revenue/m);
    expect(text).toMatch(/^trending +1 +1 +100/m);
  });

  test('the dashboard reads the same, or what is trending and what goes with it', async () => {
    const read = async (dataDir: string, user?: string) => {
      const stores = await openStores(configFor(dataDir));
      return readRecommendations(stores.live, user, join(dataDir, 'recommend.json'), 2).finally(stores.close);
    };
    const dataDir = await shop();
    const trending = await read(dataDir);
    expect(trending).toMatchObject({ version: 0, time: START });
    expect(trending!.items).toHaveLength(2);
    expect(trending!.items).toContainEqual({ name: 'Cup', why: expect.stringMatching(/^7× Tea/) });
    const { items } = (await read(dataDir, 'viewer'))!;
    expect(items[0]).toEqual({ name: 'Cup', why: expect.stringMatching(/^7× with Tea/) });
    expect(await read(await shop({ trained: false }), 'viewer')).toBeUndefined();
    expect(await read(await shop({ trained: false }))).toBeUndefined();
  });

  test('an algorithm that was not trained is told', async () => {
    const dataDir = await shop();
    await expect(ask(recommend, dataDir, options({ algorithm: 'als' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ecom train --algorithm als'),
    });
  });

  test('no line is wider than the terminal, and no escape gets out', async () => {
    const dataDir = await shop();
    for (const columns of [60, 80, 160]) {
      for (const explain of [false, true]) {
        const { out } = await ask(recommend, dataDir, options({ explain }), { columns });
        expect(out).toContain('Cup');
        expect(out).not.toContain('\u001b');
        for (const line of out.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('a shop without data or without a model says what to do', async () => {
    const nowhere = join(tempDir(), 'nowhere');
    const notFound = { code: 'NOT_FOUND', hint: expect.stringContaining('ecom up') };
    await expect(ask(recommend, nowhere, options({}))).rejects.toMatchObject(notFound);
    expect(existsSync(nowhere)).toBe(false);
    const untrained = await shop({ trained: false });
    await expect(ask(recommend, untrained, options({}))).rejects.toMatchObject(notFound);
    await expect(ask(similar, untrained, { product: 'tea', limit: 5 })).rejects.toMatchObject(notFound);
  });
});

describe('ecom similar', () => {
  const of = (product: string, fields: Partial<SimilarOptions> = {}): SimilarOptions => ({
    product,
    limit: 10,
    ...fields,
  });

  test('what goes with a product, on what evidence', async () => {
    const dataDir = await shop();
    const answer = JSON.parse((await ask(similar, dataDir, of('tea', { json: true }))).out);
    expect(answer).toMatchObject({
      schema: 'ecom.similar/1',
      product: { productId: 'tea', name: 'Tea [31m紅茶', price: '4.50' },
    });
    expect(answer.items[0]).toMatchObject({ productId: 'cup', name: 'Cup', support: 7 });
    const { out } = await ask(similar, dataDir, of('tea', { limit: 1 }));
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(out).toContain('7 took both');
  });

  test('a product alone, and one that nobody knows', async () => {
    const dataDir = await shop();
    const alone = JSON.parse((await ask(similar, dataDir, of('lonely', { json: true }))).out);
    expect(alone.items).toEqual([]);
    expect((await ask(similar, dataDir, of('lonely'))).err).toContain('nothing goes with it');
    await expect(ask(similar, dataDir, of('TEA'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ecom stats'),
    });
  });
});
