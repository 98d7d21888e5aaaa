import { existsSync, openSync, readdirSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { rebuild } from '../../src/commands/rebuild.ts';
import { type Config, ensureDataDir } from '../../src/config.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const START = Date.UTC(2026, 0, 5);
const RECORDS = 4000;

async function fill(config: Config, count: number, seed: string): Promise<void> {
  ensureDataDir(config);
  const options = { seed, rate: 5, start: START, dirty: 0, rhythm: 'flat', currency: 'USD' } as const;
  const generator = createGenerator(options);
  const stores = await openStores(config);
  await stores.log.append(Array.from({ length: count }, () => generator.next()));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await processor.close();
  await stores.close();
}

async function numbers(config: Config): Promise<unknown> {
  const stores = await openStores(config);
  try {
    return await readStats(stores, { period: 'all', limit: 20, now: START + 3_600_000, currency: 'USD' });
  } finally {
    await stores.close();
  }
}

/** Overwrites the middle of a file. */
function damage(path: string): void {
  const size = statSync(path).size;
  const from = Math.floor(size / 4096 / 3) * 4096;
  writeSync(openSync(path, 'r+'), Buffer.alloc(Math.floor(size / 3), 0xa5), 0, undefined, from);
}

describe('rebuild', () => {
  test('changes nothing where the numbers are right, and leaves nothing behind', async () => {
    const config = configFor(tempDir());
    await fill(config, RECORDS, 'same');
    const before = await numbers(config);
    const run = runOn(config.dataDir);
    await rebuild(run.context, {});
    expect(await numbers(config)).toEqual(before);
    expect(run.text()).toContain(`counted ${RECORDS.toLocaleString('en-US')} records again`);
    expect(readdirSync(config.dataDir).filter((name) => name.includes('rebuild'))).toEqual([]);
  });

  test('a log that cannot be read leaves the numbers, and is named', async () => {
    const config = configFor(tempDir());
    await fill(config, RECORDS, 'damaged');
    const before = readFileSync(join(config.dataDir, 'live.db'));
    const log = join(config.dataDir, 'log.db');
    damage(log);
    await expect(rebuild(runOn(config.dataDir).context, {})).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/log\.db: it is damaged/),
    });
    expect(readFileSync(join(config.dataDir, 'live.db')).equals(before)).toBe(true);
    expect(existsSync(join(config.dataDir, 'live.db.rebuild'))).toBe(false);
  });

  test('an interruption leaves the numbers', async () => {
    const config = configFor(tempDir());
    await fill(config, RECORDS, 'interrupted');
    const before = await numbers(config);
    const run = runOn(config.dataDir);
    run.abort();
    await expect(rebuild(run.context, {})).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(await numbers(config)).toEqual(before);
  });

  test('a log that holds less than is counted is refused, unless it is to be', async () => {
    const [config, shorter] = [configFor(tempDir()), configFor(tempDir())];
    await fill(config, RECORDS, 'long');
    await fill(shorter, RECORDS / 2, 'short');
    const before = await numbers(config);
    renameSync(join(shorter.dataDir, 'log.db'), join(config.dataDir, 'log.db'));
    await expect(rebuild(runOn(config.dataDir).context, {})).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('numbers would be lost'),
    });
    const stats = (await numbers(config)) as { kpis: unknown };
    expect(stats.kpis).toEqual((before as { kpis: unknown }).kpis);
    const forced = runOn(config.dataDir);
    await rebuild(forced.context, { force: true });
    expect(forced.text()).not.toContain('earlier records');
    expect(((await numbers(config)) as { freshness: { received: number } }).freshness.received).toBe(
      RECORDS / 2,
    );
  });

  test('a log that lets go of records while they are counted again is refused, unless that is to be', async () => {
    const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
    await fill(config, RECORDS / 2, 'first');
    await fill(config, RECORDS / 2, 'second');
    const before = await numbers(config);
    const { log, close } = await openStores(config);
    const run = runOn(config.dataDir);
    // Asked for between the look at the log and the first of its records.
    const aborted = () => {
      void log.expire(Date.now() + 1000, new Map([[0, RECORDS / 2]]));
      return false;
    };
    const signal = Object.defineProperty(new AbortController().signal, 'aborted', { get: aborted });
    await expect(rebuild({ ...run.context, signal }, {})).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'the log let go of 2,000 records before they were counted again, whose numbers would be lost',
    });
    await close();
    expect(await numbers(config)).toEqual(before);
    await rebuild(run.context, { force: true });
    expect(run.text()).toContain('2,000 earlier records are not in these numbers');
    expect(await numbers(config)).toMatchObject({
      freshness: { received: RECORDS / 2, lost: 0, earlier: RECORDS / 2 },
    });
  });
});
