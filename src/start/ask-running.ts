import { lstatSync, statSync } from 'node:fs';
import { BUILD } from '../build.ts';
import {
  MAX_REQUEST_BYTES,
  MAX_RESPONSE_BYTES,
  socketInFolder,
} from '../pipeline/supervisor/control-path.ts';
import {
  type Reading,
  type ReadingRequest,
  type ReadRequest,
  type ReadResponse,
} from '../pipeline/supervisor/reading-request.ts';

/** Longest wait for a running `ecom up`, ms: it may be stopped, or busy. The command itself is never far. */
const PATIENCE_MS = 750;

/** Asks the `ecom up` of a data folder; `undefined` where none runs there, or it leaves the answer to the command itself. */
export async function askRunning(dataDir: string, request: ReadingRequest): Promise<Reading | undefined> {
  const path = socketInFolder(dataDir);
  if (path === undefined || !isOwn(dataDir, path)) return undefined;
  const line = `${JSON.stringify({ command: 'read', build: BUILD, ...request } satisfies ReadRequest)}\n`;
  if (Buffer.byteLength(line) > MAX_REQUEST_BYTES) return undefined;
  const answer = await exchange(path, line);
  try {
    const response = JSON.parse(answer) as ReadResponse;
    // An older one refuses what it does not know, and says so in another way.
    return response.ok && Array.isArray(response.output) ? response : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the socket is there, and nobody but its user can have put it there. */
function isOwn(dataDir: string, path: string): boolean {
  const socket = lstatSync(path, { throwIfNoEntry: false });
  if (socket?.isSocket() !== true) return false;
  const folder = statSync(dataDir);
  const own = process.getuid?.();
  return socket.uid === own && folder.uid === own && (folder.mode & 0o022) === 0;
}

/** @returns all that came before the line's end, or before patience did: then it is no JSON */
function exchange(path: string, line: string): Promise<string> {
  const { connect } = process.getBuiltinModule('node:net');
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = '';
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.endsWith('\n') || answer.length > MAX_RESPONSE_BYTES) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
    socket.write(line);
  });
}
