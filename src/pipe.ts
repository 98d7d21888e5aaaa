import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { EcomError, errorCode } from './errors.ts';

/** Pause between two looks whether somebody reads a pipe, ms. */
const LOOK_MS = 100;

// To open a pipe the usual way blocks a thread until somebody is at its other end, and the process cannot even end meanwhile.

/** What comes out of a pipe or a terminal that a path names; undefined where it names something else. */
export function openPipe(path: string, stats: Stats = statSync(path)): Readable | undefined {
  if (!stats.isFIFO() && !stats.isCharacterDevice()) return undefined;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (stats.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  try {
    return new ReadStream(fd);
  } catch {
    // A device that is no terminal.
    closeSync(fd);
    return undefined;
  }
}

/**
 * The way into a pipe, once somebody reads it.
 * @returns undefined where the path names no pipe
 */
export async function openPipeToWrite(
  path: string,
  context: { readonly signal: AbortSignal },
): Promise<Socket | undefined> {
  if (statSync(path, { throwIfNoEntry: false })?.isFIFO() !== true) return undefined;
  const { signal } = context;
  for (;;) {
    signal.throwIfAborted();
    try {
      const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      return new Socket({ fd, readable: false, writable: true });
    } catch (error) {
      if (errorCode(error) !== 'ENXIO') throw error;
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
  }
}

/**
 * The text of a regular file.
 * @throws EcomError `INPUT` for a pipe or a device, which may have no end; else the system's error
 */
export function readRegularFile(path: string): string {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() && !stats.isDirectory()) {
      throw new EcomError('INPUT', `${path} is a pipe or a device, and no regular file`, {
        hint: 'write what comes from it into a file, and name that',
      });
    }
    return readFileSync(fd, 'utf8');
  } finally {
    closeSync(fd);
  }
}
