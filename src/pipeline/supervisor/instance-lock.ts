import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../../config.ts';
import { errorCode, errorMessage } from '../../errors.ts';
import { storageError } from '../sqlite/database.ts';
import { type Connection, openConnection } from '../sqlite/driver.ts';

/** Held by one process until it releases it or dies: the system drops a dead process's locks, so none is ever stale. */
export interface InstanceLock {
  release(): void;
}

type LockConfig = Pick<Config, 'dataDir' | 'sqliteDriver'>;

/** An empty database file that only serves to be locked. */
const LOCK_FILE = 'up.lock.db';
/** Longer than `isInstanceRunning` looks, so that a look does not refuse a start. */
const ACQUIRE_TIMEOUT_MS = 300;

/**
 * Takes the lock of the data folder, which must exist.
 * @returns `undefined` where another process holds it
 * @throws EcomError `STORAGE` where the folder cannot be written
 */
export function acquireInstanceLock(config: LockConfig): InstanceLock | undefined {
  const path = join(config.dataDir, LOCK_FILE);
  let connection: Connection | undefined;
  try {
    if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
    connection = openConnection(path, { timeout: ACQUIRE_TIMEOUT_MS }, config.sqliteDriver);
    connection.exec(`PRAGMA busy_timeout = ${ACQUIRE_TIMEOUT_MS}`);
    // A journal file would outlive a killed holder, and look like something to be rolled back.
    connection.exec('PRAGMA journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection?.close();
    if (isBusy(error)) return undefined;
    throw storageError(error, path);
  }
  const held = connection;
  return {
    release() {
      if (held.open) held.close();
    },
  };
}

/**
 * Whether a process holds the lock of the data folder; false where there is no such folder. Not to be asked by the holder.
 * @throws EcomError `STORAGE` where the lock cannot be read
 */
export function isInstanceRunning(config: LockConfig): boolean {
  const path = join(config.dataDir, LOCK_FILE);
  if (!existsSync(path)) return false;
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, { readonly: true, timeout: 0 }, config.sqliteDriver);
    connection.exec('PRAGMA busy_timeout = 0');
    connection.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw storageError(error, path);
  } finally {
    connection?.close();
  }
}

function isBusy(error: unknown): boolean {
  return /SQLITE_BUSY|database is locked/.test(`${errorCode(error) ?? ''} ${errorMessage(error)}`);
}
