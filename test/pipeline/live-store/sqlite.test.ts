import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqliteLiveStore } from '../../../src/pipeline/live-store/sqlite.ts';
import { RETENTION } from '../../../src/pipeline/metrics/cells.ts';
import { openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { describeLiveStore } from '../../conformance/live-store.ts';
import { deltasOf } from '../../support/deltas.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';

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
}
