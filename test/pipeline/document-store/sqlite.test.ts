import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { configFor, openStores } from '../../support/stores.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

for (const driver of SQLITE_DRIVERS) {
  describeDocumentStore(`sqlite on ${driver}`, async (name) => {
    const config = configFor(join(dir, driver, name), { ECOM_SQLITE_DRIVER: driver, ECOM_PARTITIONS: '1' });
    ensureDataDir(config);
    return openStores(config);
  });
}
