import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkDatabases } from '../../../src/commands/doctor/databases.ts';
import { ensureDataDir } from '../../../src/config.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { openConnection } from '../../../src/pipeline/sqlite/driver.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { dumpCounters } from '../../support/dump-counters.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What a version left that kept states and ids as text, having counted two events of partition 0. */
const OLD_FILE = `
  CREATE TABLE positions (part INTEGER PRIMARY KEY, position INTEGER NOT NULL, watermark INTEGER NOT NULL);
  CREATE TABLE states (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
  CREATE TABLE products (
    key TEXT PRIMARY KEY, time INTEGER NOT NULL, name TEXT, category TEXT, brand TEXT, price INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE keys (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, key TEXT NOT NULL, UNIQUE (dimension, key));
  CREATE TABLE cells (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
  CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, cells TEXT NOT NULL);
  CREATE TABLE published (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
  CREATE TABLE reports (id TEXT PRIMARY KEY, time INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE settings (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE seen (part INTEGER, upto INTEGER, start INTEGER NOT NULL, ids TEXT NOT NULL, PRIMARY KEY (part, upto));
  INSERT INTO positions VALUES (0, 2, 1767607200000);
  INSERT INTO states VALUES (1, 'u:u', '[1767607200000,1767607200000,[491002,1,0],[20458,1,0],1,[[1767607200000,0,4,[0,0,0]]],["p"],[]]');
  INSERT INTO changes (size, cells) VALUES (2, '[]');
  INSERT INTO published VALUES ('lists', 'a', '[1]');
  INSERT INTO settings VALUES ('layout', '{"timeZone":"UTC","properties":["country"]}'), ('epoch', 'old');
  INSERT INTO seen VALUES (0, 2, 0, '[0,"e0","e1"]');
  PRAGMA journal_mode = WAL;
  PRAGMA user_version = 4;
`;

test('what an older version has counted in a data folder is counted again from its log', async () => {
  const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const old = openConnection(join(config.dataDir, 'live.db'), { timeout: 1000 }, config.sqliteDriver);
  old.exec(OLD_FILE);
  old.close();
  expect(checkDatabases(config)).toMatchObject([{ name: 'live.db', state: 'ok' }]);
  const stores = await openStores(config);
  await stores.log.append(
    ['e0', 'e1', 'e0', 'e2'].map((id) => ({
      key: 'u',
      value: JSON.stringify({
        id,
        type: 'view_item',
        time: '2026-01-05T10:00:00Z',
        userId: 'u',
        items: [{ productId: 'p' }],
      }),
    })),
  );
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  await processor.close();
  const period = { period: 'all', limit: 1, now: Date.now(), currency: 'USD' } as const;
  const { kpis, freshness } = await readStats(stores, period);
  expect([kpis.events, kpis.sessions, freshness.duplicates]).toEqual([3, 1, 1]);
  expect(await stores.live.published('lists', ['a'])).toEqual(new Map([['a', '[1]']]));
  await stores.close();
  expect(checkDatabases(config).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
});

test('pages of counters of an older version are not read: they are counted again', async () => {
  const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const path = join(config.dataDir, 'live.db');
  const count = async () => {
    const stores = await openStores(config);
    const value = JSON.stringify({ id: 'e', type: 'search', time: '2026-01-05T10:00:00Z', userId: 'u' });
    if ((await stores.log.bounds())[0]!.end === 0) await stores.log.append([{ key: 'u', value }]);
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    while ((await processor.step()) > 0);
    await processor.close();
    await stores.close();
    return dumpCounters(path);
  };
  const counted = await count();
  const older = openConnection(path, { timeout: 1000 }, config.sqliteDriver);
  // By key, then column: a key of another form, and no page of today.
  older.exec("UPDATE cells SET data = x'0101058001'; PRAGMA user_version = 7");
  older.close();
  expect(checkDatabases(config).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  expect(await count()).toEqual(counted);
});
