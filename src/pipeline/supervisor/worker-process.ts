import { type ChildProcess, fork } from 'node:child_process';
import { type FromWorker, type ToWorker, type WorkerMetrics, type WorkerOptions } from './messages.ts';
import { type Timings } from './restart-policy.ts';

export interface WorkerProcessOptions {
  readonly worker: WorkerOptions;
  /** How often it has been started again. */
  readonly restarts: number;
  /** Absolute path of the workers' entry. */
  readonly workerFile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Open file that takes what the process itself writes, such as the last words of a crash. */
  readonly output: number;
  readonly timings: Timings;
  onReady(): void;
  onHeartbeat(metrics: WorkerMetrics): void;
  /** Called once, when the process is gone. */
  onEnd(end: ProcessEnd): void;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why, in words: what the worker said, or what the supervisor saw. */
  readonly reason: string;
  readonly hint: string | undefined;
  /** Whether the worker said that it is not to be started again. */
  readonly final: boolean;
}

/** One life of a worker. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Asks it to finish, and kills it where it doesn't in time. */
  stop(): void;
}

/**
 * Room for a micro-batch's objects to die young in, and a bound that makes the collector keep the rest small, MB. What a
 * worker needs at once is less than half of the bound.
 */
export const NODE_ARGUMENTS = ['--max-semi-space-size=32', '--max-old-space-size=160'] as const;

/** The names of shoppers and products, and the lists of a large catalogue while they are published. The last one given holds. */
const RECOMMENDER_HEAP = '--max-old-space-size=512';

const WATCH_MS = 1000;

/** Forks a worker and watches over it until it ends. */
export function launchWorker(options: WorkerProcessOptions): WorkerProcess {
  const { timings } = options;
  const child = fork(options.workerFile, [], {
    env: options.env,
    execArgv: [...NODE_ARGUMENTS, ...(options.worker.component === 'recommender' ? [RECOMMENDER_HEAP] : [])],
    stdio: ['ignore', options.output, options.output, 'ipc'],
  });
  let said: { message: string; hint?: string; final?: boolean } | undefined;
  let seen: string | undefined;
  let ready = false;
  let ended = false;
  const timers = new Set<NodeJS.Timeout>();

  const kill = (why: string): void => {
    seen ??= why;
    child.kill('SIGKILL');
  };
  const later = (ms: number, work: () => void): NodeJS.Timeout => {
    const timer = setTimeout(work, ms);
    timers.add(timer);
    return timer;
  };
  const end = (code: number | null, signal: string | null): void => {
    if (ended) return;
    ended = true;
    for (const timer of timers) clearTimeout(timer);
    watch.stop();
    const reason = said?.message ?? seen ?? endText(code, signal);
    options.onEnd({ code, signal, reason, hint: said?.hint, final: said?.final === true });
  };

  const startLimit = later(timings.readyMs, () => kill(`not ready within ${timings.readyMs / 1000} s`));
  const watch = createWatch(timings.silenceMs, () => kill(`silent for ${timings.silenceMs / 1000} s`));
  child.on('message', (message: FromWorker) => {
    watch.heard();
    if (message.type === 'failed') said = message;
    if (message.type === 'heartbeat') options.onHeartbeat(message.metrics);
    if (message.type !== 'ready' || ready) return;
    ready = true;
    clearTimeout(startLimit);
    watch.start();
    options.onReady();
  });
  child.on('error', (error) => {
    seen ??= error.message;
    if (child.pid === undefined) end(null, null);
  });
  child.on('exit', end);
  send(child, { type: 'start', options: options.worker, restarts: options.restarts });

  return {
    pid: child.pid,
    stop() {
      if (ended) return;
      clearTimeout(startLimit);
      send(child, { type: 'stop' });
      later(timings.stopMs, () => kill(`did not stop within ${timings.stopMs / 1000} s`));
    },
  };
}

/** What only its end tells of a process. */
function endText(code: number | null, signal: string | null): string {
  if (signal === null) return `ended with code ${code}`;
  // So a process ends that needs more heap than it may have; what it wrote is in its log.
  return signal === 'SIGABRT' ? 'killed by SIGABRT, as where its memory is full' : `killed by ${signal}`;
}

/** Counts ticks, not time, so that a machine that slept does not make its workers look silent. */
function createWatch(silenceMs: number, silent: () => void): { start(): void; heard(): void; stop(): void } {
  let ticks = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer = setInterval(() => {
        ticks += 1;
        if (ticks * WATCH_MS > silenceMs) silent();
      }, WATCH_MS);
    },
    heard() {
      ticks = 0;
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** A message to a process that is just ending is lost, and that is all right: its end is reported. */
function send(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => {});
}
