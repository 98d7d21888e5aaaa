import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { exportData } from '../../src/commands/export.ts';
import { insights } from '../../src/commands/insights.ts';
import { type StatsOptions, stats } from '../../src/commands/stats.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const OPTIONS: StatsOptions = { window: '24h', limit: 10, interval: 0.01 };

/** A data folder with three shoppers, one of whom bought; the newest event may be left uncounted. */
async function shop({ counted = true, age = 30_000 } = {}): Promise<string> {
  const dataDir = join(tempDir(), 'shop');
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  const items = [{ productId: 'p1', name: 'Teapot 急須', category: 'kitchen', price: '12.50', quantity: 2 }];
  const events = ['view_item', 'add_to_cart', 'purchase'].flatMap((type, step) =>
    ['u1', 'u2', 'u3']
      .slice(step)
      .map((userId) => ({ id: `${type}-${userId}`, type, userId, orderId: `o-${userId}` })),
  );
  const time = Date.now() - age;
  const records = events.map(({ type, orderId, ...event }) => ({
    key: event.userId,
    value: JSON.stringify({
      ...event,
      type,
      time,
      source: 'test',
      items,
      ...(type === 'purchase' ? { orderId } : {}),
    }),
  }));
  await stores.log.append(records);
  await stores.log.append([{ key: 'x', value: '{"no":"event"}' }]);
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while (counted && (await processor.step()) > 0);
  await stores.close();
  return dataDir;
}

describe('ecom stats', () => {
  test('of a folder without data says so and creates nothing', async () => {
    const dataDir = join(tempDir(), 'nowhere');
    const { context, text } = runOn(dataDir);
    await expect(stats(context, { ...OPTIONS, json: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('ecom ingest FILE'),
    });
    expect(text()).toBe('');
    expect(existsSync(dataDir)).toBe(false);
  });

  test('--json is one line in a pipe, indented on a terminal, the same object', async () => {
    const dataDir = await shop();
    const piped = runOn(dataDir);
    await stats(piped.context, { ...OPTIONS, json: true });
    expect(piped.text()).toMatch(/^\{"schema":"ecom.stats\/1".*\}\n$/);
    const shown = runOn(dataDir, { terminal: true });
    await stats(shown.context, { ...OPTIONS, json: true });
    expect(shown.text()).toMatch(/^\{\n {2}"schema"/);
    const { kpis, freshness } = JSON.parse(piped.text()) as Stats;
    expect(kpis).toMatchObject({ events: 6, orders: 1, users: 3, buyers: 1, revenue: { gross: '25.00' } });
    expect(freshness).toMatchObject({ backlog: 0, rejected: 1 });
    expect((JSON.parse(shown.text()) as Stats).kpis).toEqual({
      ...kpis,
      eventsPerSecond: expect.any(Number),
    });
  });

  test('as text fits the terminal and names every number that is missing or wrong', async () => {
    const { context, text } = runOn(await shop());
    await stats(context, OPTIONS);
    const lines = text().split('\n');
    expect(text()).not.toContain('\u001b');
    expect(lines[0]).toMatch(/^Last 24 hours · \d{4}-\d\d-\d\d \d\d:\d\d – \d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(text()).toMatch(/Revenue net USD +25\.00 +Orders +1 +Users +3/);
    expect(text()).toMatch(/Purchase .* 1 +50\.0% +33\.3%/);
    expect(text()).toMatch(/Teapot 急須 +1? ?/);
    expect(text()).toMatch(/0 not counted yet · 0 late · 0 duplicates/);
    expect(text()).toMatch(/1 rejected \(.+ 1\)/);
  });

  test('tells what is in the log and not counted', async () => {
    const { context, text } = runOn(await shop({ counted: false }));
    await stats(context, OPTIONS);
    expect(text()).toContain('no events yet · 7 not counted yet');
  });

  test('--watch in a pipe prints blocks, with --json one object a line, until it is interrupted', async () => {
    const dataDir = await shop();
    for (const json of [false, true]) {
      const run = runOn(dataDir);
      const watching = stats(run.context, { ...OPTIONS, watch: true, json });
      while ((run.text().match(json ? /\n/g : /Last 24 hours/g)?.length ?? 0) < 3) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      run.abort();
      await watching;
      if (json) {
        const objects = run
          .text()
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Stats);
        expect(new Set(objects.map(({ kpis }) => kpis.orders))).toEqual(new Set([1]));
      } else {
        expect(run.text().split(/\n\n(?=Last 24 hours)/).length).toBeGreaterThanOrEqual(3);
      }
    }
  });

  test('--watch on a terminal draws over itself and never scrolls', async () => {
    const run = runOn(await shop(), { terminal: true });
    const watching = stats(run.context, { ...OPTIONS, watch: true });
    while (run.text().split('\u001b[H').length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
    run.abort();
    await watching;
    const [clear, ...frames] = run.text().split('\u001b[H');
    expect(clear).toBe('\u001b[2J');
    for (const frame of frames) expect(frame.split('\n').length).toBeLessThanOrEqual(20);
  });

  test('--fail-if prints the numbers first and then fails with what held', async () => {
    const dataDir = await shop();
    const run = runOn(dataDir);
    const failIf = 'kpis.orders < 2 && kpis.conversion.session < 0.5';
    await expect(stats(run.context, { ...OPTIONS, json: true, failIf })).rejects.toMatchObject({
      code: 'CONDITION',
      message: `${failIf} holds: kpis.orders is 1, kpis.conversion.session is ${1 / 3}`,
    });
    expect((JSON.parse(run.text()) as Stats).kpis.orders).toBe(1);
    await stats(runOn(dataDir).context, { ...OPTIONS, failIf: 'kpis.orders > 1' });
  });

  test('--fail-if counts a type of event that never happened as 0', async () => {
    const dataDir = await shop();
    const failing = stats(runOn(dataDir).context, { ...OPTIONS, failIf: 'eventsByType.refund == 0' });
    await expect(failing).rejects.toMatchObject({ code: 'CONDITION' });
    const wrong = stats(runOn(dataDir).context, { ...OPTIONS, failIf: 'eventsByType.refunds == 0' });
    await expect(wrong).rejects.toMatchObject({ code: 'USAGE', hint: expect.stringContaining('refund') });
  });

  test('a wrong --fail-if is told before anything is opened', async () => {
    const { context } = runOn(join(tempDir(), 'nowhere'));
    await expect(stats(context, { ...OPTIONS, failIf: 'kpis.orders =' })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('of a period after the newest event fails, though --fail-if would not hold', async () => {
    const dataDir = await shop({ age: 90 * 86_400_000 });
    const from = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
    const late = { from, compare: 'previous', failIf: 'kpis.events > 100', limit: 5, interval: 1 } as const;
    const refusal = { code: 'NOT_FOUND', message: expect.stringContaining('the newest event is of') };
    const { context, text } = runOn(dataDir);
    await expect(stats(context, late)).rejects.toMatchObject(refusal);
    await expect(insights(context, undefined, { from, limit: 5 })).rejects.toMatchObject(refusal);
    await expect(
      exportData(context, { what: 'events', format: 'csv', out: '-', from }),
    ).rejects.toMatchObject(refusal);
    expect(text()).toBe('');
  });

  test('of a period before the oldest event fails, though --fail-if would not hold', async () => {
    const age = 90 * 86_400_000;
    const dataDir = await shop({ age });
    const first = Date.now() - age;
    const refusal = { code: 'NOT_FOUND', message: expect.stringContaining('the oldest event is of') };
    const { context, text } = runOn(dataDir);
    const iso = (time: number): string => new Date(time).toISOString();
    // Years before, and in the hour before: that may be the same day.
    for (const to of ['2020', iso(first - 7_200_000), iso(first - 3_600_000)]) {
      const early = { to, failIf: 'kpis.events > 100', limit: 5, interval: 1 } as const;
      await expect(stats(context, early)).rejects.toMatchObject(refusal);
      await expect(insights(context, undefined, { to, limit: 5 })).rejects.toMatchObject(refusal);
      await expect(
        exportData(context, { what: 'events', format: 'csv', out: '-', to }),
      ).rejects.toMatchObject(refusal);
    }
    expect(text()).toBe('');
    await stats(context, { to: iso(first + 3_600_000), limit: 5, interval: 1, failIf: 'kpis.events < 1' });
  });

  test('says where the environment names another time zone or other properties than the numbers have', async () => {
    const { context, stdout } = runOn(await shop());
    const { dataDir } = context.config;
    const asked = async (env: Record<string, string>): Promise<string> => {
      const stderr = new PassThrough();
      const config = configFor(dataDir, env);
      await stats({ ...context, config, stdout, stderr } as unknown as CommandContext, OPTIONS);
      return String(stderr.read() ?? '');
    };
    expect(await asked({})).toBe('');
    expect(await asked({ ECOM_TIMEZONE: 'UTC', ECOM_PROPERTIES: 'country' })).toBe('');
    const note = await asked({ ECOM_TIMEZONE: 'Europe/Berlin', ECOM_PROPERTIES: 'country,device' });
    expect(note).toMatch(/by the days of UTC, not of Europe\/Berlin as ECOM_TIMEZONE says/);
    expect(note).toMatch(/broken down by country, not by country, device as ECOM_PROPERTIES says/);
  });
});
