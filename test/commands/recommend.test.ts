import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { type RecommendOptions, recommend } from '../../src/commands/recommend.ts';
import { type SimilarOptions, similar } from '../../src/commands/similar.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { trainAndPublish } from '../../src/pipeline/recommender/recommender.ts';
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

const PRODUCTS: Record<string, object> = {
  tea: { name: 'Tea \u001b[31m紅茶', category: 'drinks', price: '4.50' },
  cup: { name: 'Cup', category: 'kitchen', price: '12' },
  soap: { name: `Soap ${'very '.repeat(40)}long` },
  towel: {},
};

function event(id: string, type: string, products: readonly string[], fields: object): object {
  const items = products.map((productId) => ({ productId, ...PRODUCTS[productId] }));
  return { id, type, time: Date.UTC(2026, 0, 5), items, source: 'test', ...fields };
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
  if (trained) await trainAndPublish({ ...stores, partitions: stores.log.partitions });
  await stores.close();
  return dataDir;
}

const options = (fields: Partial<RecommendOptions>): RecommendOptions => ({
  user: 'viewer',
  limit: 10,
  algorithm: 'auto',
  ...fields,
});

describe('ecom recommend', () => {
  test('a known shopper gets what goes together, filled up with what is popular', async () => {
    const dataDir = await shop();
    const { out, err } = await ask(recommend, dataDir, options({ json: true, explain: true }));
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({
      schema: 'ecom.recommend/1',
      user: 'viewer',
      known: true,
      algorithm: 'auto',
      source: 'mixed',
    });
    expect(answer.items[0]).toEqual({
      productId: 'cup',
      name: 'Cup',
      category: 'kitchen',
      price: '12.00',
      score: expect.any(Number),
      source: 'co-occurrence',
      reasons: ['bought or viewed together with Tea [31m紅茶 in 7 sessions'],
    });
    expect(answer.items.at(-1)).toMatchObject({
      productId: 'tea',
      source: 'popular',
      reasons: [expect.stringMatching(/^popular now: number \d of the shop$/)],
    });
    expect(err).toBe('');
    const plain = JSON.parse((await ask(recommend, dataDir, options({ json: true, limit: 1 }))).out);
    expect(plain.items).toHaveLength(1);
    expect(plain.items[0]).not.toHaveProperty('reasons');
    expect(plain.source).toBe('co-occurrence');
  });

  test('a new and an unknown shopper get what is popular, and are told so', async () => {
    const dataDir = await shop();
    for (const [user, known, says] of [
      ['new', true, 'nothing goes with'],
      ['nobody', false, 'no event of "nobody" was counted'],
    ] as const) {
      const json = JSON.parse((await ask(recommend, dataDir, options({ user, json: true }))).out);
      expect(json).toMatchObject({ known, source: 'popular' });
      expect(json.items).toHaveLength(5);
      const text = await ask(recommend, dataDir, options({ user }));
      expect(text.err).toContain(says);
      expect(text.out).toContain('Cup');
    }
  });

  test('who has bought everything gets an empty answer, not a failure', async () => {
    const dataDir = await shop();
    const owner = JSON.parse((await ask(recommend, dataDir, options({ user: 'owner', json: true }))).out);
    expect(owner).toMatchObject({ known: true, source: 'popular', items: [{ productId: 'lonely' }] });
    const fields = { user: 'owner', algorithm: 'co-occurrence' } as const;
    const text = await ask(recommend, dataDir, options(fields));
    expect(text.out).toBe('');
    expect(text.err).toContain('--algorithm auto');
  });

  test('by what is popular alone where that is asked for', async () => {
    const dataDir = await shop();
    const { out } = await ask(recommend, dataDir, options({ algorithm: 'popular', json: true }));
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({ algorithm: 'popular', source: 'popular', known: true });
    expect(answer.items.map(({ productId }: { productId: string }) => productId)).toContain('soap');
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
    const only = options({ algorithm: 'co-occurrence' });
    await expect(ask(recommend, untrained, only)).rejects.toMatchObject(notFound);
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
    expect(out).toContain('in 7 sessions');
  });

  test('a product alone, and one that nobody knows', async () => {
    const dataDir = await shop();
    const alone = JSON.parse((await ask(similar, dataDir, of('lonely', { json: true }))).out);
    expect(alone.items).toEqual([]);
    expect((await ask(similar, dataDir, of('lonely'))).err).toContain('no other product');
    await expect(ask(similar, dataDir, of('TEA'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ecom stats'),
    });
  });
});
