import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { type Connection, type DriverName, openConnection } from './driver.ts';
import { STORE_FILES } from './files.ts';
import { lockHolder } from './lock-holder.ts';
import { rememberFile } from './same-file.ts';

export interface SqliteOptions {
  /** Absolute path of the file. */
  readonly path: string;
  /** `normal` survives a crash of the process, `full` also a loss of power. */
  readonly synchronous: 'normal' | 'full';
  readonly driver?: DriverName | undefined;
  /** Memory for pages, KiB: more where rows are found by key all over the file. @default 4000 */
  readonly cacheKib?: number;
  /** Size of a page of a file that is new, KiB, a power of two up to 64: others keep theirs. @default 4 */
  readonly pageKib?: number;
  /** Called with the version of a file that would be brought up to date: it throws where that is not to be. */
  readonly refuse?: (version: number) => void;
}

/** SQL scripts in order; the index of the last one that ran is the file's `user_version`. */
export type Migrations = readonly string[];

/** How long a statement waits for another process's write, ms. */
const BUSY_TIMEOUT_MS = 15_000;
const LOOK_MS = 200;
/**
 * What is written is gathered in the `-wal` until it has so many bytes, about, then put into the file: a page that changes again
 * and again until then is written there once. Who commits when it is full waits for all of it.
 */
const CHECKPOINT_BYTES = 8 * 1024 * 1024;

/**
 * Opens a database file in WAL mode, so that several processes read and write at once, and brings its schema up to date.
 * The file is created readable by its owner only.
 * @throws EcomError `STORAGE` where the file cannot be opened, is no database, or is of a newer version of ecom.
 */
export function openDatabase(options: SqliteOptions, migrations: Migrations): Connection {
  const { path } = options;
  let connection: Connection | undefined;
  try {
    if (!existsSync(path)) create(path);
    connection = openConnection(path, { timeout: BUSY_TIMEOUT_MS }, options.driver);
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // Without effect where there are pages already.
    if (options.pageKib !== undefined) connection.exec(`PRAGMA page_size = ${options.pageKib * 1024}`);
    connection.exec('PRAGMA journal_mode = WAL');
    connection.exec(`PRAGMA wal_autocheckpoint = ${Math.ceil(CHECKPOINT_BYTES / pageSize(connection))}`);
    connection.exec(`PRAGMA synchronous = ${options.synchronous}`);
    connection.exec(`PRAGMA cache_size = -${options.cacheKib ?? 4000}`);
    connection.exec('PRAGMA journal_size_limit = 67108864');
    migrate(connection, options, migrations);
    tellAtPreparing(connection, path);
    return connection;
  } catch (error) {
    connection?.close();
    throw storageError(error, path);
  }
}

/** @throws EcomError `STORAGE` where there is no folder for it, so nobody has counted anything there */
function create(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) {
    throw new EcomError(
      'STORAGE',
      `nothing was counted here yet: there is no ${folder}, which would hold ${basename(path)}`,
      {
        hint: 'ecom up or ecom ingest FILE begins there; --data-dir DIR names another folder, ECOM_LOG_URL and its kin servers',
      },
    );
  }
  closeSync(openSync(path, 'a', 0o600));
}

/** Statements are prepared when a store is opened: where one cannot be, as without its table, that is told like what fails later. */
function tellAtPreparing(connection: Connection, path: string): void {
  const prepare = connection.prepare.bind(connection);
  connection.prepare = ((sql: string) => {
    try {
      return prepare(sql);
    } catch (error) {
      throw storageError(error, path);
    }
  }) as Connection['prepare'];
}

/**
 * Whether a process has a database file open. SQLite leaves WAL mode only where nobody else has; who opens the file next enters it
 * again.
 */
export function isInUse(path: string, driver: DriverName | undefined): boolean {
  if (!existsSync(path)) return false;
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, { timeout: LOOK_MS }, driver);
    connection.exec(`PRAGMA busy_timeout = ${LOOK_MS}`);
    connection.exec('PRAGMA journal_mode = DELETE');
    return false;
  } catch (error) {
    // What is damaged is no database to anybody.
    return /SQLITE_BUSY|database is locked/.test(`${errorCode(error) ?? ''} ${errorMessage(error)}`);
  } finally {
    connection?.close();
  }
}

/** Removes a database file and what lies beside it while it is open. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

function migrate(connection: Connection, { path, refuse }: SqliteOptions, migrations: Migrations): void {
  if (userVersion(connection) === migrations.length) return;
  connection.exec('BEGIN IMMEDIATE');
  try {
    const version = userVersion(connection);
    if (version > migrations.length) {
      throw new EcomError('STORAGE', `${path} was written by a newer version of ecom`, {
        hint: 'update ecom, or use another folder with --data-dir',
      });
    }
    if (version > 0) refuse?.(version);
    for (const script of migrations.slice(version)) connection.exec(script);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
    connection.exec('COMMIT');
  } catch (error) {
    connection.exec('ROLLBACK');
    throw error;
  }
}

function pageSize(connection: Connection): number {
  return (connection.prepare('PRAGMA page_size').get() as { page_size: number }).page_size;
}

function userVersion(connection: Connection): number {
  return (connection.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}

/**
 * Runs `work` in a transaction. `IMMEDIATE` takes the write lock at once, so that it never has to be upgraded and refused;
 * `DEFERRED` is for reading several things as of one moment.
 */
export function inTransaction<T>(
  connection: Connection,
  work: () => T,
  mode: 'IMMEDIATE' | 'DEFERRED' = 'IMMEDIATE',
): T {
  connection.exec(`BEGIN ${mode}`);
  try {
    const result = work();
    connection.exec('COMMIT');
    return result;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

/** Prepares a query whose one column is named `value`, and returns that of the first row. */
export function prepareValue<T>(
  connection: Connection,
  sql: string,
): (...parameters: (string | number)[]) => T | undefined {
  const statement = connection.prepare(sql);
  return (...parameters) => (statement.get(parameters) as { value: T } | undefined)?.value;
}

/** Runs work on a file, unless that was deleted or replaced; what the driver throws becomes an error that says what to do. */
export type Guard = <T>(work: () => T) => T;

/** @param path of a file that is open already */
export function guardFile(path: string): Guard {
  const verify = rememberFile(path, true);
  return (work) => {
    verify();
    try {
      return work();
    } catch (error) {
      if (!(error instanceof EcomError)) verify();
      throw storageError(error, path);
    }
  };
}

/** Turns a driver's error into one that says what to do; an `EcomError` is returned as it is. */
export function storageError(error: unknown, path: string): EcomError {
  if (error instanceof EcomError) return error;
  const code = errorCode(error) ?? '';
  const message = errorMessage(error);
  // What a row holds could not be read: a text that is no JSON, a table that ends too early.
  const isUnreadable = error instanceof SyntaxError || error instanceof RangeError;
  const known = KNOWN.find(({ test }) => test.test(isUnreadable ? 'malformed' : `${code} ${message}`));
  if (known === DAMAGED && basename(path) === STORE_FILES.live)
    return new EcomError('STORAGE', `${path}: ${known.what}`, { hint: COUNT_AGAIN, cause: error });
  if (known === undefined) {
    const ofValue = error instanceof RangeError || error instanceof TypeError || REFUSED.test(code);
    return new EcomError(ofValue ? 'REFUSED' : 'STORAGE', `${path}: ${message}`, { cause: error });
  }
  const { what, hint } = (known === LOCKED ? lockedBy(path) : undefined) ?? known;
  return new EcomError('STORAGE', `${path}: ${what}`, { hint, cause: error });
}

/** Names the process to see to; `undefined` where nobody knows it. */
function lockedBy(path: string): Pick<Known, 'what' | 'hint'> | undefined {
  const holder = lockHolder(path);
  if (holder === undefined) return undefined;
  const { pid, stopped } = holder;
  const what = `process ${pid} has kept it locked for too long`;
  if (!stopped) return { what, hint: `wait until it is done, or end it with kill ${pid}, and try again` };
  return {
    what: `${what}, because it is stopped`,
    hint: `let it go on with kill -CONT ${pid}, or end it with kill -9 ${pid}, and try again: nothing is lost or counted twice`,
  };
}

interface Known {
  readonly test: RegExp;
  readonly what: string;
  readonly hint: string;
}

const DAMAGED: Known = {
  test: /SQLITE_NOTADB|SQLITE_CORRUPT|not a database|malformed|no such (table|column)|has no column named/,
  what: 'it is damaged or no database of ecom',
  hint: 'move it away and ingest the data again, or choose another folder with --data-dir DIR',
};
const LOCKED: Known = {
  test: /SQLITE_BUSY|database is locked/,
  what: 'another process has kept it locked for too long',
  hint: 'see who uses the folder with ecom status, and try again; one that is stopped has to go on (fg, kill -CONT) or end first',
};
/** The live store holds nothing that is not made from the log. */
const COUNT_AGAIN =
  'count everything again from the log: ecom down, then ecom rebuild; where that fails, move the file away first';

/** Codes that are about a value and not about the file. */
const REFUSED = /^SQLITE_(TOOBIG|MISMATCH|CONSTRAINT|RANGE)/;

const KNOWN: readonly Known[] = [
  {
    test: /SQLITE_FULL|ENOSPC|disk is full/,
    what: 'the disk is full',
    hint: 'free some space and run the command again: what was stored is intact',
  },
  {
    test: /SQLITE_READONLY|EROFS|EACCES|EPERM|readonly database/,
    what: 'it cannot be written',
    hint: 'check who owns the folder, or choose another with --data-dir DIR',
  },
  DAMAGED,
  LOCKED,
  {
    test: /SQLITE_CANTOPEN|ENOENT|ENOTDIR|unable to open/,
    what: 'it cannot be opened',
    hint: 'check that the folder exists and can be written, or choose another with --data-dir DIR',
  },
  {
    test: /SQLITE_IOERR/,
    what: 'the disk failed to read or write',
    hint: 'check the disk; what was stored before is intact',
  },
];
