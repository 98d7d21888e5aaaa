import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import { EcomError } from '../../errors.ts';

export type Connection = BetterSqlite3.Database;
export type Statement = BetterSqlite3.Statement;
export type DriverName = 'better-sqlite3' | 'libsql';

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
 * Opens a database file with better-sqlite3, which is compiled at installation where no binary fits, else with libsql, which
 * brings its binaries along and has the same interface.
 * @throws EcomError `UNAVAILABLE` where neither can be loaded; else whatever the driver throws
 */
export function openConnection(path: string, options: OpenOptions, wanted?: DriverName): Connection {
  return opener(wanted)(path, options);
}

function opener(wanted: DriverName | undefined): Open {
  const names: DriverName[] = wanted === undefined ? ['better-sqlite3', 'libsql'] : [wanted];
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
  const Driver = require(name) as Driver;
  if (name === 'libsql') return (path, options) => new Driver(path, options);
  // Told where its binary is, it need not search for it; loaded here, because it may have failed to build.
  const nativeBinding = join(
    dirname(require.resolve(`${name}/package.json`)),
    'build/Release/better_sqlite3.node',
  );
  require(nativeBinding);
  return (path, options) => new Driver(path, { ...options, nativeBinding });
}
