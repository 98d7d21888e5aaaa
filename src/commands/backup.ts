import { createHash } from 'node:crypto';
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { chmod, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Config } from '../config.ts';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { storageError } from '../pipeline/sqlite/database.ts';
import { openConnection } from '../pipeline/sqlite/driver.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { VERSION } from '../version.ts';
import { MANIFEST_FILE, type Manifest } from './backup-manifest.ts';
import { type CommandContext } from './context.ts';
import { printJson, write } from './output.ts';
import { requireData } from './require-data.ts';
import { withSpinner } from './spinner.ts';
import { isEmbedded, PORTS, shownUrl } from './store-check.ts';

/** The log last: a copy of what is counted never reaches beyond the copy of the log. */
const ORDER = ['live', 'documents', 'log'] as const;
/** What a data folder holds beside the stores, and is not made anew: settings and the lists that they name, as far as they are small. */
const NO_SETTINGS = /\.db(\.rebuild)?(-wal|-shm|-journal)?$|\.(gz|tgz|tar|sock|lock|log)$/;
const MAX_SETTINGS_BYTES = 16 * 2 ** 20;
/** How long a copy waits for a store that is locked, ms. */
const BUSY_TIMEOUT_MS = 15_000;

/**
 * Writes the embedded stores and the settings of the data folder into one archive, while the shop runs or not. It is written
 * beside the file and renamed in one step, so that the file is always a whole back-up.
 * @throws EcomError `NOT_FOUND` where there is nothing, `USAGE` where all stores are on servers, `STORAGE` where it cannot be written
 */
export async function backup(
  context: CommandContext,
  file: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const { config, stdout, stderr, signal } = context;
  const elsewhere = PORTS.filter((port) => !isEmbedded(config, port)).map((port) => shownUrl(config, port));
  if (elsewhere.length === PORTS.length) {
    throw new EcomError('USAGE', `all stores are on servers, which have back-ups of their own`, {
      hint: 'docs/operations.md says what to keep of each',
    });
  }
  requireData(config);
  const target = resolve(file);
  const manifest = await withSpinner(context, 'copying', () =>
    writeBackup(config, target, elsewhere, signal),
  );
  const bytes = (await stat(target)).size;
  for (const url of manifest.notIncluded)
    stderr.write(`not in it: ${url}, which is to be backed up on its server\n`);
  if (options.json === true) {
    await printJson(stdout, { ...manifest, file: target, bytes });
    return;
  }
  const names = manifest.files.map(({ name }) => name).join(', ');
  await write(stdout, `${target}: ${(bytes / 2 ** 20).toFixed(1)} MiB, with ${names}\n`);
}

async function writeBackup(
  config: Config,
  target: string,
  notIncluded: readonly string[],
  signal: AbortSignal,
): Promise<Manifest> {
  if (existsSync(target) && !statSync(target).isFile()) throw cannotWrite(target, `it is no file`);
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    const names: string[] = [];
    for (const port of ORDER) {
      const source = join(config.dataDir, STORE_FILES[port]);
      if (!isEmbedded(config, port) || !existsSync(source)) continue;
      signal.throwIfAborted();
      copyDatabase(config, source, join(folder, STORE_FILES[port]));
      names.push(STORE_FILES[port]);
    }
    for (const name of settingsFiles(config.dataDir)) {
      copyFileSync(join(config.dataDir, name), join(folder, name));
      names.push(name);
    }
    const files = [];
    for (const name of names) {
      signal.throwIfAborted();
      const path = join(folder, name);
      files.push({ name, size: statSync(path).size, sha256: await digestOf(path) });
    }
    const createdAt = new Date().toISOString();
    const manifest: Manifest = { schema: 'ecom.backup/1', version: VERSION, createdAt, files, notIncluded };
    await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    const archive = join(folder, 'archive.tar.gz');
    const { create } = await import('tar');
    await pipeline(
      create({ gzip: true, portable: true, cwd: folder }, [MANIFEST_FILE, ...names]),
      createWriteStream(archive, { flags: 'wx', mode: 0o600, flush: true }),
      { signal },
    );
    await chmod(archive, 0o600);
    await rename(archive, target);
    return manifest;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof EcomError) throw error;
    throw cannotWrite(target, isFull(error) ? 'the disk is full' : errorMessage(error), error);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function isFull(error: unknown): boolean {
  return /ENOSPC|EDQUOT|EFBIG|SQLITE_FULL|disk is full/.test(
    `${errorCode(error) ?? ''} ${errorMessage(error)}`,
  );
}

function cannotWrite(target: string, why: string, cause?: unknown): EcomError {
  return new EcomError('STORAGE', `cannot write ${target}: ${why}`, {
    hint: 'nothing was left behind; choose a folder with room for the data and its archive',
    cause,
  });
}

/** A copy as of one moment, whatever is written meanwhile, of a file that is not changed. */
function copyDatabase(config: Config, source: string, copy: string): void {
  const connection = openConnection(source, { timeout: BUSY_TIMEOUT_MS }, config.sqliteDriver);
  try {
    connection.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    connection.prepare('VACUUM INTO ?').run(copy);
  } catch (error) {
    // What fails to be written is the copy; the rest is said of the store.
    throw isFull(error) || /SQLITE_IOERR|disk I\/O/.test(`${errorCode(error)} ${errorMessage(error)}`)
      ? error
      : storageError(error, source);
  } finally {
    connection.close();
  }
}

function settingsFiles(dataDir: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => !name.startsWith('.') && !NO_SETTINGS.test(name) && name !== MANIFEST_FILE)
    .filter((name) => {
      const found = statSync(join(dataDir, name), { throwIfNoEntry: false });
      return found?.isFile() === true && found.size <= MAX_SETTINGS_BYTES;
    })
    .sort();
}

/** SHA-256 of a file, in hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
