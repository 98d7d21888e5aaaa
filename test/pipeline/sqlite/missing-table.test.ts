import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Config, ensureDataDir } from '../../../src/config.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import { openEventLog } from '../../../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../../../src/pipeline/live-store/open.ts';
import { openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

test.each([
  ['live.db', openLiveStore, 'cells', /ecom rebuild/],
  ['live.db', openLiveStore, 'states', /ecom rebuild/],
  ['log.db', openEventLog, 'batches', /ingest the data again/],
  ['documents.db', openDocumentStore, 'appended', /ingest the data again/],
] as const)('a %s without a table is told as damaged, with what to do', async (file, open, table, hint) => {
  const config: Config = configFor(join(tempDir(), 'shop'));
  ensureDataDir(config);
  await (await openStores(config)).close();
  const connection = openConnection(join(config.dataDir, file), { timeout: 1000 });
  connection.exec(`DROP TABLE ${table}`);
  connection.close();
  await expect(open(config)).rejects.toMatchObject({
    code: 'STORAGE',
    message: expect.stringContaining('it is damaged or no database of ecom'),
    hint: expect.stringMatching(hint),
  });
});
