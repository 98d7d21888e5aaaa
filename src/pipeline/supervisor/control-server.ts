import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { type Config } from '../../config.ts';
import { EcomError, errorMessage } from '../../errors.ts';
import { MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from './control-path.ts';
import { controlSocketPath, ensureSocketDir, requireSocketPlace } from './control-socket.ts';
import { type ControlRequest, type ControlResponse } from './messages.ts';
import { type ReadRequest, type ReadResponse } from './reading-request.ts';

/** Longest wait for a connected client's request, ms. */
const REQUEST_TIMEOUT_MS = 5_000;

export interface ControlServer {
  /** Takes no more requests; resolves once those under way are answered. */
  close(): Promise<void>;
}

/**
 * Answers on the data folder's control socket, which only its owner can open. The caller must hold the instance lock: what
 * lies at the socket's path is then a dead supervisor's, and is removed.
 * @param handle answers a request; what it throws becomes an answer with `ok: false`
 * @param read answers a command that only reads; where absent, each has to be run in the ordinary way
 * @throws EcomError `UNAVAILABLE` where the socket cannot be made
 */
export async function serveControl(
  config: Pick<Config, 'dataDir'>,
  handle: (request: ControlRequest) => Promise<ControlResponse>,
  read: (request: ReadRequest) => Promise<ReadResponse> = async () => ({ ok: false }),
): Promise<ControlServer> {
  const path = controlSocketPath(config);
  const server = createServer({ allowHalfOpen: true }, (socket) => serveSocket(socket, handle, read));
  ensureSocketDir(config, path);
  requireSocketPlace(path);
  if (process.platform !== 'win32') rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new EcomError('UNAVAILABLE', `cannot listen on ${path}: ${cause.message}`, {
          hint: 'see who may write there, or choose another folder with --data-dir DIR',
          cause,
        }),
      ),
    );
    server.once('listening', resolve);
    // The socket is bound within the call, so nobody ever sees it with wider permissions.
    const before = process.umask(0o177);
    server.listen(path);
    process.umask(before);
  });
  return {
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** One request, one answer, and the connection ends. */
function serveSocket(
  socket: Socket,
  handle: (request: ControlRequest) => Promise<ControlResponse>,
  read: (request: ReadRequest) => Promise<ReadResponse>,
): void {
  let text = '';
  let asked = false;
  const answer = (response: ControlResponse | ReadResponse): void => {
    const line = `${JSON.stringify(response)}\n`;
    socket.end(line.length <= MAX_RESPONSE_BYTES ? line : '{"ok":false}\n');
  };
  const ask = async (line: string): Promise<void> => {
    asked = true;
    socket.setTimeout(0);
    try {
      const request = parseControlRequest(line);
      answer(await (request.command === 'read' ? read(request) : handle(request)));
    } catch (error) {
      answer(refusal(error));
    }
  };
  socket.setEncoding('utf8');
  socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy());
  socket.on('error', () => {}); // the client went away: nobody is left to be told
  socket.on('end', () => {
    if (!asked) socket.destroy();
  });
  socket.on('data', (chunk: string) => {
    if (asked) return;
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0 && end <= MAX_REQUEST_BYTES) void ask(text.slice(0, end));
    else if (text.length > MAX_REQUEST_BYTES) {
      asked = true;
      answer(refusal(new EcomError('USAGE', `a request is longer than ${MAX_REQUEST_BYTES} bytes`)));
    }
  });
}

/**
 * Reads a line of the control socket.
 * @throws EcomError `USAGE` where it is no request
 */
export function parseControlRequest(line: string): ControlRequest | ReadRequest {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch (cause) {
    throw new EcomError('USAGE', 'a request must be one line of JSON', { cause });
  }
  const { command, component } = (typeof request === 'object' && request !== null ? request : {}) as Record<
    string,
    unknown
  >;
  switch (command) {
    case 'read':
      return parseReadRequest(request as object);
    case 'status':
    case 'down':
      return { command };
    case 'start':
    case 'stop':
    case 'restart':
      if (typeof component === 'string') return { command, component };
      throw new EcomError('USAGE', `${command} needs the name of a component`);
    default:
      throw new EcomError('USAGE', 'a request must have a command: status, down, start, stop or restart');
  }
}

function parseReadRequest(request: object): ReadRequest {
  const { build, argv, env, terminal } = request as Partial<ReadRequest>;
  const isText = (value: unknown): boolean => typeof value === 'string';
  const isWidth = (value: unknown): boolean => Number.isInteger(value);
  if (
    typeof build === 'string' &&
    Array.isArray(argv) &&
    argv.every(isText) &&
    typeof env === 'object' &&
    env !== null &&
    Object.values(env).every(isText) &&
    isWidth(terminal?.stdout) &&
    isWidth(terminal?.stderr)
  )
    return { command: 'read', build, argv, env, terminal: terminal! };
  throw new EcomError('USAGE', 'read needs build, argv, env and terminal');
}

function refusal(error: unknown): ControlResponse {
  const hint = error instanceof EcomError ? error.hint : undefined;
  return {
    ok: false,
    code: error instanceof EcomError ? error.code : 'UNAVAILABLE',
    message: errorMessage(error),
    ...(hint === undefined ? {} : { hint }),
  };
}
