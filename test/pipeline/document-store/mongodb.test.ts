import { join } from 'node:path';
import { ensureDataDir } from '../../../src/config.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeWith(['mongodb'], 'mongodb', () => {
  const run = uniqueName('documents');
  describeDocumentStore('mongodb', async (name) => {
    const url = `${backendUrl('mongodb')!.replace(/\/$/, '')}/${run}-${name}`;
    const config = configFor(join(tempDir(), name), { ECOM_DOCUMENTS_URL: url, ECOM_PARTITIONS: '1' });
    ensureDataDir(config);
    return openStores(config);
  });
});
