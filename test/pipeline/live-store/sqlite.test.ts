import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createSqliteLiveStore } from '../../../src/pipeline/live-store/sqlite.ts';
import { describeLiveStore } from '../../conformance/live-store.ts';
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
}
