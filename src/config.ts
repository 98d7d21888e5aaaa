import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DEMO_FOLDER, processEnvironment, shopFolder } from './data-dir.ts';
import { demoUrl } from './demo-url.ts';
import { EcomError } from './errors.ts';
import { DEFAULT_PLACEHOLDERS } from './pipeline/events/placeholder-ids.ts';

/** Everything that the environment and the global flags decide. Only this file asks for it. */
export interface Config {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** What gives the URLs that are not set one by one. */
  readonly stack: Stack;
  /** URLs of the three ports; `sqlite:` is the embedded default. They may hold a password: never to be shown. */
  readonly logUrl: string;
  readonly documentsUrl: string;
  readonly liveUrl: string;
  /** What servers ask for, where it is not in the URL. */
  readonly credentials: Readonly<Record<'kafka' | 'mongodb' | 'redis', Credentials>>;
  /** ISO 4217 code for events that name no currency. */
  readonly currency: string;
  /** The shop's time zone by its IANA name, and the properties of events that numbers are broken down by. */
  readonly layout: { readonly timeZone: string; readonly properties: readonly string[] };
  /** What is no id of anybody, such as `undefined`; an id of zeros is none either unless the list is empty. */
  readonly placeholderIds: readonly string[];
  /** Which of both the environment names; the others are defaults. */
  readonly named: {
    readonly timeZone: boolean;
    readonly properties: boolean;
    readonly alertsFile: boolean;
    readonly recommendFile: boolean;
  };
  /** SQLite's durability: `normal` survives a crash of ecom, `full` also one of the machine. */
  readonly synchronous: 'normal' | 'full';
  /** The SQLite driver to insist on; the best that can be loaded where undefined. */
  readonly sqliteDriver: 'node' | 'better-sqlite3' | 'libsql' | undefined;
  /** Number of partitions of a log that is created now; the log's own default where undefined. */
  readonly partitions: number | undefined;
  /** Days that the log keeps its records: for ever where undefined, or the server's own default where it is on one. */
  readonly logDays: number | undefined;
  /** What a message on Kafka is made of: as many events as fit, or one. */
  readonly kafkaMessages: 'packed' | 'single';
  /** Days that a document store of its own keeps raw events; 0 is for ever. */
  readonly eventDays: number;
  /** How many dead letters are kept with all they hold: MiB, and days; 0 days is for ever. */
  readonly deadLetters: { readonly mib: number; readonly days: number };
  /** Heap of the thread that trains, MiB; its own default where undefined. */
  readonly trainingMib: number | undefined;
  /** How long a command that writes waits for a server that went away meanwhile, s. */
  readonly patienceSeconds: number;
  /** File with the rules of alerts; there need not be one, unless the user named it: see {@link requireNamedFiles}. */
  readonly alertsFile: string;
  /** File with what the shop decides about its recommendations; there need not be one. */
  readonly recommendFile: string;
  readonly logLevel: string;
  /** Where the values came from is of no interest to children: they get them through this environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Credentials {
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile: string | undefined;
}

export interface ConfigFlags {
  readonly dataDir?: string | undefined;
  readonly stack?: string | undefined;
  /** The simulated shop beside the one that the other flags and the environment name. */
  readonly demo?: boolean | undefined;
}

/** Where the stores live: in the data folder, on the servers of docker-compose.yml, or wherever the URLs say. */
export const STACKS = ['embedded', 'docker', 'services'] as const;
export type Stack = (typeof STACKS)[number];

/** The servers of docker-compose.yml, which listen on this machine only. */
const LOCAL_SERVERS = {
  log: 'kafka://127.0.0.1:9092/ecom.events',
  documents: 'mongodb://127.0.0.1:27017/ecom',
  live: 'redis://127.0.0.1:6379/0',
} as const;

/** File of the data folder that says which stack `ecom up` was started with last. */
const STACK_FILE = 'stack';

/**
 * Resolves the configuration from flags, then environment, then defaults.
 * @throws EcomError `USAGE` where a value is not one that the setting takes.
 */
export function loadConfig(flags: ConfigFlags = {}, env = processEnvironment()): Config {
  const folders = [folderName('--data-dir', flags.dataDir), folderName('ECOM_DATA_DIR', env.ECOM_DATA_DIR)];
  const shopDir = shopFolder(folders[0], { ECOM_DATA_DIR: folders[1] });
  const isDemo = flags.demo === true;
  const dataDir = isDemo ? join(shopDir, DEMO_FOLDER) : shopDir;
  const synchronous = oneOf(
    'ECOM_SQLITE_SYNCHRONOUS',
    env.ECOM_SQLITE_SYNCHRONOUS,
    ['normal', 'full'] as const,
    'normal',
  );
  const driver = oneOf(
    'ECOM_SQLITE_DRIVER',
    env.ECOM_SQLITE_DRIVER,
    ['auto', 'node', 'better-sqlite3', 'libsql'] as const,
    'auto',
  );
  const logLevel = oneOf(
    'ECOM_LOG_LEVEL',
    env.ECOM_LOG_LEVEL,
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const,
    'info',
  );
  const kafkaMessages = oneOf(
    'ECOM_KAFKA_MESSAGES',
    env.ECOM_KAFKA_MESSAGES,
    ['packed', 'single'] as const,
    'packed',
  );
  const currency = env.ECOM_CURRENCY ?? 'USD';
  if (!/^[A-Z]{3}$/.test(currency)) {
    throw new EcomError('USAGE', `ECOM_CURRENCY is '${currency}', which is not a currency code`, {
      hint: 'use three capital letters such as USD, EUR or GBP',
    });
  }
  const properties = propertyNames(env.ECOM_PROPERTIES);
  const timeZone = env.ECOM_TIMEZONE || 'UTC';
  const placeholderIds = placeholders(env.ECOM_PLACEHOLDER_IDS);
  const partitions = wholeNumber('ECOM_PARTITIONS', env.ECOM_PARTITIONS, 1, 256);
  const logDays = wholeNumber('ECOM_LOG_DAYS', env.ECOM_LOG_DAYS, 1, MAX_DAYS);
  const eventDays = wholeNumber('ECOM_EVENT_DAYS', env.ECOM_EVENT_DAYS, 0, MAX_DAYS) ?? 30;
  const deadLetters = {
    mib: wholeNumber('ECOM_DEAD_LETTERS_MIB', env.ECOM_DEAD_LETTERS_MIB, 1, 1_048_576) ?? 256,
    days: wholeNumber('ECOM_DEAD_LETTERS_DAYS', env.ECOM_DEAD_LETTERS_DAYS, 0, MAX_DAYS) ?? 30,
  };
  const trainingMib = wholeNumber('ECOM_TRAINING_MIB', env.ECOM_TRAINING_MIB, 4, 1_048_576);
  const patienceSeconds = wholeNumber('ECOM_PATIENCE', env.ECOM_PATIENCE, 0, 86_400) ?? 600;
  const stack = readStack(flags.stack ?? env.ECOM_STACK, dataDir);
  const servers = stack === 'embedded' ? undefined : LOCAL_SERVERS;
  // Who asks for the embedded stack by name means it, whatever the environment says.
  const urls = flags.stack === 'embedded' ? {} : env;
  const beside = isDemo ? demoUrl : (url: string): string => url;
  // What the user's shop decides is not for the simulated one.
  const files = isDemo ? {} : env;
  const named = {
    timeZone: !!env.ECOM_TIMEZONE,
    properties: !!env.ECOM_PROPERTIES,
    alertsFile: !!files.ECOM_ALERTS_FILE,
    recommendFile: !!files.ECOM_RECOMMEND_FILE,
  };
  const config = {
    dataDir,
    stack,
    logUrl: beside(portUrl('ECOM_LOG_URL', urls.ECOM_LOG_URL, servers?.log)),
    documentsUrl: beside(portUrl('ECOM_DOCUMENTS_URL', urls.ECOM_DOCUMENTS_URL, servers?.documents)),
    liveUrl: beside(portUrl('ECOM_LIVE_URL', urls.ECOM_LIVE_URL, servers?.live)),
    credentials: {
      kafka: credentials(env.ECOM_KAFKA_USERNAME, env.ECOM_KAFKA_PASSWORD, env.ECOM_KAFKA_CA_FILE),
      mongodb: credentials(env.ECOM_MONGODB_USERNAME, env.ECOM_MONGODB_PASSWORD, env.ECOM_MONGODB_CA_FILE),
      redis: credentials(env.ECOM_REDIS_USERNAME, env.ECOM_REDIS_PASSWORD, env.ECOM_REDIS_CA_FILE),
    },
    kafkaMessages,
    currency,
    layout: { timeZone, properties },
    placeholderIds,
    named,
    synchronous,
    sqliteDriver: driver === 'auto' ? undefined : driver,
    partitions,
    logDays,
    eventDays,
    deadLetters,
    trainingMib,
    patienceSeconds,
    alertsFile: resolve(files.ECOM_ALERTS_FILE || join(dataDir, 'alerts.json')),
    recommendFile: resolve(files.ECOM_RECOMMEND_FILE || join(dataDir, 'recommend.json')),
    logLevel,
  };
  return {
    ...config,
    env: {
      ECOM_DATA_DIR: dataDir,
      ECOM_LOG_URL: config.logUrl,
      ECOM_DOCUMENTS_URL: config.documentsUrl,
      ECOM_LIVE_URL: config.liveUrl,
      ECOM_KAFKA_MESSAGES: kafkaMessages,
      ECOM_CURRENCY: currency,
      ...(named.timeZone && { ECOM_TIMEZONE: timeZone }),
      ...(named.properties && { ECOM_PROPERTIES: properties.join(',') || 'none' }),
      ECOM_SQLITE_SYNCHRONOUS: synchronous,
      ECOM_SQLITE_DRIVER: driver,
      ECOM_STACK: stack,
      ECOM_EVENT_DAYS: String(eventDays),
      ECOM_DEAD_LETTERS_MIB: String(deadLetters.mib),
      ECOM_DEAD_LETTERS_DAYS: String(deadLetters.days),
      ECOM_PATIENCE: String(patienceSeconds),
      // Empty where it is that of the data folder, whatever this process has.
      ECOM_ALERTS_FILE: named.alertsFile ? config.alertsFile : '',
      ECOM_RECOMMEND_FILE: named.recommendFile ? config.recommendFile : '',
      ...(trainingMib === undefined ? {} : { ECOM_TRAINING_MIB: String(trainingMib) }),
      ...(partitions === undefined ? {} : { ECOM_PARTITIONS: String(partitions) }),
      ...(logDays === undefined ? {} : { ECOM_LOG_DAYS: String(logDays) }),
      ECOM_LOG_LEVEL: logLevel,
    },
  };
}

/**
 * Makes sure that the files are there which the user named: without them nobody would be told, and nothing be left out.
 * @throws EcomError `USAGE`
 */
export function requireNamedFiles({ named, alertsFile, recommendFile }: Config): void {
  const missing =
    named.alertsFile && !existsSync(alertsFile)
      ? `ECOM_ALERTS_FILE is ${alertsFile}`
      : named.recommendFile && !existsSync(recommendFile)
        ? `ECOM_RECOMMEND_FILE is ${recommendFile}`
        : undefined;
  if (missing === undefined) return;
  throw new EcomError('USAGE', `${missing}, where there is no file`, {
    hint: 'create it, or unset the variable: a file in the data folder need not be there',
  });
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
  return { ...processEnvironment(), ...config.env };
}

/** Variables of the environment that a program of the user's own gets: none of ours, which may be secret. */
const PLAIN_VARIABLES =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_[A-Z]+|TZ|TMPDIR|DISPLAY|WAYLAND_DISPLAY|XDG_RUNTIME_DIR|DBUS_SESSION_BUS_ADDRESS|SystemRoot)$/;

/** The environment of a program that is not ours: just what it takes to run. */
export function plainEnvironment(env = processEnvironment()): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => PLAIN_VARIABLES.test(name)));
}

/** A variable that the user's own settings name; `undefined` where it is not set. */
export function environmentVariable(name: string, env = processEnvironment()): string | undefined {
  return env[name];
}

/** Settings that hold before, and without, a valid configuration. */
export function readTerminalSettings(env = processEnvironment()): {
  colour: boolean;
  debug: boolean;
  /** Whether the terminal has lines only, and no screen that can be drawn on. */
  dumb: boolean;
} {
  const dumb = env.TERM === 'dumb';
  return { colour: !env.NO_COLOR && !dumb, debug: env.ECOM_LOG_LEVEL === 'debug', dumb };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  ECOM_LOG_URL: LOCAL_SERVERS.log,
  ECOM_DOCUMENTS_URL: LOCAL_SERVERS.documents,
  ECOM_LIVE_URL: LOCAL_SERVERS.live,
};
/** A URL whose host is empty, whatever user, password and port it has. */
const NO_HOST = /^[^:]+:(?!\/\/)|^[^:]+:\/\/([^/?#]*@)?(:\d*)?([/?#]|$)/;

/** An empty name would be the folder that one happens to be in. */
function folderName(setting: string, value: string | undefined): string | undefined {
  if (value === undefined || value.trim() !== '') return value;
  throw new EcomError('USAGE', `${setting} is empty`, {
    hint: 'name a folder, or leave it out for the platform’s own',
  });
}

function portUrl(name: string, value: string | undefined, fallback = 'sqlite:'): string {
  const url = value || fallback;
  if (!/^[a-z][a-z0-9+.-]*:/.test(url)) {
    throw new EcomError('USAGE', `${name} is not a URL`, { hint: `unset ${name} to use the embedded store` });
  }
  if (url.startsWith('sqlite:') && url !== 'sqlite:') {
    throw new EcomError(
      'USAGE',
      `${name} names a place for the embedded store, which lies in the data folder`,
      {
        hint: `use sqlite: alone, and --data-dir DIR or ECOM_DATA_DIR for the folder`,
      },
    );
  }
  // Never the URL itself: it may hold a password.
  if (url !== 'sqlite:' && NO_HOST.test(url)) {
    throw new EcomError('USAGE', `${name} names no host`, {
      hint: `write it like ${EXAMPLES[name]}`,
    });
  }
  return url;
}

function credentials(username?: string, password?: string, caFile?: string): Credentials {
  // To open a pipe waits for somebody who writes to it.
  if (caFile && statSync(caFile, { throwIfNoEntry: false })?.isFile() === false) {
    throw new EcomError('USAGE', `${caFile} is no file`, {
      hint: 'name the PEM file of the authority that signed the certificate of the server',
    });
  }
  return { username: username || undefined, password: password || undefined, caFile: caFile || undefined };
}

const MAX_DAYS = 36_500;
const MAX_PROPERTIES = 8;
/** What numbers are broken down by anyway. */
const OWN_NAMES: readonly string[] = [
  'product',
  'category',
  'brand',
  'query',
  'recommender',
  'type',
  'totals',
  'none',
];

/** What every object has, or its class: it would be found where nobody sent it. */
function isBuiltIn(name: string): boolean {
  return name in Object.prototype || name === 'prototype';
}

/** `country` where nothing is said. */
function propertyNames(value: string | undefined): string[] {
  if (value === undefined || value === '') return ['country'];
  if (value === 'none') return [];
  const names = value.split(',').map((name) => name.trim());
  const wrong = names.find(
    (name, i) =>
      !/^[\w.-]{1,64}$/.test(name) || OWN_NAMES.includes(name) || isBuiltIn(name) || names.indexOf(name) < i,
  );
  if (wrong !== undefined || names.length > MAX_PROPERTIES) {
    const why = wrong === undefined ? `names ${names.length} properties` : `cannot have '${wrong}'`;
    throw new EcomError('USAGE', `ECOM_PROPERTIES ${why}`, {
      hint: `use up to ${MAX_PROPERTIES} names of properties, each once, such as country,device; or none`,
    });
  }
  return names;
}

/** The usual ones where nothing is said, none for `none`; `usual` among others stands for those. */
function placeholders(value: string | undefined): readonly string[] {
  if (value === undefined || value.trim() === '') return DEFAULT_PLACEHOLDERS;
  if (value.trim() === 'none') return [];
  const words = value.split(',').map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .flatMap((word) => (word === 'usual' ? DEFAULT_PLACEHOLDERS : [word]));
}

function wholeNumber(
  name: string,
  value: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (value === undefined || value === '') return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new EcomError('USAGE', `${name} is '${value}'`, {
    hint: `use a whole number from ${least} to ${most}`,
  });
}

/** The stack that was asked for, else the one that `ecom up` remembered in the data folder. */
function readStack(wanted: string | undefined, dataDir: string): Stack {
  if (wanted !== undefined && wanted !== '') return oneOf('the stack', wanted, STACKS, 'embedded');
  let remembered: string | undefined;
  try {
    const path = join(dataDir, STACK_FILE);
    // A pipe would keep every command waiting, before one can say what is wrong with it.
    if (statSync(path).isFile()) remembered = readFileSync(path, 'utf8').trim();
  } catch {
    // None was remembered.
  }
  return STACKS.find((stack) => stack === remembered) ?? 'embedded';
}

/** Remembers the stack for the commands that come later; the URLs and what is secret in them are not written down. */
export function rememberStack({ dataDir, stack }: Config): void {
  const path = join(dataDir, STACK_FILE);
  if (stack === 'embedded') rmSync(path, { force: true });
  else writeFileSync(path, `${stack}\n`, { mode: 0o600 });
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
