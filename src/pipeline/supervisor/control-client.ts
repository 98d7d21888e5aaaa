import { connect } from 'node:net';
import { type Config } from '../../config.ts';
import { EcomError, errorCode } from '../../errors.ts';
import { MAX_RESPONSE_BYTES } from './control-path.ts';
import { controlSocketPath, isTrustedSocket } from './control-socket.ts';
import { type ControlRequest, type ControlResponse } from './messages.ts';

/** What connecting says where no supervisor listens: no socket, or one that a dead supervisor left behind. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTDIR', 'ENOTSOCK', 'ECONNRESET', 'EPIPE']);

/**
 * Asks the supervisor of the configuration's data folder.
 * @param timeoutMs longest wait for the answer; starting or stopping a component may take a minute
 * @returns the supervisor's answer; `undefined` where none runs
 * @throws EcomError `UNAVAILABLE` where it runs but does not answer in time or sensibly
 */
export async function requestControl(
  config: Pick<Config, 'dataDir'>,
  request: ControlRequest,
  timeoutMs = request.command === 'status' ? 5_000 : 90_000,
): Promise<ControlResponse | undefined> {
  const path = controlSocketPath(config);
  if (!isTrustedSocket(config, path)) return undefined;
  const line = await exchange(path, `${JSON.stringify(request)}\n`, timeoutMs);
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line) as ControlResponse;
  } catch (cause) {
    throw unavailable(path, 'sends what is no answer', cause);
  }
}

/** Sends a line and reads until the other side ends. */
function exchange(path: string, line: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(
      () => socket.destroy(unavailable(path, `does not answer within ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(line));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.length > MAX_RESPONSE_BYTES) socket.destroy(unavailable(path, 'sends too much'));
    });
    socket.on('error', (error) => {
      clearTimeout(timer);
      const code = errorCode(error);
      if (code !== undefined && NOBODY.has(code)) resolve(undefined);
      else
        reject(error instanceof EcomError ? error : unavailable(path, `cannot be asked: ${error.message}`));
    });
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(answer === '' ? undefined : answer);
    });
  });
}

function unavailable(path: string, what: string, cause?: unknown): EcomError {
  return new EcomError('UNAVAILABLE', `the supervisor at ${path} ${what}`, {
    hint: 'see what it logged with ecom logs supervisor',
    cause,
  });
}
