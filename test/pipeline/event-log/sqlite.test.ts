import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSqliteEventLog } from '../../../src/pipeline/event-log/sqlite.ts';
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
  expect(batch!.records.map(({ offset, value }) => [offset, value])).toEqual([
    [4, '4'],
    [5, '5'],
  ]);
  await log.append([{ key: 'k', value: '6' }]);
  expect((await log.bounds())[0]!.end).toBe(7);
  await log.close();
});
