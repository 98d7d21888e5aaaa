import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { EcomError } from './errors.ts';

/** Why a file or folder is not to be relied on, and what mends that. */
interface Distrust {
  readonly problem: string;
  readonly advice: string;
}

/** What the program itself keeps in the data folder, and what it reads there. */
const OWN_NAME = /^(.+\.db(-wal|-shm|-journal|\.rebuild.*)?|alerts\.json|recommend\.json|stack|logs|views)$/;
/** Bits of a mode that let group or others write. */
const OTHERS_WRITE = 0o022;

/**
 * What lets somebody else decide what is in the data folder: alerts run commands, and numbers are believed. `undefined` where
 * nothing does, there is no folder, or the system has no owners.
 */
export function distrustOf(dataDir: string): Distrust | undefined {
  const folder = statSync(dataDir, { throwIfNoEntry: false });
  if (process.getuid === undefined || folder?.isDirectory() !== true) return undefined;
  // A link to a folder is followed where whoever may follow it has made it.
  const link = lstatSync(dataDir);
  const found =
    (link.isSymbolicLink() ? ownedByOther(dataDir, link, true) : undefined) ?? of(dataDir, folder);
  if (found !== undefined) return found;
  return distrustIn(
    dataDir,
    readdirSync(dataDir).filter((name) => OWN_NAME.test(name)),
  );
}

/** What is wrong with one of these, or with what lies in a folder among them, such as a log that is a link. */
function distrustIn(folder: string, names: readonly string[]): Distrust | undefined {
  for (const name of names) {
    const path = join(folder, name);
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) continue;
    const distrust =
      linked(path, entry) ??
      of(path, entry) ??
      special(path, entry) ??
      (entry.isDirectory() ? distrustIn(path, readdirSync(path)) : undefined);
    if (distrust !== undefined) return distrust;
  }
  return undefined;
}

/** @throws EcomError `STORAGE` where the data folder is there and not to be relied on */
export function requireTrusted(dataDir: string): void {
  const distrust = distrustOf(dataDir);
  if (distrust === undefined) return;
  throw new EcomError('STORAGE', distrust.problem, { hint: distrust.advice });
}

/**
 * The same of a file that may lie anywhere, such as the rules of alerts; root may have written it too.
 * @throws EcomError `INPUT`
 */
export function requireTrustedFile(path: string, file: Stats): void {
  if (process.getuid === undefined) return;
  const distrust = ownedByOther(path, file, true) ?? writable(path, file) ?? special(path, file);
  if (distrust === undefined) return;
  throw new EcomError('INPUT', distrust.problem, { hint: distrust.advice });
}

function of(path: string, entry: Stats): Distrust | undefined {
  return ownedByOther(path, entry, false) ?? writable(path, entry);
}

function linked(path: string, entry: Stats): Distrust | undefined {
  const kind = entry.isSymbolicLink()
    ? 'a link'
    : entry.isFile() && entry.nlink > 1
      ? 'one of several links'
      : '';
  if (kind === '') return undefined;
  return {
    problem: `${path} is ${kind} to a file that may be anybody's`,
    advice: `look at it; put a copy in its place, or remove it`,
  };
}

/** Whoever opens a pipe may wait for ever, and a device may have no end. */
function special(path: string, entry: Stats): Distrust | undefined {
  if (entry.isFile() || entry.isDirectory()) return undefined;
  return { problem: `${path} is no file`, advice: 'look at it, and remove it' };
}

function ownedByOther(path: string, { uid }: Stats, rootToo: boolean): Distrust | undefined {
  const own = process.getuid!();
  if (uid === own || (rootToo && uid === 0)) return undefined;
  return {
    problem: `${path} is owned by ${userName(uid)}, and ecom runs as ${userName(own)}`,
    advice: `run ecom as that user, or, where you trust what is in it: chown -R ${own} ${path}`,
  };
}

function writable(path: string, { mode }: Stats): Distrust | undefined {
  if ((mode & OTHERS_WRITE) === 0) return undefined;
  const who = (mode & 0o002) === 0 ? 'its group' : 'everybody';
  return {
    problem: `${path} can be written by ${who}`,
    advice: `where you trust what is in it: chmod go-w ${path}`,
  };
}

function userName(uid: number): string {
  return uid === 0 ? 'root' : `user ${uid}`;
}
