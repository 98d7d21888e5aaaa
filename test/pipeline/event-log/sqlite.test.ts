import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqliteEventLog } from '../../../src/pipeline/event-log/sqlite.ts';
import { openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { batchId } from '../../../src/pipeline/sqlite/log-file.ts';
import { describeEventLog } from '../../conformance/event-log.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const driver of SQLITE_DRIVERS) {
  describeEventLog(`sqlite on ${driver}`, async (name, partitions = 4) => {
    return createSqliteEventLog({
      path: join(dir, `${driver}-${name}.db`),
      synchronous: 'normal',
      driver,
      partitions,
    });
  });
}

for (const driver of SQLITE_DRIVERS) {
  test(`goes on with a log of an earlier version on ${driver}`, async () => {
    const path = join(dir, `${driver}-earlier.db`);
    const earlier = openConnection(path, { timeout: 1000 }, driver);
    earlier.exec(`
      CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE batches (id INTEGER PRIMARY KEY, count INTEGER NOT NULL, appended_at INTEGER NOT NULL, data TEXT NOT NULL);
      CREATE TABLE sources (
        source TEXT PRIMARY KEY, row_count INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL, done INTEGER NOT NULL
      ) WITHOUT ROWID;
      INSERT INTO settings VALUES ('partitions', 1);
      INSERT INTO batches VALUES (${batchId(0, 0)}, 2, 1000, 'first' || char(10) || '第二');
      PRAGMA user_version = 1`);
    earlier.close();
    const log = createSqliteEventLog({ path, synchronous: 'normal', driver, partitions: 8 });
    await log.append(['third', '第四 ☕'].map((value) => ({ key: 'k', value })));
    const consumer = log.consume({ start: async () => new Map([[0, 1]]) });
    const [batch] = await consumer.poll(10, 0);
    expect([...batch!.records].map(({ offset, value }) => [offset, value])).toEqual([
      [1, '第二'],
      [2, 'third'],
      [3, '第四 ☕'],
    ]);
    await log.close();
    const after = openConnection(path, { timeout: 1000 }, driver);
    const kinds = after.prepare('SELECT typeof(data) AS kind FROM batches ORDER BY id').all();
    expect(kinds.map((row) => (row as { kind: string }).kind)).toEqual(['text', 'blob']);
    after.close();
  });

  test(`what lies beside the file stays bounded on ${driver}`, async () => {
    const path = join(dir, `${driver}-wal.db`);
    const log = createSqliteEventLog({ path, synchronous: 'normal', driver, partitions: 2 });
    const value = JSON.stringify('x'.repeat(4000));
    const records = Array.from({ length: 1000 }, (_, i) => ({ key: `k${i}`, value }));
    for (let i = 0; i < 20; i += 1) {
      await log.append(records);
      expect(statSync(`${path}-wal`).size).toBeLessThan(48 * 2 ** 20);
    }
    expect(statSync(path).size).toBeGreaterThan(32 * 2 ** 20);
    await log.close();
  });
}

test('the file is for its owner only', async () => {
  const path = join(dir, 'mode.db');
  const log = createSqliteEventLog({ path, synchronous: 'full', partitions: 1 });
  await log.append([{ key: 'k', value: '1' }]);
  for (const file of [path, `${path}-wal`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  await log.close();
});

test('forgets what is old and counted, but never where a partition ends', async () => {
  const log = createSqliteEventLog({ path: join(dir, 'expire.db'), synchronous: 'normal', partitions: 1 });
  for (const pair of [0, 1, 2]) {
    await log.append([0, 1].map((i) => ({ key: 'k', value: String(pair * 2 + i) })));
  }
  const future = Date.now() + 60_000;
  await log.expire(Date.now() - 60_000, new Map([[0, 6]]));
  expect(await log.bounds()).toEqual([{ begin: 0, end: 6 }]);
  await log.expire(future, new Map([[0, 3]]));
  expect(await log.bounds()).toEqual([{ begin: 2, end: 6 }]);
  await log.expire(future, new Map([[0, 100]]));
  expect(await log.bounds()).toEqual([{ begin: 4, end: 6 }]);
  const consumer = log.consume({ start: async () => new Map([[0, 0]]) });
  const [batch] = await consumer.poll(10, 0);
  expect([...batch!.records].map(({ offset, value }) => [offset, value])).toEqual([
    [4, '4'],
    [5, '5'],
  ]);
  await log.append([{ key: 'k', value: '6' }]);
  expect((await log.bounds())[0]!.end).toBe(7);
  await log.close();
});
