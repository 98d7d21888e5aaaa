import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { openCountingStores } from '../../../src/pipeline/workers/counting-stores.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('where one store cannot be opened, those before it are closed again', async () => {
  const config = configFor(tempDir());
  ensureDataDir(config);
  const file = (name: string) => join(config.dataDir, name);
  const bytes = (name: string) => statSync(file(name), { throwIfNoEntry: false })?.size ?? 0;
  const stores = await openCountingStores(config);
  // What is written while a store is open lies beside its file; closing moves it there.
  expect(bytes('log.db-wal')).toBeGreaterThan(0);
  await stores.close();
  writeFileSync(file('live.db'), 'no database '.repeat(100));
  await expect(openCountingStores(config)).rejects.toMatchObject({ code: 'STORAGE' });
  expect(bytes('log.db')).toBeGreaterThan(0);
  expect([bytes('log.db-wal'), bytes('documents.db-wal')]).toEqual([0, 0]);
});
