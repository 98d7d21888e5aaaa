import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkStoresAnswer } from '../../src/commands/doctor/running.ts';
import { composeStatus, statusText } from '../../src/commands/status.ts';
import { checkStores, prepareStores, shownUrl } from '../../src/commands/store-check.ts';
import { type ControlResponse } from '../../src/pipeline/supervisor/messages.ts';
import { reportId } from '../../src/pipeline/workers/report.ts';
import { NO_DELTAS } from '../support/deltas.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const RUNNING: ControlResponse = {
  ok: true,
  pid: 4711,
  startedAt: Date.UTC(2026, 0, 5),
  components: [
    {
      name: 'processor-1',
      component: 'processor',
      state: 'running',
      pid: 4712,
      host: 'shop',
      restarts: 2,
      uptimeMs: 3_723_000,
      lastError: 'killed by \u001b[31mSIGKILL',
      metrics: { rss: 64 * 2 ** 20, events: 1234, partitions: [0, 2] },
    },
  ],
};

describe('ecom status', () => {
  test('a folder that is not there is not created by looking', async () => {
    const config = configFor(join(tempDir(), 'nowhere'));
    const status = composeStatus(config, undefined, await checkStores(config), Date.now());
    expect(status).toMatchObject({
      schema: 'ecom.status/1',
      stack: 'embedded',
      supervisor: null,
      components: [],
      partitions: [],
    });
    expect(status.stores.map(({ port, ok, latencyMs }) => [port, ok, latencyMs])).toEqual([
      ['log', false, null],
      ['documents', false, null],
      ['live', false, null],
    ]);
    expect(existsSync(config.dataDir)).toBe(false);
    expect(statusText(status)).toContain('not running');
  });

  test('a folder without stores gets none', async () => {
    const config = configFor(tempDir());
    await checkStores(config);
    expect(existsSync(join(config.dataDir, 'log.db'))).toBe(false);
  });

  test('tells the workers, how far each partition is counted, and by whom', async () => {
    const config = configFor(tempDir(), { ECOM_PARTITIONS: '3' });
    expect(await prepareStores(config)).toBe(3);
    const stores = await openStores(config);
    await stores.log.append(Array.from({ length: 30 }, (_, i) => ({ key: `user-${i}`, value: '{}' })));
    const bounds = await stores.log.bounds();
    const end = bounds[0]!.end;
    expect(end).toBeGreaterThan(1);
    await stores.live.apply({
      advances: [{ partition: 0, from: 0, to: end - 1, watermark: 0 }],
      ...NO_DELTAS,
      claims: [],
      states: new Map(),
      products: new Map(),
    });
    await stores.close();

    const status = composeStatus(config, RUNNING, await checkStores(config), Date.now());
    expect(status.supervisor).toEqual({ pid: 4711, startedAt: '2026-01-05T00:00:00.000Z' });
    expect(status.components[0]).toEqual({
      name: 'processor-1',
      state: 'running',
      pid: 4712,
      host: 'shop',
      restarts: 2,
      uptimeMs: 3_723_000,
      lastError: 'killed by \u001b[31mSIGKILL',
      metrics: { rss: 64 * 2 ** 20, events: 1234, partitions: [0, 2] },
    });
    expect(status.partitions).toEqual([
      { partition: 0, position: end - 1, end, lag: 1, owner: 'processor-1' },
      { partition: 1, position: 0, end: bounds[1]!.end, lag: bounds[1]!.end, owner: null },
      { partition: 2, position: 0, end: bounds[2]!.end, lag: bounds[2]!.end, owner: 'processor-1' },
    ]);
    expect(status.stores.map(({ ok, latencyMs }) => ok && typeof latencyMs)).toEqual(Array(3).fill('number'));
    const text = statusText(status);
    expect(text).toMatch(/processor-1 +running +shop +4712 +01:02:03 +2 +1,234 +64 MB +killed by/);
    expect(text).not.toContain('\u001b');
  });

  test('tells the workers of other hosts by what they report, and which fell silent', async () => {
    const config = configFor(tempDir(), { ECOM_PARTITIONS: '3' });
    await prepareStores(config);
    const { live, close } = await openStores(config);
    const now = Date.now();
    const metrics = { rss: 1, events: 9, partitions: [1] };
    const said = {
      name: 'processor',
      component: 'processor',
      pid: 7,
      startedAt: now - 5000,
      restarts: 3,
      metrics,
    };
    const report = (id: string, age: number, more: object) =>
      live.report({ id, time: now - age, json: JSON.stringify({ ...said, state: 'running', ...more }) });
    await report('far:1:processor', 1000, { host: 'far' });
    await report('gone:1:processor', 30_000, { host: 'gone' });
    await report('left:1:processor', 1000, { host: 'left', state: 'stopped' });
    // What the own supervisor says of its workers is newer than their reports.
    await report(reportId('processor-1', 4711), 1000, { host: hostname(), name: 'processor-1' });
    await live.report({ id: 'odd', time: now, json: 'no JSON' });
    await close();

    const status = composeStatus(config, RUNNING, await checkStores(config), now);
    expect(status.components.map(({ name, state, host }) => [name, state, host])).toEqual([
      ['processor-1', 'running', 'shop'],
      ['processor@far', 'running', 'far'],
      ['processor@gone', 'silent', 'gone'],
    ]);
    expect(status.components[1]).toMatchObject({ pid: 7, restarts: 3, uptimeMs: 5000, metrics });
    expect(status.partitions[1]!.owner).toBe('processor@far');
  });

  test('a log that holds less than is counted is an error, in doctor too', async () => {
    const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
    const stores = await openStores(config);
    await stores.log.append([1, 2, 3].map((n) => ({ key: 'k', value: `${n}` })));
    const change = { ...NO_DELTAS, claims: [], states: new Map(), products: new Map() };
    const count = (from: number, to: number) =>
      stores.live.apply({ ...change, advances: [{ partition: 0, from, to, watermark: 0 }] });
    await count(0, 3);
    const sound = composeStatus(config, undefined, await checkStores(config), Date.now());
    expect(sound.partitions).toEqual([{ partition: 0, position: 3, end: 3, lag: 0, owner: null }]);
    expect((await checkStoresAnswer(config)).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok']);

    await count(3, 7);
    await stores.close();
    const status = composeStatus(config, undefined, await checkStores(config), Date.now());
    expect(status.partitions).toEqual([
      {
        partition: 0,
        position: 7,
        end: 3,
        lag: -4,
        owner: null,
        error: expect.stringContaining('more is counted'),
      },
    ]);
    expect(statusText(status)).toMatch(/error: partition 0: more is counted.*\n {2}try: .*ecom rebuild/);
    expect((await checkStoresAnswer(config)).at(-1)).toMatchObject({
      name: 'positions',
      state: 'fail',
      detail: expect.stringMatching(/counted to 7, and the log ends at 3/),
      advice: expect.stringContaining('ecom restore'),
    });
  });

  test('a url never shows a secret', () => {
    const config = configFor('/data', {
      ECOM_LIVE_URL: 'redis://:p@ss@cache:6379/0?password=s3cret#s3cret',
      ECOM_DOCUMENTS_URL: 'mongodb://shop:s3cret@a:1,b:2/ecom?authSource=admin',
    });
    expect(shownUrl(config, 'live')).toBe('redis://cache:6379/0');
    expect(shownUrl(config, 'documents')).toBe('mongodb://a:1,b:2/ecom');
    expect(shownUrl(config, 'log')).toBe('sqlite:/data/log.db');
    const none = { stores: [], bounds: [], positions: [], reports: [] };
    expect(composeStatus(config, undefined, none, 0).stack).toBe('services');
  });
});
