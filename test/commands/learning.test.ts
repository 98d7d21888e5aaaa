import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import {
  type EvaluateOptions,
  evaluate,
  evaluationJson,
  evaluationText,
} from '../../src/commands/evaluate.ts';
import { diffModels, listModels, showModel, useModel } from '../../src/commands/model.ts';
import { modelText } from '../../src/commands/model-text.ts';
import { recommend } from '../../src/commands/recommend.ts';
import { train } from '../../src/commands/train.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readModelIndex } from '../../src/pipeline/recommender/models.ts';
import { textWidth } from '../../src/tui/format/text.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 5);

/** Runs a command. @returns what it printed */
async function run(
  dataDir: string,
  command: (context: CommandContext) => Promise<void>,
  columns = 120,
): Promise<string> {
  let out = '';
  const stream = () => Object.assign(new PassThrough(), { isTTY: false, columns });
  const stdout = stream();
  stdout.on('data', (chunk) => {
    out += chunk;
  });
  const context = {
    config: configFor(dataDir),
    stdin: process.stdin,
    stdout,
    stderr: stream().resume(),
    signal: new AbortController().signal,
  };
  await command(context as unknown as CommandContext);
  return out;
}

/** Shoppers who buy something of their kind, tea or garden, and come back for more of it. */
async function shop(orders: number): Promise<string> {
  const dataDir = join(tempDir(), 'shop');
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const events = Array.from({ length: 40 }, (_, i) => {
    const kind = i % 2 === 0 ? 'tea' : 'garden';
    return Array.from({ length: orders }, (_, order) => ({
      id: `${i} ${order}`,
      type: 'purchase',
      time: START + order * DAY + i,
      userId: `u${i}`,
      orderId: `${i} ${order}`,
      items: [{ productId: `${kind}${(i + order) % 5}`, price: '1' }],
    }));
  }).flat();
  await stores.log.append(events.map((event) => ({ key: event.userId, value: JSON.stringify(event) })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
  return dataDir;
}

const asked: EvaluateOptions = {
  algorithm: ['bought-together', 'item-knn'],
  split: 'leave-last-out',
  testShare: 0.25,
  k: [1, 5],
};

describe('ecom train and ecom model', () => {
  test('every training is a version; one can be gone back to', async () => {
    const dataDir = await shop(3);
    await expect(run(dataDir, (context) => listModels(context, {}))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ecom train'),
    });
    const first = JSON.parse(await run(dataDir, (context) => train(context, { json: true })));
    expect(first).toMatchObject({
      schema: 'ecom.train/1',
      version: 1,
      interactions: 120,
      users: 40,
      products: 10,
      algorithms: ['hybrid'],
    });
    expect(await run(dataDir, (context) => train(context, { algorithm: ['als'] }))).toContain('hybrid, als');

    const listed = JSON.parse(await run(dataDir, (context) => listModels(context, { json: true })));
    expect(listed).toMatchObject({ schema: 'ecom.models/1', current: 2, pinned: false });
    expect(await run(dataDir, (context) => useModel(context, '1'))).toContain('model 1 is in use');
    expect(await run(dataDir, (context) => listModels(context, {}))).toMatch(/^1 chosen/m);
    expect(await run(dataDir, (context) => showModel(context, undefined, {}))).toMatch(/^model 1, trained/);
    const ask = { user: 'u0', limit: 3, json: true } as const;
    const answer = async () =>
      JSON.parse(await run(dataDir, (context) => recommend(context, { ...ask, algorithm: 'auto' })));
    expect(await answer()).toMatchObject({ model: 1, algorithm: 'hybrid' });
    expect(await run(dataDir, (context) => useModel(context, 'latest'))).toContain('model 2 is in use');
    expect(await answer()).toMatchObject({ model: 2 });
    const byAls = await run(dataDir, (context) => recommend(context, { ...ask, algorithm: 'als' }));
    expect(JSON.parse(byAls)).toHaveProperty('algorithm', 'als');
    expect(JSON.parse(byAls)).toHaveProperty('items.0.source', 'als');

    const stores = await openStores(configFor(dataDir));
    const index = await readModelIndex(stores.documents);
    const cut = index.versions.map((one) => ({ ...one, productsLeftOut: one.version === 2 ? 5 : 0 }));
    const json = JSON.stringify({ ...index, versions: cut });
    await stores.documents.saveModel({ name: 'models', time: 0, json });
    await stores.close();
    const list = await run(dataDir, (context) => listModels(context, {}));
    expect(list).toMatch(/^1 .* 10 .*\n2 in use .* 10 of 15 /m);
    expect(modelText(cut[1]!)).toContain('of 40 shoppers with 10 of 15 products');

    const difference = JSON.parse(
      await run(dataDir, (context) => diffModels(context, ['1', '2'], { json: true })),
    );
    expect(difference).toMatchObject({
      schema: 'ecom.model-diff/1',
      addedProducts: 0,
      removedProducts: 0,
      commonProducts: 10,
      neighbourOverlap: 1,
    });
    await expect(run(dataDir, (context) => useModel(context, '7'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'kept are 1, 2',
    });
  });
});

describe('ecom evaluate', () => {
  test('measures against popularity, and tells by what', async () => {
    const dataDir = await shop(3);
    const answer = JSON.parse(await run(dataDir, (context) => evaluate(context, { ...asked, json: true })));
    expect(answer).toMatchObject({
      schema: 'ecom.evaluate/1',
      split: 'leave-last-out',
      targetWeight: 5,
      k: [1, 5],
      products: 10,
      productsLeftOut: 0,
    });
    const of = (algorithm: string) =>
      answer.results.find(
        (one: { algorithm: string; historyExcluded: boolean }) =>
          one.algorithm === algorithm && one.historyExcluded,
      );
    expect(of('item-knn').users).toBe(40);
    expect(of('item-knn').metrics.map(({ k }: { k: number }) => k)).toEqual([1, 5]);
    // Everybody's next is of the own kind, which popularity cannot know.
    expect(of('item-knn').metrics[1].recall.mean).toBe(1);
    expect(of('popular').metrics[1].recall.mean).toBeLessThan(1);
    expect(of('item-knn').overPopular.mean).toBeGreaterThan(0);
    expect(of('popular').overPopular.mean).toBe(0);
  });

  test('tells of how much of a catalogue that was cut', async () => {
    const nobody = { users: 0, at: [], perUser: [] };
    const popular = { algorithm: 'popular', fitMs: 1, withHistory: nobody, withoutHistory: nobody } as const;
    const result = { algorithms: [popular], products: 1000, productsLeftOut: 500 };
    expect(evaluationJson(result, { method: 'leave-last-out', target: 5, share: 0.1 }, asked)).toMatchObject({
      products: 1000,
      productsLeftOut: 500,
    });
    const text = await evaluationText(result, asked);
    expect(text).toContain('tried on 1,000 of 1,500 products');
    expect(text).toContain('left out are 500 products that least happened with');
    expect(await evaluationText({ ...result, productsLeftOut: 0 }, asked)).not.toContain('tried on');
  });

  test('fits a narrow terminal', async () => {
    const dataDir = await shop(2);
    for (const columns of [60, 80, 120]) {
      const out = await run(dataDir, (context) => evaluate(context, asked), columns);
      expect(out).toContain('ndcg@1');
      for (const line of out.split('\n').filter((text) => text.includes('.') || text.includes('@')))
        expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  test('writes the split that it measures on', async () => {
    const dataDir = await shop(2);
    const folder = join(dataDir, 'split');
    const said: string[] = [];
    await run(dataDir, (context) => {
      context.stderr.on('data', (chunk) => said.push(String(chunk)));
      return evaluate(context, { ...asked, exportSplit: folder });
    });
    // Not silent where no terminal is, however long it takes.
    expect(said[0]).toBe('reading events\n');
    const [training, tests] = ['train.csv', 'test.csv'].map((name) => {
      const file = join(folder, name);
      expect(statSync(file).mode & 0o777).toBe(0o600);
      return readFileSync(file, 'utf8').trim().split('\n');
    });
    expect([training!.length, tests!.length]).toEqual([41, 41]);
    expect(training).toContain(`u:u0,tea0,5,${START}`);
    expect(training![0]).toBe('user,item,weight,time');
    expect(tests).toContain('u:u0,tea1');
  });

  test('where nobody came back it says what to do', async () => {
    const dataDir = await shop(1);
    await expect(run(dataDir, (context) => evaluate(context, asked))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('--target'),
    });
  });
});
