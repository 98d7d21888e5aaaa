import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { socketInFolder } from './control-path.ts';

/**
 * Where the supervisor of a data folder listens: in the folder, or, where that path is longer than the system takes, under
 * the temporary folder in a directory of the user's own.
 */
export function controlSocketPath(config: Pick<Config, 'dataDir'>): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\ecom-${digest(config.dataDir)}`;
  return (
    socketInFolder(config.dataDir) ??
    join(tmpdir(), `ecom-${userInfo().uid}`, `${digest(config.dataDir)}.sock`)
  );
}

/**
 * Makes sure that the socket's folder is there and nobody else can put a socket into it.
 * @throws EcomError `CONFLICT` where the folder belongs to another user or is open to others.
 */
export function ensureSocketDir(config: Pick<Config, 'dataDir'>, path: string): void {
  const dir = dirname(path);
  if (process.platform === 'win32' || dir === config.dataDir) return;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (!isPrivate(dir)) {
    throw new EcomError('CONFLICT', `the folder ${dir} for the control socket is open to other users`, {
      hint: 'remove that folder, or choose a shorter path with --data-dir DIR',
    });
  }
}

/**
 * Makes sure that no folder lies where the socket is to be; what else is there is replaced.
 * @throws EcomError `CONFLICT`
 */
export function requireSocketPlace(path: string): void {
  if (process.platform === 'win32') return;
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  throw new EcomError('CONFLICT', `${path}, where the control socket is to be, is a folder`, {
    hint: 'look at it, and move it away: ecom up puts its socket there',
  });
}

/** Whether a socket at this path can be trusted: its folder is the data folder, or only ours to write. */
export function isTrustedSocket(config: Pick<Config, 'dataDir'>, path: string): boolean {
  const dir = dirname(path);
  return process.platform === 'win32' || dir === config.dataDir || isPrivate(dir);
}

function isPrivate(dir: string): boolean {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === userInfo().uid && (stat.mode & 0o077) === 0;
}

function digest(dataDir: string): string {
  let real = dataDir;
  try {
    real = realpathSync(dataDir);
  } catch {
    // A folder that is not there has no socket either.
  }
  return createHash('sha256').update(real).digest('hex').slice(0, 16);
}
