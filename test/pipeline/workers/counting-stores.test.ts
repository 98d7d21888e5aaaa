import { existsSync, writeFileSync } from 'node:fs';
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
  const stores = await openCountingStores(config);
  // The file of an open store has one beside it.
  expect(existsSync(file('log.db-wal'))).toBe(true);
  await stores.close();
  writeFileSync(file('live.db'), 'no database '.repeat(100));
  await expect(openCountingStores(config)).rejects.toMatchObject({ code: 'STORAGE' });
  expect(existsSync(file('log.db'))).toBe(true);
  expect([existsSync(file('log.db-wal')), existsSync(file('documents.db-wal'))]).toEqual([false, false]);
});
