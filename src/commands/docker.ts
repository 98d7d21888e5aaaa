import { type SpawnOptions, spawn } from 'node:child_process';
import { EcomError, errorCode } from '../errors.ts';
import { packageFile } from '../package-root.ts';
import { stripControls } from '../pipeline/events/text.ts';
import { type CommandContext } from './context.ts';
import { withSpinner } from './spinner.ts';

type DockerContext = Pick<CommandContext, 'stderr' | 'signal'>;

/** Of the containers and volumes; whoever looks at them with Docker's own commands finds them by it. */
const PROJECT = 'ecom';
const EMBEDDED = 'ecom up --stack embedded needs nothing but Node.js';
/** A daemon that hangs is one that does not answer, ms. */
const DIAGNOSIS_MS = 5_000;
const MAX_MESSAGE = 300;
const MAX_LINES = 100;
/** Columns that a line of Docker's progress takes at most, so that the spinner stays on one line. */
const MAX_PROGRESS = 60;

/**
 * Starts the servers of docker-compose.yml, or leaves them as they are where they run, and waits until they are healthy. The
 * first time it fetches their images, which takes minutes.
 * @throws EcomError `UNAVAILABLE` where Docker is not there or fails, `INTERRUPTED`
 */
export async function startServers(context: DockerContext): Promise<void> {
  const { stderr } = context;
  if (!stderr.isTTY) stderr.write('starting the servers with docker compose\n');
  await compose(context, 'starting the servers', ['up', '--detach', '--wait']);
}

/**
 * Stops the servers of docker-compose.yml; where none runs, nothing is done. Their data stays unless `volumes`.
 * @throws EcomError as `startServers`
 */
export async function stopServers(context: DockerContext, { volumes }: { volumes: boolean }): Promise<void> {
  // Without the profile its pages would go on.
  const options = volumes ? ['--volumes'] : [];
  await compose(context, 'stopping the servers', ['down', ...options], ['--profile', 'ui']);
}

async function compose(
  { stderr, signal }: DockerContext,
  text: string,
  command: readonly string[],
  options: readonly string[] = [],
): Promise<void> {
  const file = packageFile('docker-compose.yml');
  const outcome = await withSpinner({ stderr }, text, (say) =>
    docker(
      ['compose', '--file', file, '--project-name', PROJECT, ...options, ...command],
      { signal },
      (line) => say(`${text}: ${line.slice(0, MAX_PROGRESS)}`),
    ),
  );
  if (signal.aborted) {
    throw new EcomError('INTERRUPTED', 'interrupted', {
      hint: 'servers that had been started still run: ecom down --stack docker stops them',
    });
  }
  if (outcome.code !== 0) throw await diagnose(outcome, signal);
}

interface Outcome {
  /** Exit code; `undefined` where it could not be started, or was ended by a signal. */
  readonly code: number | undefined;
  /** The last lines of its standard error, none empty. */
  readonly lines: readonly string[];
  readonly error?: Error;
}

/** Runs docker to its end, or until its limits end it; never rejects. */
function docker(
  args: readonly string[],
  limits: Pick<SpawnOptions, 'signal' | 'timeout' | 'killSignal'>,
  said?: (line: string) => void,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const lines: string[] = [];
    let rest = '';
    let error: Error | undefined;
    const child = spawn('docker', args, { ...limits, stdio: ['ignore', 'ignore', 'pipe'] });
    const take = (text: string): void => {
      // Progress is overwritten in place, so a carriage return ends a line too.
      const parts = (rest + text).split(/[\r\n]+/);
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const line = plainText(part);
        if (line === '') continue;
        lines.push(line);
        if (lines.length > MAX_LINES) lines.shift();
        said?.(line);
      }
    };
    child.stderr!.setEncoding('utf8').on('data', take);
    child.on('error', (cause) => {
      error ??= cause;
      // One that could be started closes after this.
      if (child.pid === undefined) resolve({ code: undefined, lines, error });
    });
    child.on('close', (code) => {
      take('\n');
      resolve({ code: code ?? undefined, lines, ...(error === undefined ? {} : { error }) });
    });
  });
}

/** Without colours, cursor movements and other control characters. */
function plainText(text: string): string {
  return stripControls(text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '')).trim();
}

/** Why docker compose failed: asks Docker itself, whose words differ from version to version. */
async function diagnose({ error, lines }: Outcome, signal: AbortSignal): Promise<EcomError> {
  const unavailable = (message: string, hint: string): EcomError =>
    new EcomError('UNAVAILABLE', message, { hint, ...(error === undefined ? {} : { cause: error }) });
  if (error !== undefined) {
    const why = errorCode(error) === 'ENOENT' ? 'it is not installed, or not in the PATH' : error.message;
    return unavailable(`cannot run docker: ${why}`, `install Docker with its compose plugin; or ${EMBEDDED}`);
  }
  const ask = (...args: string[]): Promise<Outcome> =>
    docker(args, { signal, timeout: DIAGNOSIS_MS, killSignal: 'SIGKILL' });
  if ((await ask('compose', 'version')).code !== 0) {
    return unavailable('this docker has no compose plugin', `install docker compose; or ${EMBEDDED}`);
  }
  const daemon = await ask('version', '--format', '{{.Server.Version}}');
  if (daemon.code !== 0) {
    const why = lastError(daemon.lines) ?? 'it does not answer';
    return unavailable(`Docker’s daemon cannot be reached: ${why}`, `start Docker; or ${EMBEDDED}`);
  }
  const why = lastError(lines) ?? 'it does not say why';
  const taken = /port is already allocated|address already in use/i.test(why);
  return unavailable(
    `docker compose failed: ${why}`,
    taken
      ? `end what listens on that port, or set ECOM_LOG_URL, ECOM_DOCUMENTS_URL and ECOM_LIVE_URL to servers of your own`
      : `docker compose -p ${PROJECT} logs says more; ${EMBEDDED}`,
  );
}

/** The last line that reads like an error, else the last of all. */
function lastError(lines: readonly string[]): string | undefined {
  const telling = lines.filter((line) => /error|fail|cannot|denied|unhealthy|not found|no such/i.test(line));
  return (telling.at(-1) ?? lines.at(-1))?.replace(/^Error response from daemon: /, '').slice(0, MAX_MESSAGE);
}
