import { createRequire } from 'node:module';
import type BetterSqlite3 from 'better-sqlite3';
import { EcomError } from '../../errors.ts';

export type Connection = BetterSqlite3.Database;
export type Statement = BetterSqlite3.Statement;
export type DriverName = 'better-sqlite3' | 'libsql';
type Driver = new (path: string, options?: { readonly?: boolean; timeout?: number }) => Connection;

const require = createRequire(import.meta.url);
const drivers = new Map<DriverName, Driver>();

/**
 * The SQLite driver: better-sqlite3, which is compiled at installation where no binary fits, else libsql, which brings its
 * binaries along and has the same interface.
 * @throws EcomError `UNAVAILABLE` where neither can be loaded.
 */
export function sqliteDriver(wanted?: DriverName): Driver {
  const names: DriverName[] = wanted === undefined ? ['better-sqlite3', 'libsql'] : [wanted];
  let cause: unknown;
  for (const name of names) {
    const known = drivers.get(name);
    if (known !== undefined) return known;
    try {
      const driver = require(name) as Driver;
      // better-sqlite3 loads its native part on first use, and that is what may be missing.
      new driver(':memory:').close();
      drivers.set(name, driver);
      return driver;
    } catch (error) {
      cause = error;
    }
  }
  throw new EcomError('UNAVAILABLE', `no SQLite driver can be loaded (${names.join(', ')})`, {
    hint: 'run npm ci again in the folder of ecom',
    cause,
  });
}
