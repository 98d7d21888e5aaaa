import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportData } from '../../src/commands/export.ts';
import { stats } from '../../src/commands/stats.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** An event from Germany that also says the shopper's plan, by which nothing is counted, and an item with a category. */
beforeAll(async () => {
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const event = {
    id: 'v1',
    type: 'view_item',
    time: Date.now() - 60_000,
    userId: 'u1',
    items: [{ productId: 'A', category: 'tea' }],
    properties: { country: 'DE', plan: 'gold' },
  };
  await stores.log.append([{ key: 'u1', value: JSON.stringify(event) }]);
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
});

async function events(where: string[]): Promise<number> {
  const { context, text } = runOn(dataDir);
  await stats(context, { window: 'all', limit: 10, interval: 1, json: true, where });
  return JSON.parse(text()).kpis.events;
}

describe('a condition', () => {
  test.each([
    ['country=DE', 1],
    ['country=AT', 0],
    ['plan=gold', 1],
    ['plan!=gold', 0],
    ['plan=silver', 0],
    ['category=tea', 1],
    ['brand=none', 0],
    ['user=u2', 0],
  ])('%s is about what there is: %i events, asked twice', async (where, count) => {
    expect(await events([where])).toBe(count);
    // The second time the view goes on from what it has counted.
    expect(await events([where])).toBe(count);
  });

  test.each([
    ['contry=DE', 'did you mean country?'],
    ['Country=DE', 'did you mean country?'],
    ['categroy=tea', 'did you mean category?'],
    ['contry!=DE', 'did you mean country?'],
    ['nothing.like.it=1', 'known are product'],
  ])('%s is about nothing, and refused every time', async (where, hint) => {
    const refusal = {
      code: 'USAGE',
      message: expect.stringContaining('no event has'),
      hint: expect.stringContaining(hint),
    };
    await expect(events([where])).rejects.toMatchObject(refusal);
    await expect(events([where])).rejects.toMatchObject(refusal);
    await expect(events(['country=DE', where])).rejects.toMatchObject(refusal);
    const { context } = runOn(dataDir);
    const exporting = exportData(context, { what: 'events', format: 'csv', out: '-', where: [where] });
    await expect(exporting).rejects.toMatchObject(refusal);
  });

  test('is no reason for --fail-if to hold or not to hold', async () => {
    const { context, text } = runOn(dataDir);
    const options = {
      window: 'all',
      limit: 10,
      interval: 1,
      where: ['contry=DE'],
      failIf: 'kpis.events < 1',
    };
    await expect(stats(context, options)).rejects.toMatchObject({ code: 'USAGE' });
    expect(text()).toBe('');
  });
});

test('a line that leaves to its order what is asked for is told', async () => {
  const own = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  const config = configFor(own);
  ensureDataDir(config);
  const stores = await openStores(config);
  const time = Date.now() - 60_000;
  const order = { type: 'purchase', time, orderId: '1', partial: true, currency: 'EUR' };
  const items = [{ productId: 'A', price: '10' }];
  const lines = [
    { ...order, id: '1', userId: 'u1', items, properties: { country: 'DE' } },
    { ...order, id: '2', items },
    { ...order, id: '3', items },
  ];
  await stores.log.append(lines.map((line) => ({ key: '1', value: JSON.stringify(line) })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await stores.close();
  const asked = async (where: string) => {
    const { context, text } = runOn(own);
    await stats(context, { window: 'all', limit: 10, interval: 1, json: true, where: [where] });
    const { kpis, freshness } = JSON.parse(text());
    return { gross: kpis.revenue.gross, leftToOrder: freshness.leftToOrder };
  };
  expect(await asked('country=DE')).toEqual({ gross: '10.00', leftToOrder: 2 });
  expect(await asked('user=u1')).toEqual({ gross: '10.00', leftToOrder: 2 });
  expect(await asked('product=A')).toEqual({ gross: '30.00', leftToOrder: 0 });
  const noted = async (what: 'events' | 'orders' | 'sessions', where?: string) => {
    const { context } = runOn(own);
    await exportData(context, { what, format: 'jsonl', out: '-', where: where === undefined ? [] : [where] });
    return String(context.stderr.read() ?? '');
  };
  const note = 'note: 2 lines of orders do not say what --where asks';
  for (const what of ['events', 'orders', 'sessions'] as const) {
    expect(await noted(what, 'country=DE')).toContain(note);
    expect(await noted(what, 'user!=u1')).toContain(note);
    expect(await noted(what, 'product=A')).toBe('');
    expect(await noted(what)).toBe('');
  }
  rmSync(own, { recursive: true, force: true });
});
