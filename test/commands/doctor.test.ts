import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkDataFolder } from '../../src/commands/doctor/data-folder.ts';
import { checkDatabases } from '../../src/commands/doctor/databases.ts';
import { checkDriver, checkNode } from '../../src/commands/doctor/installation.ts';
import {
  checkModel,
  checkNewest,
  checkStoresAnswer,
  checkSupervisor,
} from '../../src/commands/doctor/running.ts';
import { checkTerminal } from '../../src/commands/doctor/terminal.ts';
import { doctorText } from '../../src/commands/doctor.ts';
import { rebuild } from '../../src/commands/rebuild.ts';
import { prepareStores } from '../../src/commands/store-check.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { openConnection } from '../../src/pipeline/sqlite/driver.ts';
import { serveControl } from '../../src/pipeline/supervisor/control-server.ts';
import { SQLITE_DRIVERS } from '../support/drivers.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('ecom doctor', () => {
  test.each([
    ['v20.19.0', 'ok'],
    ['v22.0.0', 'ok'],
    ['v20.18.9', 'fail'],
    ['v18.20.0', 'fail'],
  ])('node %s: %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });

  test('warns of a newest event that is yet to come', () => {
    const now = Date.UTC(2026, 0, 1);
    const newest = (watermark: number) => checkNewest([{ partition: 0, position: 1, watermark }], now);
    expect(newest(now - 1000)).toMatchObject({ state: 'ok', detail: '2025-12-31T23:59:59.000Z' });
    expect(newest(now + 3_600_000)).toMatchObject({ state: 'warn' });
    expect(newest(now + 3_600_000).detail).toContain('1.0 hours ahead');
  });

  test('warns of a catalogue of which only a part was learnt', async () => {
    expect(checkModel(1200)).toEqual({
      name: 'recommendations',
      state: 'ok',
      detail: 'learnt of 1,200 products',
    });
    expect(checkModel(100_000, 99_968)).toMatchObject({
      state: 'warn',
      detail: expect.stringMatching(
        /^learnt of 100,000 of 199,968 products: left out are 99,968 products that/,
      ),
    });
    const config = configFor(tempDir());
    const { live, close } = await openStores(config);
    const about = { version: 1, time: 0, products: 1000, productsLeftOut: 500 };
    await live.publish('recommender', new Map([['model', JSON.stringify({ ...about, trending: [] })]]));
    await close();
    const found = (await checkStoresAnswer(config)).find(({ name }) => name === 'recommendations');
    expect(found).toMatchObject({
      state: 'warn',
      detail: expect.stringContaining('1,000 of 1,500 products'),
    });
  });

  test.each(SQLITE_DRIVERS)('names the driver and its SQLite (%s)', (sqliteDriver) => {
    expect(checkDriver({ sqliteDriver })).toMatchObject({
      state: 'ok',
      detail: expect.stringMatching(new RegExp(`^${sqliteDriver}, SQLite 3\\.`)),
    });
  });

  test('a folder that is not there can be created, one inside a file cannot', async () => {
    const dir = tempDir();
    const states = async (dataDir: string) =>
      (await checkDataFolder({ dataDir })).map(({ name, state }) => [name, state]);
    expect((await states(join(dir, 'a', 'b')))[0]).toEqual(['data folder', 'ok']);
    expect(readdirSync(dir)).toEqual([]);
    writeFileSync(join(dir, 'file'), '');
    expect(await states(join(dir, 'file', 'b'))).toEqual([['data folder', 'fail']]);
    expect(await states(join(dir, 'file'))).toEqual([['data folder', 'fail']]);
  });

  test.skipIf(process.platform === 'win32')('a folder that others can read is a warning', async () => {
    const dataDir = tempDir();
    chmodSync(dataDir, 0o755);
    const checks = await checkDataFolder({ dataDir });
    expect(checks.find(({ name }) => name === 'permissions')).toMatchObject({
      state: 'warn',
      advice: `chmod 700 ${dataDir}`,
    });
  });

  test('sound databases pass, a damaged one and one that is none fail with what to do', async () => {
    const config = configFor(tempDir());
    expect(checkDatabases(config)).toEqual([]);
    await prepareStores(config);
    expect(checkDatabases(config).map(({ name, state }) => [name, state])).toEqual([
      ['log.db', 'ok'],
      ['documents.db', 'ok'],
      ['live.db', 'ok'],
    ]);
    writeFileSync(
      join(config.dataDir, 'log.db'),
      'this is no database, however long one looks at it'.repeat(20),
    );
    const [log, ...others] = checkDatabases(config);
    expect(log).toMatchObject({
      name: 'log.db',
      state: 'fail',
      advice: expect.stringContaining('move it away'),
    });
    expect(others.map(({ state }) => state)).toEqual(['ok', 'ok']);
    expect((await checkStoresAnswer(config))[0]).toMatchObject({ name: 'log store', state: 'fail' });
  });

  test.each([
    ["UPDATE settings SET json = '{' WHERE name = 'layout'", 'how the numbers are cut'],
    ["UPDATE states SET value = '[1,2' WHERE key LIKE 'u:%'", 'what it knows of'],
    ["UPDATE states SET value = '{}' WHERE key LIKE 'u:%'", 'what it knows of'],
    ["UPDATE states SET value = replace(value, '[],[]', '[],9')", 'what it knows of'],
    ["UPDATE seen SET ids = x'01ffff'", 'what tells the duplicates of partition'],
    ["UPDATE seen SET ids = x'63'", 'what tells the duplicates of partition'],
    ["INSERT INTO product_times (number, times) VALUES (9, x'ff')", 'when products were seen'],
    ["INSERT INTO changes (number, deltas) VALUES (7, x'0100')", 'change 7 of the numbers'],
    ["INSERT INTO cells (id, data) VALUES (1, x'ff00ff00ff')", 'page 1 of the numbers'],
    ["INSERT INTO states (key, value) VALUES ('o:1', '{\"a\"')", "'o:1'"],
  ])('a live store in which %s was done fails, by its name and with what mends it', async (sql, what) => {
    const config = configFor(tempDir());
    const stores = await openStores(config);
    const event = { id: 'a', type: 'search', time: '2026-01-05T10:00:00Z', userId: 'u', query: 'q' };
    await stores.log.append([{ key: 'u', value: JSON.stringify(event) }]);
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    await processor.step();
    await processor.close();
    await stores.close();
    const live = () => checkDatabases(config).find(({ name }) => name === 'live.db');
    expect(live()).toMatchObject({ state: 'ok' });
    const connection = openConnection(join(config.dataDir, 'live.db'), { timeout: 1000 });
    expect(connection.prepare(sql).run().changes).toBe(1);
    connection.close();
    const [found, path] = [live()!, join(config.dataDir, 'live.db')];
    expect(found).toMatchObject({ state: 'fail', advice: expect.stringContaining('ecom rebuild') });
    expect(found.detail).toContain(path);
    expect(found.detail).toContain(what);
    await rebuild(runOn(config.dataDir).context, {});
    expect(live()).toMatchObject({ state: 'ok' });
  });

  test('stores that nobody needed yet are no failure', async () => {
    const checks = await checkStoresAnswer(configFor(join(tempDir(), 'nowhere')));
    expect(checks.map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  });

  test('a supervisor whose worker keeps crashing is a failure that names it', async () => {
    const config = configFor(tempDir());
    expect(await checkSupervisor(config)).toMatchObject({ state: 'ok', detail: 'not running' });
    const worker = { component: 'generator', pid: null, host: 'h', restarts: 3, uptimeMs: null } as const;
    const server = await serveControl(config, async () => ({
      ok: true,
      pid: 5,
      startedAt: 0,
      components: [{ ...worker, name: 'generator', state: 'backoff', lastError: 'disk full' }],
    }));
    onTestFinished(() => server.close());
    expect(await checkSupervisor(config)).toMatchObject({
      state: 'fail',
      detail: 'running, process 5, but these do not work: generator (disk full)',
      advice: 'ecom logs generator',
    });
  });

  test('a small terminal is a warning, none is fine', () => {
    const tty = (columns: number, rows: number) =>
      ({ stdin: { isTTY: true }, stdout: { isTTY: true, columns, rows } }) as unknown as Parameters<
        typeof checkTerminal
      >[0];
    expect(checkTerminal(tty(80, 24), { colour: true })).toMatchObject({
      state: 'ok',
      detail: '80×24, colour',
    });
    expect(checkTerminal(tty(79, 24), { colour: false })).toMatchObject({
      state: 'warn',
      detail: '79×24, no colour',
    });
    expect(
      checkTerminal({ stdin: {}, stdout: {} } as Parameters<typeof checkTerminal>[0], { colour: true }).state,
    ).toBe('ok');
  });

  test('prints a line a check and what to do below it, whatever is in it', () => {
    const text = doctorText(
      [
        { name: 'node', state: 'ok', detail: 'v22' },
        { name: 'disk', state: 'fail', detail: 'full\u001b[2J', advice: 'free some' },
      ],
      false,
    );
    expect(text).toBe('✓ node            v22\n✗ disk            full[2J\n                  → free some\n');
  });
});
