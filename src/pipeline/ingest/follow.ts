import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from '../../errors.ts';

/** How often it is looked whether a file has grown, ms. */
const LOOK_MS = 250;
/** Who writes a log goes on for a moment with the file that was renamed: so many looks have to find nothing. */
const QUIET_LOOKS = 4;
const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of a file from its beginning, and those that are written to it later. It ends where another file has taken the name, as
 * when a log is rotated, or where the file became shorter: all that was written before is given then.
 * @throws the signal's reason where that is aborted
 */
export async function* followed(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    let position = 0;
    let quiet = 0;
    for (;;) {
      signal.throwIfAborted();
      if ((await file.stat()).size < position) return;
      quiet = (await hasOtherFile(file, path)) ? quiet + 1 : 0;
      for (;;) {
        const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        quiet = 0;
        yield chunk.subarray(0, bytesRead);
        signal.throwIfAborted();
      }
      if (quiet === QUIET_LOOKS) return;
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await file.close();
  }
}

async function hasOtherFile(file: FileHandle, path: string): Promise<boolean> {
  const own = await file.stat();
  try {
    const named = await stat(path);
    return named.ino !== own.ino || named.dev !== own.dev;
  } catch (error) {
    // Renamed, and there is no new one yet.
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
