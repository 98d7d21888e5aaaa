import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { configFor, openStores } from '../../support/stores.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describeDocumentStore('sqlite beside a log on servers', async (name, env) => {
  const config = configFor(join(dir, 'own', name), { ECOM_PARTITIONS: '1', ...env });
  ensureDataDir(config);
  const stores = await openStores(config);
  await stores.documents.close();
  return { ...stores, documents: await openDocumentStore({ ...config, logUrl: 'kafka://nowhere/topic' }) };
});

for (const driver of SQLITE_DRIVERS) {
  describeDocumentStore(`sqlite on ${driver}`, async (name, env) => {
    const config = configFor(join(dir, driver, name), {
      ECOM_SQLITE_DRIVER: driver,
      ECOM_PARTITIONS: '1',
      ...env,
    });
    ensureDataDir(config);
    return openStores(config);
  });
}
