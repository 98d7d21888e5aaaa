import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkStoresAnswer } from '../../src/commands/doctor/running.ts';
import { rebuild } from '../../src/commands/rebuild.ts';
import { type StatsOptions, stats } from '../../src/commands/stats.ts';
import { status } from '../../src/commands/status.ts';
import { checkStores } from '../../src/commands/store-check.ts';
import { ensureDataDir } from '../../src/config.ts';
import { parseRules } from '../../src/pipeline/alerts/rule.ts';
import { createWatch } from '../../src/pipeline/alerts/watch.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { removeDatabase } from '../../src/pipeline/sqlite/database.ts';
import { openConnection } from '../../src/pipeline/sqlite/driver.ts';
import { noteRecount, recountOf } from '../../src/pipeline/stats/recount.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const OPTIONS: StatsOptions = { window: 'all', limit: 3, interval: 1 };
const RECORDS = 60;

/** A shop of which all is counted; its live store’s path. */
async function counted(dataDir: string): Promise<string> {
  const config = configFor(dataDir);
  ensureDataDir(config);
  const stores = await openStores(config);
  await stores.log.append(
    Array.from({ length: RECORDS }, (_, i) => ({
      key: `u${i}`,
      value: JSON.stringify({ id: `e${i}`, type: 'search', time: Date.now(), userId: `u${i}`, query: 'q' }),
    })),
  );
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await processor.close();
  await stores.close();
  return join(dataDir, 'live.db');
}

async function answer(dataDir: string): Promise<Stats> {
  const run = runOn(dataDir);
  await stats(run.context, { ...OPTIONS, json: true });
  return JSON.parse(run.text());
}

/** Counts one partition of the shop, as if ecom had been killed then. */
async function countPartly(dataDir: string): Promise<void> {
  const stores = await openStores(configFor(dataDir));
  await noteRecount(stores.log, stores.documents, stores.live);
  const member = { index: 0, count: 4 };
  const processor = createProcessor({ ...stores, settings: SETTINGS, member });
  while ((await processor.step()) > 0);
  await processor.close();
  await stores.close();
}

const RULE = '{"alerts":[{"name":"quiet","when":"events 30m < 1","command":["true"]}]}';

describe('numbers that are being counted again', () => {
  test('are said to be, by every command that shows them, and decide nothing', async () => {
    const dataDir = tempDir();
    removeDatabase(await counted(dataDir));
    expect((await answer(dataDir)).freshness.recount).toEqual({ counted: 0, of: RECORDS });
    const text = runOn(dataDir);
    const failing = stats(text.context, { ...OPTIONS, failIf: 'kpis.events > 1000' });
    await expect(failing).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`0 of ${RECORDS} records`),
    });
    expect(text.text()).toMatch(
      /NOT ALL · the numbers are being counted again from the log: 0 of 60 records/,
    );
    const shown = runOn(dataDir);
    await status(shown.context, {});
    expect(shown.text()).toContain('the numbers are being counted again from the log: 0 of 60 records');
    const json = runOn(dataDir);
    await status(json.context, { json: true });
    expect(JSON.parse(json.text()).recount).toEqual({ counted: 0, of: RECORDS });
    expect(await checkStoresAnswer(configFor(dataDir))).toContainEqual(
      expect.objectContaining({ name: 'numbers', state: 'warn' }),
    );
  });

  test('are told half-way too, and not any more when all is counted', async () => {
    const dataDir = tempDir();
    removeDatabase(await counted(dataDir));
    await countPartly(dataDir);
    const { recount, backlog } = (await answer(dataDir)).freshness;
    expect(recount).toEqual({ counted: RECORDS - backlog!, of: RECORDS });
    expect(recount!.counted).toBeGreaterThan(0);
    await rebuild(runOn(dataDir).context, {});
    expect((await answer(dataDir)).freshness.recount).toBeNull();
    expect((await checkStores(configFor(dataDir))).recount).toBeNull();
    await stats(runOn(dataDir).context, { ...OPTIONS, failIf: 'kpis.events > 1000' });
  });

  test('fire no alert', async () => {
    const dataDir = tempDir();
    removeDatabase(await counted(dataDir));
    const stores = await openStores(configFor(dataDir));
    await noteRecount(stores.log, stores.documents, stores.live);
    const watch = createWatch({ ...stores, currency: 'USD', onChange: () => expect.unreachable() });
    expect(await watch.look(parseRules(RULE, 'rules'), Date.now())).toEqual([]);
    await stores.close();
  });

  test('what is counted for the first time is none of them', async () => {
    const dataDir = tempDir();
    const config = configFor(dataDir);
    ensureDataDir(config);
    const stores = await openStores(config);
    await noteRecount(stores.log, stores.documents, stores.live);
    await stores.log.append([{ key: 'k', value: '{}' }]);
    await stores.close();
    expect((await answer(dataDir)).freshness).toMatchObject({ recount: null, backlog: 1 });
  });

  test.each([
    ['a log that lost its beginning', [100], [[0, 0]], [{ begin: 40, end: 120 }], { counted: 0, of: 60 }],
    ['one that was put back', [100], [[0, 30]], [{ begin: 0, end: 30 }], null],
    ['a partition that waits', [100, 50], [[0, 100]], undefined, { counted: 100, of: 150 }],
    ['what came since', [100], [[0, 100]], [{ begin: 0, end: 900 }], null],
  ])('of %s', async (_, noted, positions, bounds, recount) => {
    const found = positions.map(([partition, position]) => ({
      partition: partition!,
      position: position!,
      watermark: 0,
    }));
    expect(await recountOf(noted, found, bounds)).toEqual(recount);
  });

  test('a store of an older version is emptied by who counts, and by no reader', async () => {
    const dataDir = tempDir();
    const path = await counted(dataDir);
    const open = () => openConnection(path, { timeout: 1000 }, configFor(dataDir).sqliteDriver);
    const old = open();
    // As versions left it that had other tables of numbers.
    old.exec(`DROP TABLE derived; DROP TABLE keys; DROP TABLE changes; CREATE TABLE keys (id INTEGER PRIMARY KEY);
      CREATE TABLE changes (id INTEGER);
      PRAGMA user_version = 6;`);
    old.close();
    await expect(stats(runOn(dataDir).context, OPTIONS)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('older version of ecom'),
      hint: expect.stringContaining('ecom rebuild'),
    });
    const kept = open();
    expect(kept.prepare('SELECT sum(position) AS sum FROM positions').get()).toMatchObject({ sum: RECORDS });
    kept.close();
    await countPartly(dataDir);
    expect((await answer(dataDir)).freshness.recount).toMatchObject({ of: RECORDS });
    await rebuild(runOn(dataDir).context, {});
    expect(await answer(dataDir)).toMatchObject({ freshness: { recount: null }, kpis: { events: RECORDS } });
  });
});
