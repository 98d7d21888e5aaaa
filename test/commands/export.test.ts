import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ExportOptions, exportData } from '../../src/commands/export.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';

const START = Date.UTC(2026, 0, 5);
let dataDir: string;
let stats: Stats;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const generator = createGenerator({
    seed: 'export',
    rate: 2,
    start: START,
    dirty: 0.05,
    rhythm: 'flat',
    currency: 'USD',
  });
  await stores.log.append(
    Array.from({ length: 20_000 }, () => generator.next()).map(({ key, value }) => ({ key, value })),
  );
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  stats = await readStats(stores, { period: 'all', limit: 1000, now: START + 20_000_000, currency: 'USD' });
  await stores.close();
});

afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

async function exported(
  options: Pick<ExportOptions, 'what'> & Partial<ExportOptions>,
): Promise<Record<string, string>[]> {
  const { context, text } = runOn(dataDir);
  await exportData(context, { format: 'csv', out: '-', ...options });
  return options.format === 'jsonl'
    ? text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, string>)
    : (parse(text(), { columns: true }) as Record<string, string>[]);
}

const sum = (rows: readonly Record<string, string>[], column: string): string =>
  (rows.reduce((total, row) => total + Math.round(Number(row[column]) * 10_000), 0) / 10_000).toFixed(2);

describe('ecom export', () => {
  test('writes every event once', async () => {
    const rows = await exported({ what: 'events' });
    expect(rows).toHaveLength(stats.kpis.events);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  test('writes the orders that were counted, with what they are worth', async () => {
    const rows = await exported({ what: 'orders' });
    expect(rows).toHaveLength(stats.kpis.orders);
    expect(Number(sum(rows, 'revenue'))).toBe(Number(stats.kpis.revenue.gross));
    expect(Number(sum(rows, 'units'))).toBe(stats.kpis.unitsSold);
  });

  test('writes the sessions that were counted', async () => {
    const rows = await exported({ what: 'sessions', format: 'jsonl' });
    expect(rows).toHaveLength(stats.kpis.sessions);
    const bounced = rows.filter(({ events }) => Number(events) === 1);
    expect(bounced.length / rows.length).toBe(stats.kpis.bounceRate);
    const bought = rows.filter(({ orders }) => Number(orders) > 0);
    expect(bought.length / rows.length).toBe(stats.kpis.conversion.session);
    const seconds = rows.reduce((total, row) => total + Number(row.seconds), 0);
    expect(seconds / rows.length).toBeCloseTo(stats.kpis.averageSessionSeconds!, 6);
  });

  test('writes the products with all that was counted of them', async () => {
    const rows = await exported({ what: 'products' });
    const views = new Map(rows.map((row) => [row.product_id, Number(row.views)]));
    for (const product of stats.topProducts) expect(views.get(product.productId)).toBe(product.views);
    expect(Number(sum(rows, 'revenue'))).toBe(Number(stats.kpis.revenue.gross));
  });

  test('writes nothing where a condition is about what no event has', async () => {
    const path = join(dataDir, 'before.csv');
    writeFileSync(path, 'what was there');
    const wrong = { what: 'events', format: 'csv', out: path, where: ['contry=DE'] } as const;
    await expect(exportData(runOn(dataDir).context, wrong)).rejects.toMatchObject({
      code: 'USAGE',
      message: "--where: no event has a property 'contry'",
      hint: expect.stringContaining('did you mean country?'),
    });
    expect(readFileSync(path, 'utf8')).toBe('what was there');
    const { context, text } = runOn(dataDir);
    await expect(exportData(context, { ...wrong, out: '-' })).rejects.toMatchObject({ code: 'USAGE' });
    expect(text()).toBe('');
    // What is no number of the shop's own is looked for in its events.
    const found = await exported({ what: 'events', where: ['page!=none'] });
    expect(found).toHaveLength(stats.kpis.events);
  });

  test('writes only what fits a period and conditions', async () => {
    const [first] = await exported({ what: 'events', from: '2026-01-05T00:10', to: '2026-01-05T00:20' });
    expect(Date.parse(first!.time!)).toBeGreaterThanOrEqual(START + 600_000);
    const german = await exported({ what: 'events', where: ['country=DE', 'type=purchase,add_to_cart'] });
    expect(german.length).toBeGreaterThan(0);
    expect(german.every(({ properties }) => properties!.includes('"country":"DE"'))).toBe(true);
    expect(new Set(german.map(({ type }) => type))).toEqual(new Set(['purchase', 'add_to_cart']));
    await expect(exported({ what: 'products', from: '2026' })).rejects.toThrow(/all that was ever counted/);
  });
});
