// Entry of a worker's process. It talks to the supervisor over IPC and ends when that is gone.
import { loadConfig } from '../../config.ts';
import { EcomError, errorMessage } from '../../errors.ts';
import { createLogger, type Logger } from '../../log.ts';
import { requireTrusted } from '../../trust.ts';
import { type PartitionBounds } from '../event-log/event-log.ts';
import {
  type ComponentName,
  type FromWorker,
  type ToWorker,
  type WorkerMetrics,
  type WorkerOptions,
} from '../supervisor/messages.ts';
import { type ComponentContext, type RunComponent } from './component.ts';
import { type Reporter, startReporting } from './reporter.ts';
import { createWait } from './wait.ts';

const HEARTBEAT_MS = 1000;
/** How long an orphan may take to finish what is under way. */
const ORPHAN_MS = 10_000;
const EXIT = { done: 0, failed: 1, usage: 2, terminated: 143 } as const;

const controller = new AbortController();
let exitCode: number = EXIT.done;

async function loadComponent(name: ComponentName): Promise<RunComponent> {
  switch (name) {
    case 'processor':
      return (await import('./processor.ts')).run;
    case 'generator':
      return (await import('./generator.ts')).run;
    case 'recommender':
      return (await import('./recommender.ts')).run;
    case 'alerts':
      return (await import('./alerts.ts')).run;
  }
}

/** Resolves once the message is on its way; a supervisor that is gone gets none. */
function send(message: FromWorker): Promise<void> {
  if (!process.connected) return Promise.resolve();
  return new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()));
}

async function fail(error: unknown, logger: Logger | undefined): Promise<void> {
  exitCode = EXIT.failed;
  logger?.error({ err: error }, errorMessage(error));
  const hint = error instanceof EcomError ? error.hint : undefined;
  // Started again, it would create what was deleted, empty, and go on as if nothing had been.
  const final = error instanceof EcomError && error.code === 'GONE';
  await send({
    type: 'failed',
    message: errorMessage(error),
    final,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function work(options: WorkerOptions, restarts: number): Promise<void> {
  process.title = `ecom ${options.name}`;
  let logger: Logger | undefined;
  let reporter: Reporter | undefined;
  let events = 0;
  let partitions: readonly number[] | undefined;
  let bounds: readonly PartitionBounds[] | undefined;
  let waiting: string | undefined;
  const metrics = (): WorkerMetrics => ({
    rss: process.memoryUsage.rss(),
    events,
    ...(partitions === undefined ? {} : { partitions }),
    ...(waiting === undefined ? {} : { waiting }),
  });
  const beat = (done = false): Promise<void> =>
    send({ type: 'heartbeat', metrics: { ...metrics(), ...(done ? { done } : {}) } });
  const heart = setInterval(() => void beat(), HEARTBEAT_MS);
  try {
    const config = loadConfig();
    requireTrusted(config.dataDir);
    logger = await createLogger(config, options.name);
    process.on('uncaughtException', async (error) => {
      await fail(error, logger);
      process.exit(EXIT.failed);
    });
    reporter = await startReporting({ config, options, restarts, logger, metrics, bounds: () => bounds });
    const run = await loadComponent(options.component);
    const wait = createWait(logger, controller.signal, (server) => {
      waiting = server;
    });
    const context: ComponentContext = {
      config,
      options,
      logger,
      signal: controller.signal,
      ready() {
        wait.begun();
        void send({ type: 'ready' });
        void beat();
      },
      patiently: wait.through,
      handled(more) {
        wait.over();
        events += more;
      },
      owns(owned) {
        partitions = owned;
      },
      reaches(now) {
        bounds = now;
      },
    };
    await wait.through(() => run(context));
    await beat(!controller.signal.aborted);
  } catch (error) {
    if (!isStop(error)) await fail(error, logger);
  } finally {
    clearInterval(heart);
    await reporter?.close();
  }
}

/** Whether an error only says that the worker was told to stop. */
function isStop(error: unknown): boolean {
  const { aborted, reason } = controller.signal;
  return aborted && (error === reason || (error instanceof Error && error.name === 'AbortError'));
}

function stop(): void {
  controller.abort(new EcomError('INTERRUPTED', 'told to stop'));
}

async function main(): Promise<void> {
  // The terminal sends these to every process; the supervisor decides what stops when.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('SIGTERM', () => {
    exitCode = EXIT.terminated;
    stop();
  });
  process.on('disconnect', () => {
    stop();
    setTimeout(() => process.exit(EXIT.failed), ORPHAN_MS).unref();
  });
  const start = await new Promise<Extract<ToWorker, { type: 'start' }> | undefined>((resolve) => {
    process.on('message', (message: ToWorker) => {
      if (message.type === 'start') resolve(message);
      else {
        stop();
        resolve(undefined);
      }
    });
    process.on('disconnect', () => resolve(undefined));
  });
  if (start !== undefined && !controller.signal.aborted) await work(start.options, start.restarts);
}

if (process.send === undefined) {
  process.stderr.write('error: this is a part of ecom that only ecom itself starts\n  try: ecom up\n');
  process.exit(EXIT.usage);
}
await main();
// A component's forgotten handle must not keep a finished worker alive.
process.exit(exitCode);
