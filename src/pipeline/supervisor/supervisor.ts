import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, childEnvironment } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { type Logger, limitLogFile, logFile, logsDir } from '../../log.ts';
import { packageFile } from '../../package-root.ts';
import { STORE_FILES } from '../sqlite/files.ts';
import { rememberFile } from '../sqlite/same-file.ts';
import { createManagedWorker, type ManagedWorker } from './managed-worker.ts';
import { type ComponentName, type ComponentStatus, type WorkerOptions } from './messages.ts';
import { DEFAULT_TIMINGS, type Timings } from './restart-policy.ts';

export interface SupervisorOptions {
  readonly config: Config;
  readonly workers: readonly WorkerOptions[];
  readonly logger: Logger;
  /** Absolute path of the workers' entry; the built one by default. */
  readonly workerFile?: string | undefined;
  readonly timings?: Partial<Timings> | undefined;
}

/** Runs one child process a worker and keeps it running. */
export interface Supervisor {
  /**
   * Starts every worker; resolves once all are ready.
   * @throws EcomError `UNAVAILABLE` with the first failure; the others run on until `stop`
   */
  start(): Promise<void>;
  /** Stops every worker, those that make events first; resolves once no process is left. */
  stop(): Promise<void>;
  /**
   * Starts, stops or restarts a component (all its workers) or one worker.
   * @throws EcomError `NOT_FOUND` for a name that it does not run, `UNAVAILABLE` where a worker does not start
   */
  control(verb: 'start' | 'stop' | 'restart', name: string): Promise<void>;
  /** The workers as they are now. */
  status(): readonly ComponentStatus[];
  /** Calls the listener at every change of a worker's state. @returns a function that ends that */
  subscribe(listener: (status: ComponentStatus) => void): () => void;
}

/** Who makes events stops before who counts them, so that little is left uncounted. */
const STOP_ORDER: readonly ComponentName[] = ['generator', 'processor', 'recommender', 'alerts'];
const LOG_CHECK_MS = 30_000;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { config, logger } = options;
  const listeners = new Set<(status: ComponentStatus) => void>();
  mkdirSync(logsDir(config), { recursive: true, mode: 0o700 });
  const logFiles = ['supervisor', ...options.workers.map(({ name }) => name)].map((name) =>
    logFile(config, name),
  );
  const limitLogs = (): void => logFiles.forEach(limitLogFile);
  limitLogs();
  const outputs = options.workers.map(({ name }) => openSync(logFile(config, name), 'a', 0o600));
  const verifiers = embeddedFiles(config)
    .filter((path) => existsSync(path))
    .map((path) => rememberFile(path, false));
  const workers = options.workers.map((worker, index) =>
    createManagedWorker({
      worker,
      timings: { ...DEFAULT_TIMINGS, ...options.timings },
      logger,
      launch: {
        workerFile: options.workerFile ?? packageFile('dist', 'worker.js'),
        env: childEnvironment(config),
        output: outputs[index]!,
      },
      verify() {
        for (const verify of verifiers) verify();
      },
      onChange(status) {
        for (const listener of listeners) listener(status);
      },
    }),
  );
  const logCheck = setInterval(limitLogs, LOG_CHECK_MS).unref();

  let closing = false;

  function named(name: string): ManagedWorker[] {
    const found = workers.filter(
      ({ options: { component, name: own } }) => component === name || own === name,
    );
    if (found.length > 0) return found;
    const names = new Set(workers.flatMap(({ options: { component, name: own } }) => [component, own]));
    throw new EcomError('NOT_FOUND', `no component is called '${name}'`, {
      hint: `one of: ${[...names].join(', ')}`,
    });
  }
  async function stopWorkers(some: readonly ManagedWorker[]): Promise<void> {
    for (const component of STOP_ORDER) {
      await Promise.all(
        some.filter((worker) => worker.options.component === component).map((worker) => worker.stop()),
      );
    }
  }
  async function startWorkers(some: readonly ManagedWorker[]): Promise<void> {
    if (closing) throw new EcomError('CONFLICT', 'ecom is being stopped', { hint: 'ecom up' });
    await Promise.all(some.map((worker) => worker.start()));
  }

  return {
    start: () => startWorkers(workers),
    async stop() {
      closing = true;
      clearInterval(logCheck);
      await stopWorkers(workers);
      for (const output of outputs.splice(0)) closeSync(output);
    },
    async control(verb, name) {
      const some = named(name);
      logger.info({ verb, name }, 'asked to control');
      if (verb !== 'start') await stopWorkers(some);
      if (verb !== 'stop') await startWorkers(some);
    },
    status: () => workers.map((worker) => worker.status()),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The stores' files that the workers go on with; one that is not there any more would be made anew, empty. */
function embeddedFiles({ dataDir, logUrl, documentsUrl, liveUrl }: Config): string[] {
  const urls = { log: logUrl, documents: documentsUrl, live: liveUrl };
  return (['log', 'documents', 'live'] as const)
    .filter((port) => urls[port].startsWith('sqlite:'))
    .map((port) => join(dataDir, STORE_FILES[port]));
}
