import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import {
  LETTER_BOUND_MIGRATION,
  LETTER_INDEX_MIGRATION,
} from '../../../src/pipeline/document-store/sqlite-letter-bound.ts';
import { openDatabase } from '../../../src/pipeline/sqlite/database.ts';
import { STORE_FILES } from '../../../src/pipeline/sqlite/files.ts';
import { describeDocumentStore } from '../../conformance/document-store.ts';
import { describeStoredRecords } from '../../conformance/stored-records.ts';
import { recordsOf } from '../../support/document-batch.ts';
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

/** What the schema was before dead letters had an index. */
const BEFORE_INDEX = [
  `CREATE TABLE appended (part INTEGER PRIMARY KEY, next INTEGER NOT NULL);
   CREATE TABLE duplicates (part INTEGER, pos INTEGER, PRIMARY KEY (part, pos)) WITHOUT ROWID;
   CREATE TABLE dead_letters (
     part INTEGER NOT NULL, pos INTEGER NOT NULL, time INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
     source TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (part, pos)
   );
   CREATE INDEX dead_letters_by_reason ON dead_letters (reason, time);
   CREATE INDEX dead_letters_by_time ON dead_letters (time);
   CREATE TABLE models (name TEXT PRIMARY KEY, time INTEGER NOT NULL, json TEXT NOT NULL);`,
  `CREATE TABLE events (
     part INTEGER NOT NULL, pos INTEGER NOT NULL, idx INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (part, pos, idx)
   ) WITHOUT ROWID;`,
  'ALTER TABLE dead_letters ADD COLUMN resent INTEGER;',
  LETTER_BOUND_MIGRATION,
];

describeStoredRecords(
  'sqlite beside a log on servers',
  async () => {
    const config = configFor(join(dir, 'records'));
    ensureDataDir(config);
    return openDocumentStore({ ...config, logUrl: 'kafka://nowhere/topic' });
  },
  100,
);

test.each(SQLITE_DRIVERS)('gives events that an older version stored one by one, on %s', async (driver) => {
  const config = configFor(join(dir, `rows-${driver}`), { ECOM_SQLITE_DRIVER: driver });
  ensureDataDir(config);
  const path = join(config.dataDir, STORE_FILES.documents);
  const old = openDatabase({ path, synchronous: 'normal', driver }, [
    ...BEFORE_INDEX,
    LETTER_INDEX_MIGRATION,
  ]);
  const put = old.prepare('INSERT INTO events (part, pos, idx, json) VALUES (0, ?, ?, ?)');
  const event = (id: string) => ({ id, type: 'page_view', time: 1_700_000_000_000, items: [], source: 's' });
  for (const [pos, idx] of [
    [0, 0],
    [1, 0],
    [1, 1],
    [2, 0],
    [4, 0],
  ] as const)
    put.run(pos, idx, JSON.stringify(event(`old-${pos}-${idx}`)));
  old.prepare('INSERT INTO appended (part, next) VALUES (0, 6)').run();
  old.close();
  const documents = await openDocumentStore({ ...config, logUrl: 'kafka://nowhere/topic' });
  const ids = async (limit: number) => {
    const found: string[] = [];
    for (let from = 0; ; ) {
      const { events, next } = await documents.readEvents(0, from, limit);
      found.push(...events.map(({ event: { id } }) => id));
      if (next === from) return found;
      from = next;
    }
  };
  const rows = ['old-0-0', 'old-1-0', 'old-1-1', 'old-2-0', 'old-4-0'];
  for (const limit of [1, 2, 9]) expect(await ids(limit)).toEqual(rows);
  const batch = (from: number, to: number) => {
    const found = [from, to - 1].map((offset) => ({ offset, event: event(`new-${offset}`) as never }));
    return { partition: 0, from, to, time: 1, ...recordsOf(found), duplicates: [], deadLetters: [] };
  };
  await documents.append([batch(6, 9)]);
  await documents.append([batch(1, 3)]);
  for (const limit of [1, 2, 9])
    expect(await ids(limit)).toEqual(['old-0-0', 'new-1', 'new-2', 'old-4-0', 'new-6', 'new-8']);
  await documents.close();
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

test.each(SQLITE_DRIVERS)(
  'takes over the dead letters of a store without an index of them, on %s',
  async (driver) => {
    const config = configFor(join(dir, `old-${driver}`), {
      ECOM_SQLITE_DRIVER: driver,
      ECOM_DEAD_LETTERS_DAYS: '0',
      ECOM_DEAD_LETTERS_MIB: '1',
    });
    ensureDataDir(config);
    const path = join(config.dataDir, STORE_FILES.documents);
    const old = openDatabase({ path, synchronous: 'normal', driver }, BEFORE_INDEX);
    const put = old.prepare(
      `INSERT INTO dead_letters (part, pos, time, reason, detail, source, bytes, resent, cleared)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    put.run(0, 5, 10, 'a', 'd5', 's', Buffer.from([0xff, 0]), null, null);
    put.run(0, 6, 20, 'a', 'd6', 's', Buffer.alloc(700 * 1024), null, null);
    put.run(1, 5, 30, 'b', '', 's', Buffer.alloc(0), null, 1);
    put.run(1, 6, 40, 'b', 'd', 's', Buffer.alloc(0), 1, null);
    old.close();
    const documents = await openDocumentStore(config);
    const letter = { partition: 0, offset: 5, time: 10, reason: 'a', detail: 'd5', source: 's' };
    const found = await documents.deadLetter(letter);
    expect({ ...found, bytes: [...found!.bytes] }).toEqual({ ...letter, bytes: [0xff, 0] });
    const places = async () =>
      (await documents.deadLettersAfter(undefined, 9)).map(({ partition, offset, index, cleared }) =>
        [partition, offset, index, cleared].join(':'),
      );
    expect(await places()).toEqual(['0:5::', '0:6::', '1:5::true']);
    expect(await documents.clearedDeadLetters()).toBe(1);
    // The bound counts what was there.
    const more = { ...letter, offset: 7, index: 1, time: 50, bytes: Buffer.alloc(700 * 1024) };
    await documents.append([
      { partition: 0, from: 7, to: 8, time: 50, ...recordsOf([]), duplicates: [], deadLetters: [more] },
    ]);
    expect(await places()).toEqual(['0:5::true', '0:6::true', '0:7:1:', '1:5::true']);
    await documents.close();
  },
);

test('reads each event once where the log does not hold the earliest any more', async () => {
  const config = configFor(join(dir, 'trimmed'), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const { log, documents, close } = await openStores(config);
  const line = (id: string) => ({
    key: 'u',
    value: JSON.stringify({ id, type: 'view_item', time: 1_700_000_000_000, userId: 'u' }),
  });
  for (const batch of ['abc', 'defgh']) await log.append([...batch].map(line));
  await log.expire(Date.now() + 1, new Map([[0, 3]]));
  expect(await log.bounds()).toEqual([{ begin: 3, end: 8 }]);
  const seen: string[] = [];
  let from = 0;
  for (const to of [5, 8]) {
    const rest = { ...recordsOf([]), duplicates: [], deadLetters: [] };
    await documents.append([{ partition: 0, from, to, time: Date.now(), ...rest }]);
    const { events, next } = await documents.readEvents(0, from, 100);
    seen.push(...events.map(({ event }) => event.id));
    expect(next).toBe(to);
    from = next;
  }
  expect(seen.join('')).toBe('defgh');
  await close();
});
