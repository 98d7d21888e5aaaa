import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import envPaths from 'env-paths';
import { EcomError } from './errors.ts';

/** Everything that the environment and the global flags decide. Only this file reads `process.env`. */
export interface Config {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** URLs of the three ports; `sqlite:` is the embedded default. */
  readonly logUrl: string;
  readonly documentsUrl: string;
  readonly liveUrl: string;
  /** ISO 4217 code for events that name no currency. */
  readonly currency: string;
  /** SQLite's durability: `normal` survives a crash of ecom, `full` also one of the machine. */
  readonly synchronous: 'normal' | 'full';
  /** The SQLite driver to insist on; the best that can be loaded where undefined. */
  readonly sqliteDriver: 'better-sqlite3' | 'libsql' | undefined;
  /** Number of partitions of a log that is created now. */
  readonly partitions: number;
  readonly logLevel: string;
  /** Where the values came from is of no interest to children: they get them through this environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ConfigFlags {
  readonly dataDir?: string | undefined;
}

/**
 * Resolves the configuration from flags, then environment, then defaults.
 * @throws EcomError `USAGE` where a value is not one that the setting takes.
 */
export function loadConfig(flags: ConfigFlags = {}, env: NodeJS.ProcessEnv = process.env): Config {
  const dataDir = resolve(flags.dataDir ?? env.ECOM_DATA_DIR ?? envPaths('ecom', { suffix: '' }).data);
  const synchronous = oneOf(
    'ECOM_SQLITE_SYNCHRONOUS',
    env.ECOM_SQLITE_SYNCHRONOUS,
    ['normal', 'full'] as const,
    'normal',
  );
  const driver = oneOf(
    'ECOM_SQLITE_DRIVER',
    env.ECOM_SQLITE_DRIVER,
    ['auto', 'better-sqlite3', 'libsql'] as const,
    'auto',
  );
  const logLevel = oneOf(
    'ECOM_LOG_LEVEL',
    env.ECOM_LOG_LEVEL,
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
    'info',
  );
  const currency = env.ECOM_CURRENCY ?? 'USD';
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new EcomError('USAGE', `ECOM_CURRENCY is '${currency}', which is not a currency code`, {
      hint: 'use three capital letters such as USD, EUR or GBP',
    });
  }
  const partitions = Number(env.ECOM_PARTITIONS ?? 4);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 256) {
    throw new EcomError('USAGE', `ECOM_PARTITIONS is '${env.ECOM_PARTITIONS}'`, {
      hint: 'use a whole number from 1 to 256',
    });
  }
  const config = {
    dataDir,
    logUrl: portUrl('ECOM_LOG_URL', env.ECOM_LOG_URL),
    documentsUrl: portUrl('ECOM_DOCUMENTS_URL', env.ECOM_DOCUMENTS_URL),
    liveUrl: portUrl('ECOM_LIVE_URL', env.ECOM_LIVE_URL),
    currency,
    synchronous,
    sqliteDriver: driver === 'auto' ? undefined : driver,
    partitions,
    logLevel,
  };
  return {
    ...config,
    env: {
      ECOM_DATA_DIR: dataDir,
      ECOM_LOG_URL: config.logUrl,
      ECOM_DOCUMENTS_URL: config.documentsUrl,
      ECOM_LIVE_URL: config.liveUrl,
      ECOM_CURRENCY: currency,
      ECOM_SQLITE_SYNCHRONOUS: synchronous,
      ECOM_SQLITE_DRIVER: driver,
      ECOM_PARTITIONS: String(partitions),
      ECOM_LOG_LEVEL: logLevel,
    },
  };
}

/**
 * Creates the data folder, readable by its owner only, unless it exists.
 * @throws EcomError `STORAGE` where it cannot be made or written.
 */
export function ensureDataDir(config: Config): void {
  try {
    makeFolder(config.dataDir);
  } catch (cause) {
    throw new EcomError(
      'STORAGE',
      `cannot create the data folder ${config.dataDir}: ${(cause as Error).message}`,
      {
        hint: 'choose a folder that you may write with --data-dir DIR or ECOM_DATA_DIR',
        cause,
      },
    );
  }
}

/** Node's own recursive mkdir never returns where the system says ENOENT of a folder in one that is there, as /proc does. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else may have made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** The environment of a child process: this process's own, and the configuration as it was resolved here. */
export function childEnvironment(config: Config): NodeJS.ProcessEnv {
  return { ...process.env, ...config.env };
}

/** Settings that hold before, and without, a valid configuration. */
export function readTerminalSettings(env: NodeJS.ProcessEnv = process.env): {
  colour: boolean;
  debug: boolean;
} {
  return { colour: !env.NO_COLOR && env.TERM !== 'dumb', debug: env.ECOM_LOG_LEVEL === 'debug' };
}

function portUrl(name: string, value: string | undefined): string {
  const url = value ?? 'sqlite:';
  if (!/^[a-z][a-z0-9+.-]*:/.test(url)) {
    throw new EcomError('USAGE', `${name} is not a URL`, { hint: `unset ${name} to use the embedded store` });
  }
  return url;
}

function oneOf<const T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined || value === '') return fallback;
  const found = allowed.find((candidate) => candidate === value.toLowerCase());
  if (found === undefined) {
    throw new EcomError('USAGE', `${name} is '${value}'`, { hint: `use one of: ${allowed.join(', ')}` });
  }
  return found;
}
