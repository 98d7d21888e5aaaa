import { lstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { logsDir } from '../log.ts';
import { isInUse } from '../pipeline/sqlite/database.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { controlSocketPath } from '../pipeline/supervisor/control-socket.ts';
import { acquireInstanceLock } from '../pipeline/supervisor/instance-lock.ts';
import { type CommandContext } from './context.ts';
import { folderOption, shellWord } from './folder-option.ts';
import { tell } from './output.ts';
import { isEmbedded, PORTS, shownUrl } from './store-check.ts';
import { VIEWS_FOLDER } from './view.ts';

/** What SQLite lays beside a file, and what a rebuild that was killed left there. */
const BESIDE = ['', '-wal', '-shm', '-journal', '.rebuild', '.rebuild-wal', '.rebuild-shm'];
const LOG_FILE = /\.log(\.1)?$/;
const VIEW = /^[0-9a-f]{16}$/;

/** Something of ecom's in a data folder. */
interface Found {
  readonly path: string;
  /** For people. */
  readonly what: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Empties a data folder: the embedded stores, views and logs, and nothing that is not ecom's. What the user wrote (rules of alerts,
 * settings of recommendations) stays, as does the simulated shop's folder, and what lies on servers. It asks first.
 * @throws EcomError `CONFLICT` while something uses the folder, `USAGE` where nobody can be asked and `yes` is not given
 */
export async function reset(context: CommandContext, options: { readonly yes?: boolean }): Promise<void> {
  const { config, stderr } = context;
  const found = findOwn(config);
  const onServers = PORTS.filter((port) => !isEmbedded(config, port));
  if (found.length === 0) {
    tell(stderr, `there is nothing of ecom in ${config.dataDir}`);
    untouched(context, onServers);
    return;
  }
  const lock = acquireInstanceLock(config);
  try {
    if (lock === undefined)
      throw inUse(config.dataDir, 'ecom up', `ecom down --data-dir ${shellWord(config.dataDir)}`);
    checkUnused(config);
    tell(stderr, `to be deleted from ${config.dataDir}, for good:`);
    for (const { what, size } of found) tell(stderr, `  ${what}, ${(size / 1e6).toFixed(1)} MB`);
    untouched(context, onServers);
    if (options.yes !== true) await confirm(context);
    // Somebody may have begun while the question stood.
    checkUnused(config);
    for (const { path } of found) rmSync(path, { recursive: true, force: true });
    for (const folder of [logsDir(config), join(config.dataDir, VIEWS_FOLDER)]) removeIfEmpty(folder);
  } finally {
    lock?.release();
  }
  tell(stderr, `deleted; ecom ingest FILE or ecom up begins anew in ${config.dataDir}`);
}

/** What a data folder holds of ecom's, but for the lock that is held meanwhile. */
function findOwn(config: Config): Found[] {
  const { dataDir } = config;
  const stores = Object.values(STORE_FILES).flatMap((name) =>
    BESIDE.map((suffix) => [name + suffix, name + suffix] as const),
  );
  const logs = names(logsDir(config))
    .filter((name) => LOG_FILE.test(name))
    .map((name) => [join('logs', name), `logs/${name}`] as const);
  const views = names(join(dataDir, VIEWS_FOLDER))
    .filter((name) => VIEW.test(name))
    .map((name) => [join(VIEWS_FOLDER, name), `a view for --where`] as const);
  const candidates = [...stores, ...views, ...logs, ['stack', 'which stack was used'] as const];
  const found = candidates.flatMap(([name, what]) => {
    const path = join(dataDir, name);
    return sizeOf(path) === undefined ? [] : [{ path, what, size: sizeOf(path)! }];
  });
  const socket = controlSocketPath(config);
  return found.length > 0 && socket.startsWith(dataDir) && sizeOf(socket) !== undefined
    ? [...found, { path: socket, what: 'a socket', size: 0 }]
    : found;
}

function removeIfEmpty(folder: string): void {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() && readdirSync(folder).length === 0)
    rmdirSync(folder);
}

function names(folder: string): string[] {
  // A link leads to what may be somebody else's.
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(folder);
}

/** Bytes, of a folder those of its files; undefined for what is not there. */
function sizeOf(path: string): number | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) return stats?.size;
  return names(path).reduce((sum, name) => sum + (sizeOf(join(path, name)) ?? 0), 0);
}

/** An ingest, a dashboard or a worker has the stores open, and would go on with files that nobody sees. */
function checkUnused({ dataDir, sqliteDriver }: Config): void {
  for (const name of Object.values(STORE_FILES)) {
    if (isInUse(join(dataDir, name), sqliteDriver))
      throw inUse(dataDir, `another command, which has ${name} open`, 'end it, and try again');
  }
}

function inUse(dataDir: string, who: string, hint: string): EcomError {
  return new EcomError('CONFLICT', `${dataDir} is in use by ${who}`, { hint });
}

function untouched({ config, stderr }: CommandContext, ports: readonly (typeof PORTS)[number][]): void {
  for (const port of ports) tell(stderr, `  stays as it is: the ${port} store, on ${shownUrl(config, port)}`);
  if (ports.length === 0) return;
  const how =
    config.stack === 'docker'
      ? 'ecom down --stack docker --volumes deletes what lies there'
      : 'what lies there may be others’ too: delete the topic, the database or the keys with the servers’ own tools';
  tell(stderr, `  ${how}`);
}

/** @throws EcomError `USAGE` where nobody can be asked, `INTERRUPTED` where the answer is no */
async function confirm({ config, stdin, stderr, signal }: CommandContext): Promise<void> {
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new EcomError('USAGE', 'nothing was deleted: there is no terminal to ask on', {
      hint: `ecom reset${folderOption(config)} --yes deletes without a question`,
    });
  }
  const terminal = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await terminal.question('Delete all of this? [y/N] ', { signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    terminal.close();
  }
  throw new EcomError('INTERRUPTED', 'interrupted', { hint: 'nothing was deleted' });
}
