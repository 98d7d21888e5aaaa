import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { type Blob, openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('a shopper’s state that is damaged is no fault of the record that needs it, which counts once it is mended', async () => {
  const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const stores = await openStores(config);
  const append = (id: string) => {
    const value = JSON.stringify({ id, type: 'search', time: '2026-01-05T10:00:00Z', userId: 'u' });
    return stores.log.append([{ key: 'u', value }]);
  };
  await append('e0');
  const before = createProcessor({ ...stores, settings: SETTINGS });
  await before.step();
  await before.close();
  const file = openConnection(join(config.dataDir, 'live.db'), { timeout: 1000 }, config.sqliteDriver);
  const { value } = file.prepare('SELECT value FROM states').get() as { value: Blob };
  file.exec("UPDATE states SET value = x'01ff'");
  await append('e1');
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  await expect(processor.step()).rejects.toMatchObject({
    code: 'STORAGE',
    message: expect.stringMatching(/knows of '.*u' is damaged/),
  });
  // In an array: libsql takes a lone BLOB for named parameters.
  file.prepare('UPDATE states SET value = ?').run([value]);
  file.close();
  while ((await processor.step()) > 0);
  await processor.close();
  const period = { period: 'all', limit: 1, now: Date.now(), currency: 'USD' } as const;
  const { kpis, freshness } = await readStats(stores, period);
  expect([kpis.events, kpis.sessions, freshness.rejected]).toEqual([2, 1, 0]);
  await stores.close();
});
