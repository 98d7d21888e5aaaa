import { type Config } from '../../config.ts';
import { DRIVERS, type DriverName, openConnection } from '../../pipeline/sqlite/driver.ts';
import { type Check, fail, ok, warn } from './check.ts';

const OLDEST_NODE = [20, 19] as const;

/** @param version such as v20.19.0 */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return ok('node', version);
  return fail('node', `${version} is too old`, `install Node.js ${OLDEST_NODE.join('.')} or newer`);
}

/** Which SQLite driver can be loaded: the one that the configuration insists on, or the best. */
export function checkDriver({ sqliteDriver: wanted }: Pick<Config, 'sqliteDriver'>): Check {
  const candidates = wanted === undefined ? DRIVERS : [wanted];
  for (const name of candidates) {
    const version = sqliteVersion(name);
    if (version === undefined) continue;
    const detail = `${name}, SQLite ${version}`;
    if (name !== 'libsql' || wanted !== undefined) return ok('driver', detail);
    return warn(
      'driver',
      `${detail}; better-sqlite3 cannot be loaded`,
      'nothing needs to be done; a newer Node.js, or npm ci with a C++ compiler, brings a faster one',
    );
  }
  return fail(
    'driver',
    `no SQLite driver can be loaded (${candidates.join(', ')})`,
    'run npm ci again in the folder of ecom',
  );
}

function sqliteVersion(name: DriverName): string | undefined {
  try {
    const connection = openConnection(':memory:', { timeout: 0 }, name);
    const row = connection.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    connection.close();
    return row.version;
  } catch {
    return undefined;
  }
}
