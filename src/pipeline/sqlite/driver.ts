import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { EcomError } from '../../errors.ts';
import { bundled } from './bundled-driver.ts';
import { loadNodeDriver } from './node-driver.ts';

export type Connection = BetterSqlite3.Database;
export type Statement = BetterSqlite3.Statement;
export type DriverName = 'node' | 'better-sqlite3' | 'libsql';

/** The best first. */
export const DRIVERS: readonly DriverName[] = ['node', 'better-sqlite3', 'libsql'];

/** A BLOB as a driver gives it: of several rows, libsql gives bare buffers. */
export type Blob = Uint8Array | ArrayBuffer;

export function blobBytes(blob: Blob): Uint8Array {
  return blob instanceof ArrayBuffer ? new Uint8Array(blob) : blob;
}

interface OpenOptions {
  /** Longest wait for another process's lock, ms. */
  readonly timeout: number;
  readonly readonly?: boolean;
}

/** Opens a file. */
type Open = (path: string, options: OpenOptions) => Connection;
type Driver = new (path: string, options: OpenOptions & { readonly nativeBinding?: string }) => Connection;

const require = createRequire(import.meta.url);
const openers = new Map<DriverName, Open>();

/**
 * Opens a database file with the SQLite of Node, which older ones do not have, else with better-sqlite3, which is compiled at
 * installation where no binary fits, else with libsql, which brings its binaries along. All have the same interface.
 * @throws EcomError `UNAVAILABLE` where none can be loaded; else whatever the driver throws
 */
export function openConnection(path: string, options: OpenOptions, wanted?: DriverName): Connection {
  return opener(wanted)(path, options);
}

function opener(wanted: DriverName | undefined): Open {
  const names = wanted === undefined ? DRIVERS : [wanted];
  let cause: unknown;
  for (const name of names) {
    const known = openers.get(name);
    if (known !== undefined) return known;
    try {
      const open = load(name);
      openers.set(name, open);
      return open;
    } catch (error) {
      cause = error;
    }
  }
  throw new EcomError('UNAVAILABLE', `no SQLite driver can be loaded (${names.join(', ')})`, {
    hint: 'run npm ci again in the folder of ecom',
    cause,
  });
}

function load(name: DriverName): Open {
  if (name === 'node') return loadNodeDriver();
  if (name === 'libsql') {
    const Libsql = require(name) as Driver;
    return (path, options) => emptiedOnClose(new Libsql(path, options));
  }
  const about = require.resolve(`${name}/package.json`);
  const known = bundled !== undefined && bundled.version === versionIn(about) ? bundled.Driver : undefined;
  const Driver = (known ?? require(name)) as Driver;
  // Told where its binary is, it need not search for it; loaded here, because it may have failed to build.
  const nativeBinding = join(dirname(about), 'build/Release/better_sqlite3.node');
  require(nativeBinding);
  return (path, options) => new Driver(path, { ...options, nativeBinding });
}

function versionIn(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/**
 * libsql keeps a closed file open for as long as statements of it are remembered: a transaction goes on, and SQLite does not
 * move what lies in the `-wal` into the file, as it does when the last connection closes. Whoever copies the file would miss that.
 */
function emptiedOnClose(connection: Connection): Connection {
  const close = connection.close.bind(connection);
  connection.close = () => {
    if (!connection.open) return connection;
    try {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      // Where others use the file, what they need stays in the `-wal`, and the last of them sees to it.
      connection.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full disk, for one: what is stored is safe in the `-wal`.
    }
    return close();
  };
  return connection;
}
