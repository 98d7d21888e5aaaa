import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { asBuffer } from '../../pipeline/events/bytes.ts';
import { parseLayout } from '../../pipeline/live-store/layout.ts';
import { readNotes } from '../../pipeline/live-store/sqlite-products.ts';
import { COUNTED_SINCE, MIGRATIONS } from '../../pipeline/live-store/tables.ts';
import { readWhole } from '../../pipeline/metrics/page-reader.ts';
import { decodeDeltas, sumDeltas } from '../../pipeline/metrics/stored-cells.ts';
import { addNoted } from '../../pipeline/processor/seen-ids.ts';
import { isWholeState } from '../../pipeline/processor/state-check.ts';
import { storageError } from '../../pipeline/sqlite/database.ts';
import { type Blob, blobBytes, type Connection, openConnection } from '../../pipeline/sqlite/driver.ts';
import { STORE_FILES } from '../../pipeline/sqlite/files.ts';
import { isEmbedded, PORTS } from '../store-check.ts';
import { type Check, fail, ok, warn } from './check.ts';

/** A larger file is not read as a whole: that would take longer than a few seconds. */
const MAX_CHECKED_BYTES = 256 * 2 ** 20;

/** Whether the embedded stores' files are sound and in WAL mode; those that are not there, or not in use, are left out. */
export function checkDatabases(config: Config): Check[] {
  return PORTS.filter((port) => isEmbedded(config, port))
    .map((port) => STORE_FILES[port])
    .filter((file) => existsSync(join(config.dataDir, file)))
    .map((file) => checkDatabase(file, join(config.dataDir, file), config));
}

function checkDatabase(name: string, path: string, config: Pick<Config, 'sqliteDriver'>): Check {
  const size = statSync(path).size;
  const megabytes = `${(size / 2 ** 20).toFixed(1)} MiB`;
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, { readonly: true, timeout: 1000 }, config.sqliteDriver);
    const { journal_mode: mode } = connection.prepare('PRAGMA journal_mode').get() as {
      journal_mode: string;
    };
    if (name === STORE_FILES.live) {
      const damaged = damageOf(connection);
      if (damaged !== undefined) return fail(name, `${path}: ${damaged} is damaged`, COUNT_AGAIN);
    }
    if (size > MAX_CHECKED_BYTES) {
      connection.prepare('SELECT count(*) FROM sqlite_master').get();
      return ok(name, `opens, ${megabytes}: too large to be read here as a whole`);
    }
    const { quick_check: result } = connection.prepare('PRAGMA quick_check(1)').get() as {
      quick_check: string;
    };
    if (result !== 'ok') throw new Error(`malformed: ${result}`);
    if (mode !== 'wal' && size > 0) {
      return warn(
        name,
        `sound, ${megabytes}, but its journal mode is ${mode}`,
        'stop ecom and start it again: it sets WAL',
      );
    }
    return ok(name, `sound, ${megabytes}, ${mode}`);
  } catch (error) {
    const { message, hint } = storageError(error, path);
    return fail(name, message, hint ?? errorMessage(error));
  } finally {
    connection?.close();
  }
}

/** Most states, and most cells, that are looked at. */
const MAX_READ = 100_000;
const COUNT_AGAIN = 'count everything again from the log: ecom down, then ecom rebuild';

/** What of the live store cannot be read; `undefined` where nothing was found. */
function damageOf(connection: Connection): string | undefined {
  const { user_version: version } = connection.prepare('PRAGMA user_version').get() as {
    user_version: number;
  };
  // A file of an older version is emptied when it is opened.
  if (version < COUNTED_SINCE) return undefined;
  const rows = (sql: string) => connection.prepare(`${sql} LIMIT ${MAX_READ}`).iterate();
  for (const { json } of rows("SELECT json FROM settings WHERE name = 'layout'") as Iterable<{
    json: string;
  }>) {
    if (!reads(() => parseLayout(json))) return 'its note of how the numbers are cut';
  }
  const states = rows('SELECT key, value FROM states') as Iterable<{ key: string; value: Blob }>;
  for (const { key, value } of states) {
    if (!isWholeState(key, blobBytes(value))) return `what it knows of '${key}'`;
  }
  const cells = rows('SELECT id, data FROM cells ORDER BY id DESC') as Iterable<{ id: number; data: Blob }>;
  for (const { id, data } of cells)
    if (!reads(() => readWhole(blobBytes(data)))) return `page ${id} of the numbers`;
  const seen = rows('SELECT part, ids FROM seen') as Iterable<{ part: number; ids: Blob }>;
  for (const { part, ids } of seen) {
    if (!reads(() => addNoted({ add: () => false }, blobBytes(ids))))
      return `what tells the duplicates of partition ${part}`;
  }
  if (version < MIGRATIONS.length) return undefined;
  const notes = rows('SELECT times FROM product_times') as Iterable<{ times: Blob }>;
  for (const { times } of notes)
    if (!reads(() => readNotes(blobBytes(times)))) return 'what tells when products were seen';
  const changes = rows('SELECT number, deltas FROM changes') as Iterable<{ number: number; deltas: Blob }>;
  for (const { number, deltas } of changes)
    if (!reads(() => sumDeltas(decodeDeltas(asBuffer(blobBytes(deltas))))))
      return `change ${number} of the numbers`;
  return undefined;
}

function reads(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
