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
