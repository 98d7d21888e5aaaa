import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ByteDictionary } from '../../../src/pipeline/events/byte-dictionary.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { type LiveStore } from '../../../src/pipeline/live-store/live-store.ts';
import { createSqliteLiveStore } from '../../../src/pipeline/live-store/sqlite.ts';
import { BucketDeltas, createNames } from '../../../src/pipeline/metrics/bucket-deltas.ts';
import { coverRange, RETENTION } from '../../../src/pipeline/metrics/cells.ts';
import { SLOTS, slotsOf } from '../../../src/pipeline/metrics/stored-cells.ts';
import { openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { describeLiveStore } from '../../conformance/live-store.ts';
import { deltasOf } from '../../support/deltas.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { type CounterLines, dumpCounters } from '../../support/dump-counters.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const driver of SQLITE_DRIVERS) {
  describeLiveStore(`sqlite on ${driver}`, async (name, layout) => {
    return createSqliteLiveStore({
      path: join(dir, `${driver}-${name}.db`),
      synchronous: 'normal',
      driver,
      layout,
    });
  });

  const LAYOUT = { timeZone: 'UTC', properties: ['country'] };

  /** A store, steps that count one at given times, and its file by another connection. */
  function counted(name: string) {
    const path = join(dir, `${driver}-${name}.db`);
    const live = createSqliteLiveStore({ path, synchronous: 'normal', driver, layout: LAYOUT });
    let from = 0;
    return {
      live,
      file: openConnection(path, { timeout: 1000 }, driver),
      async count(time: number, key = 'p') {
        const advances = [{ partition: 0, from, to: from + 1, watermark: time }];
        const deltas = deltasOf([{ time, dimension: 'product', key, counters: { a: 1, n: 1 } }]);
        await live.apply({ advances, ...deltas, claims: [], states: new Map(), products: new Map() });
        from += 1;
      },
    };
  }

  test(`sqlite on ${driver}: nothing of a page that is damaged gets into another one`, async () => {
    const { live, file, count } = counted('torn');
    await count(0);
    const put = file.prepare('UPDATE cells SET data = ? WHERE id = ?');
    const pages = file.prepare('SELECT id, hex(data) AS hex FROM cells').all() as {
      id: number;
      hex: string;
    }[];
    for (const { id, hex } of pages) put.run(Buffer.from(hex, 'hex').subarray(0, -1), id);
    await expect(count(0)).rejects.toMatchObject({ code: 'STORAGE' });
    for (const { id, hex } of pages) put.run(Buffer.from(hex, 'hex'), id);
    await count(0, 'q');
    const rankings = [{ dimension: 'product', columns: ['n'], limit: 9 }];
    const ranges = [{ level: '10s', from: 0, to: 10_000 }] as const;
    const { tallies } = await live.snapshot({ tallies: [{ ranges, rankings }] });
    const { entries, keys, total } = tallies[0]!.rankings[0]!;
    expect(entries.map(({ key, counters }) => [key, Object.fromEntries(counters)])).toEqual([
      ['p', { a: 1, n: 1 }],
      ['q', { a: 1, n: 1 }],
    ]);
    expect({ keys, total: Object.fromEntries(total) }).toEqual({ keys: 2, total: { a: 2, n: 2 } });
    file.close();
    await live.close();
  });

  test(`sqlite on ${driver}: cells out of retention go, however few the changes are`, async () => {
    const { live, file, count } = counted('retention');
    const start = Date.UTC(2025, 0, 1);
    const after = RETENTION['1m'] + 3_600_000;
    for (let time = start; time <= start + 2 * after; time += after) await count(time);
    const { cells } = file.prepare('SELECT count(*) AS cells FROM cells').get() as { cells: number };
    // Of the last step one of every width, of those before it no narrow ones, and the sum of everything.
    expect(cells).toBe(5 + 2 + 2);
    file.close();
    await live.close();
  });

  test(`sqlite on ${driver}: changes to many products are read as if they were in the cells, which they get into`, async () => {
    const paths = ['gathers', 'adds'].map((name) => join(dir, `${driver}-${name}.db`));
    const open = (path: string) => {
      return createSqliteLiveStore({ path, synchronous: 'normal', driver, layout: LAYOUT });
    };
    const [gathers, adds] = paths.map(open) as [LiveStore, LiveStore];
    const file = openConnection(paths[0]!, { timeout: 1000 }, driver);
    const count = file.prepare('SELECT count(*) AS count FROM changes');
    const gathered = () => (count.get() as { count: number }).count;
    const names = createNames(new ByteDictionary(), SLOTS);
    const [slot, n] = [slotsOf(LAYOUT).numberOf('product'), names.columns.numberOf('n')];
    const all = Array.from({ length: 34_000 }, (_, i) => names.keys[slot]!.numberOf(`p${i}`));
    const positions = [0, 0];
    /** @param keys of products, to each of which its number and one is added */
    const apply = async (store: 0 | 1, time: number, keys: readonly number[]) => {
      const cells = new BucketDeltas();
      const bucket = cells.bucketAt(time);
      cells.addTotal(bucket, n, keys.length);
      for (const key of keys) cells.add(bucket, slot, key, n, 1 + key);
      const [from, to] = [positions[store]!, positions[store]! + 1];
      const advances = [{ partition: 0, from, to, watermark: time }];
      const change = { advances, cells: cells.copy(), names, claims: [], states: new Map() };
      expect(await [gathers, adds][store]!.apply({ ...change, products: new Map() })).toBe(true);
      positions[store] = to;
    };
    /** In a piece, and in two that are too few for it to be gathered. */
    const applyBoth = async (time: number, keys: readonly number[]) => {
      await apply(0, time, keys);
      await apply(1, time, keys.slice(0, keys.length / 2));
      await apply(1, time, keys.slice(keys.length / 2));
    };
    const start = Date.UTC(2025, 0, 1);
    const read = async (store: LiveStore) => {
      const rankings = [{ dimension: 'product', columns: ['n'], limit: 5 }];
      const ranges = coverRange(start, start + 7_200_000 + 50_000, '10s', timeZone('UTC'));
      const levels = ['10s', '1m', '1h', '1d'] as const;
      const { tallies, series } = await store.snapshot({
        tallies: [
          { ranges: 'all', rankings },
          { ranges, rankings },
        ],
        series: levels.map((level) => ({ level, from: 0, to: Number.POSITIVE_INFINITY })),
      });
      return { tallies, series };
    };
    for (const [minutes, step] of [
      [0, 1],
      [1, 500],
      [61, 400],
      [125, 510],
    ] as const) {
      await applyBoth(
        start + minutes * 60_000,
        all.filter((key) => key % step === 0),
      );
      expect(await read(gathers)).toEqual(await read(adds));
    }
    expect(gathered()).toBe(4);
    await applyBoth(start + 40_000, [3, 70]);
    expect(gathered()).toBe(0);
    expect(await read(gathers)).toEqual(await read(adds));
    await applyBoth(start, all);
    expect(gathered()).toBe(1);
    await Promise.all([gathers.close(), adds.close()]);
    expect(gathered()).toBe(0);
    file.close();
    const [one, other] = paths.map(dumpCounters) as [CounterLines, CounterLines];
    expect([...one].filter(([counter, value]) => other.get(counter) !== value)).toEqual([]);
    expect(one.size).toBe(other.size);
  });
}
