import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Config, ensureDataDir } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { storageError } from '../pipeline/sqlite/database.ts';
import { type Connection, openConnection } from '../pipeline/sqlite/driver.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { acquireInstanceLock } from '../pipeline/supervisor/instance-lock.ts';
import { digestOf } from './backup.ts';
import { isPlainName, MANIFEST_FILE, type Manifest, parseManifest } from './backup-manifest.ts';
import { type CommandContext } from './context.ts';
import { folderOption } from './folder-option.ts';
import { printJson, write } from './output.ts';
import { withSpinner } from './spinner.ts';
import { checkStores, partitionsBeyondLog } from './store-check.ts';

/** In the order in which files leave the folder; the reverse of it is that in which others come: numbers never lie without their log. */
const STORES = [STORE_FILES.live, STORE_FILES.documents, STORE_FILES.log];
const COMPANIONS = ['', '-wal', '-shm', '-journal'];
/** What numbers with a filter are kept in: made again from the log when it is asked for. */
const VIEWS = 'views';
const MAX_FILES = 100;
/** An archive that unpacks to more is none of ours: a database of events packs to a tenth, not to a thousandth. */
const MAX_RATIO = 500;
const SPARE_BYTES = 64 * 2 ** 20;

/**
 * Puts a back-up into the data folder. It is unpacked beside what is there and verified as a whole before anything is replaced.
 * @throws EcomError `CONFLICT` where something runs, or data is there and `force` is not given; `NOT_FOUND`, `INPUT` where the
 * file is no back-up or a damaged one; `STORAGE` where it cannot be written. Nothing is changed then.
 */
export async function restore(
  context: CommandContext,
  file: string,
  options: { readonly force?: boolean; readonly json?: boolean },
): Promise<void> {
  const { config, stdout, stderr, signal } = context;
  const { dataDir } = config;
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new EcomError('NOT_FOUND', `there is no file ${file}`, { hint: 'name one that ecom backup wrote' });
  }
  const isNew = !existsSync(dataDir);
  ensureDataDir(config);
  let done = false;
  try {
    const lock = acquireInstanceLock(config);
    if (lock === undefined) throw inUse(dataDir);
    try {
      const manifest = await withSpinner(context, 'verifying', () =>
        putBack(config, file, options.force === true, signal),
      );
      done = true;
      for (const url of manifest.notIncluded)
        stderr.write(`not in it: ${url}; it must hold what belongs to this back-up\n`);
      const names = manifest.files.map(({ name }) => name);
      if (options.json === true) await printJson(stdout, { ...manifest, schema: 'ecom.restore/1', dataDir });
      else await write(stdout, `${dataDir}: as of ${manifest.createdAt}, with ${names.join(', ')}\n`);
    } finally {
      lock.release();
    }
  } finally {
    if (isNew && !done) rmSync(dataDir, { recursive: true, force: true });
  }
}

async function putBack(config: Config, file: string, force: boolean, signal: AbortSignal): Promise<Manifest> {
  const { dataDir } = config;
  const present = STORES.filter((name) => existsSync(join(dataDir, name)));
  if (present.length > 0 && !force) throw alreadyThere(dataDir, present);
  const staging = await mkdtemp(join(dataDir, '.restore-'));
  try {
    await unpack(file, staging);
    signal.throwIfAborted();
    const manifest = await verify(config, file, staging);
    signal.throwIfAborted();
    const names = manifest.files.map(({ name }) => name);
    const overwritten = names.filter((name) => existsSync(join(dataDir, name)));
    if (overwritten.length > 0 && !force) throw alreadyThere(dataDir, overwritten);
    for (const name of present) closeFile(config, name);
    replace(dataDir, staging, names);
    return manifest;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof EcomError) throw error;
    if (/ENOSPC|EDQUOT|EFBIG/.test(errorCode(error) ?? '')) {
      throw new EcomError('STORAGE', `cannot restore into ${dataDir}: the disk is full`, {
        hint: 'nothing was changed; free some space, or choose another folder with --data-dir DIR',
        cause: error,
      });
    }
    throw noBackup(file, errorMessage(error), error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Plain files of the archive alone, of plain names, and no more bytes than there is room for. */
async function unpack(file: string, staging: string): Promise<void> {
  const { bavail, bsize } = await statfs(staging);
  const packed = (await stat(file)).size;
  const room = Math.min(bavail * bsize, packed * MAX_RATIO + SPARE_BYTES);
  let [bytes, count] = [0, 0];
  let refused: string | undefined;
  const { extract } = await import('tar');
  await extract({
    file,
    cwd: staging,
    strict: true,
    noMtime: true,
    filter(path, entry) {
      bytes += entry.size ?? 0;
      count += 1;
      const isFile = 'type' in entry && entry.type === 'File';
      if (!isFile || !isPlainName(path)) refused ??= `it holds ${JSON.stringify(path)}`;
      else if (bytes > room || count > MAX_FILES) refused ??= 'it unpacks to more than there is room for';
      return refused === undefined;
    },
  });
  if (refused !== undefined) throw noBackup(file, refused);
}

/** Every file is what the manifest says, every store opens, and nothing is counted that the log does not hold. */
async function verify(config: Config, file: string, staging: string): Promise<Manifest> {
  const path = join(staging, MANIFEST_FILE);
  const manifest = existsSync(path) ? parseManifest(readFileSync(path, 'utf8')) : undefined;
  if (manifest === undefined) throw noBackup(file, `there is no ${MANIFEST_FILE} in it that this ecom knows`);
  for (const { name, size, sha256 } of manifest.files) {
    const found = statSync(join(staging, name), { throwIfNoEntry: false });
    if (found?.size !== size || (await digestOf(join(staging, name))) !== sha256)
      throw noBackup(file, `${name} is not what was backed up`);
    await chmod(join(staging, name), 0o600);
  }
  const urls = { logUrl: 'sqlite:', documentsUrl: 'sqlite:', liveUrl: 'sqlite:' };
  const report = await checkStores({ ...config, ...urls, dataDir: staging });
  const wrong = report.stores.find(({ ok, missing }) => !ok && missing !== true);
  if (wrong !== undefined) throw noBackup(file, wrong.error!.replace(staging, 'in it'));
  if (partitionsBeyondLog(report).length > 0) throw noBackup(file, 'its log is older than its numbers');
  return manifest;
}

/** @throws EcomError `CONFLICT` where another process has the file open: only the last one can leave the WAL mode. */
function closeFile(config: Config, name: string): void {
  const path = join(config.dataDir, name);
  let connection: Connection | undefined;
  try {
    connection = openConnection(path, { timeout: 0 }, config.sqliteDriver);
    connection.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE');
  } catch (error) {
    if (/locked|BUSY/.test(`${errorCode(error) ?? ''} ${errorMessage(error)}`)) throw inUse(config.dataDir);
    // A damaged one is what is to be replaced.
    if (storageError(error, path).cause === undefined) throw error;
  } finally {
    connection?.close();
  }
}

function replace(dataDir: string, staging: string, names: readonly string[]): void {
  const old = join(staging, 'replaced');
  for (const name of STORES)
    for (const companion of COMPANIONS) {
      const path = join(dataDir, name + companion);
      if (existsSync(path)) renameSync(path, `${old}-${name}${companion}`);
    }
  rmSync(join(dataDir, VIEWS), { recursive: true, force: true });
  const rest = names.filter((name) => !STORES.includes(name as (typeof STORES)[number]));
  for (const name of [...rest, ...STORES.filter((store) => names.includes(store)).reverse()])
    renameSync(join(staging, name), join(dataDir, name));
}

function inUse(dataDir: string): EcomError {
  return new EcomError('CONFLICT', `something runs on ${dataDir}`, {
    hint: `ecom down${folderOption({ dataDir })}, and end what else uses the folder: a dashboard, an ingest; or choose another one with --data-dir DIR`,
  });
}

function alreadyThere(dataDir: string, names: readonly string[]): EcomError {
  return new EcomError('CONFLICT', `there is data in ${dataDir}: ${names.join(', ')}`, {
    hint: 'choose another folder with --data-dir DIR, or replace what is there with --force',
  });
}

function noBackup(file: string, why: string, cause?: unknown): EcomError {
  return new EcomError('INPUT', `${basename(file)} is no back-up, or a damaged one: ${why}`, {
    hint: 'nothing was changed; use another one that ecom backup wrote',
    cause,
  });
}
