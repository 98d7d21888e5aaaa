import { join } from 'node:path';

/** Longest request or response line, bytes. */
export const MAX_REQUEST_BYTES = 4096;
export const MAX_RESPONSE_BYTES = 1024 * 1024;

/** The kernel's limit is 108 bytes on Linux and 104 on macOS, with the closing zero. */
const MAX_SOCKET_PATH_BYTES = 103;

/** The control socket in a data folder; `undefined` where the system has none in folders, or takes no such path. */
export function socketInFolder(dataDir: string): string | undefined {
  const path = join(dataDir, 'control.sock');
  return process.platform === 'win32' || Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES ? undefined : path;
}
