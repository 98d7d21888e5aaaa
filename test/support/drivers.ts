import { createRequire } from 'node:module';
import { type DriverName } from '../../src/pipeline/sqlite/driver.ts';

const require = createRequire(import.meta.url);

/** The drivers that this installation has: both, unless better-sqlite3 could not be compiled. */
export const SQLITE_DRIVERS: readonly DriverName[] = (['better-sqlite3', 'libsql'] as const).filter(
  (name) => {
    try {
      new (require(name))(':memory:').close();
      return true;
    } catch {
      return false;
    }
  },
);
