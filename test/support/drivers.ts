import { DRIVERS, type DriverName, openConnection } from '../../src/pipeline/sqlite/driver.ts';

/** The drivers that this installation has: Node's from some version on, and better-sqlite3 unless it could not be compiled. */
export const SQLITE_DRIVERS: readonly DriverName[] = DRIVERS.filter((name) => {
  try {
    openConnection(':memory:', { timeout: 0 }, name).close();
    return true;
  } catch {
    return false;
  }
});
