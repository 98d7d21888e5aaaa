import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { composeStatus, statusText } from '../../src/commands/status.ts';
import { checkStores, prepareStores, shownUrl } from '../../src/commands/store-check.ts';
import { type ControlResponse } from '../../src/pipeline/supervisor/messages.ts';
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
    const status = composeStatus(config, undefined, await checkStores(config));
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
      cells: new Map(),
      claims: [],
      states: new Map(),
      products: new Map(),
    });
    await stores.close();

    const status = composeStatus(config, RUNNING, await checkStores(config));
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
    expect(text).toMatch(/processor-1 +running +4712 +01:02:03 +2 +1,234 +64 MB +killed by/);
    expect(text).not.toContain('\u001b');
  });

  test('a url never shows a secret', () => {
    const config = configFor('/data', {
      ECOM_LIVE_URL: 'redis://:p@ss@cache:6379/0?password=s3cret#s3cret',
      ECOM_DOCUMENTS_URL: 'mongodb://shop:s3cret@a:1,b:2/ecom?authSource=admin',
    });
    expect(shownUrl(config, 'live')).toBe('redis://cache:6379/0');
    expect(shownUrl(config, 'documents')).toBe('mongodb://a:1,b:2/ecom');
    expect(shownUrl(config, 'log')).toBe('sqlite:/data/log.db');
    const none = { stores: [], bounds: [], positions: [] };
    expect(composeStatus(config, undefined, none).stack).toBe('services');
  });
});
