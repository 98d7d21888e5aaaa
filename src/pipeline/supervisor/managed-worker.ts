import { hostname } from 'node:os';
import { EcomError, errorMessage } from '../../errors.ts';
import { type Logger } from '../../log.ts';
import {
  type ComponentState,
  type ComponentStatus,
  type WorkerMetrics,
  type WorkerOptions,
} from './messages.ts';
import { afterEnd, type Timings } from './restart-policy.ts';
import {
  launchWorker,
  type ProcessEnd,
  type WorkerProcess,
  type WorkerProcessOptions,
} from './worker-process.ts';

export interface ManagedWorkerOptions {
  readonly worker: WorkerOptions;
  readonly timings: Timings;
  readonly logger: Logger;
  /** What every process of it is launched with. */
  readonly launch: Pick<WorkerProcessOptions, 'workerFile' | 'env' | 'output'>;
  /** @throws EcomError where no process may be started */
  verify?(): void;
  onChange(status: ComponentStatus): void;
}

/** A worker that is kept running as long as it is wanted. */
export interface ManagedWorker {
  readonly options: WorkerOptions;
  /**
   * Resolves once it is ready; at once where it runs already.
   * @throws EcomError `UNAVAILABLE` where it failed before it ever was ready; it is not tried again then
   */
  start(): Promise<void>;
  /** Resolves once no process is left; at once where none was. */
  stop(): Promise<void>;
  status(): ComponentStatus;
}

interface Waiter {
  resolve(): void;
  reject(error: EcomError): void;
}

export function createManagedWorker(options: ManagedWorkerOptions): ManagedWorker {
  const { worker, timings, logger } = options;
  let state: ComponentState = 'stopped';
  let life: WorkerProcess | undefined;
  let launchedAt = 0;
  let readyAt: number | undefined;
  let everReady = false;
  let crashes = 0;
  let restarts = 0;
  let lastError: string | undefined;
  let metrics: WorkerMetrics | undefined;
  let backoff: NodeJS.Timeout | undefined;
  const starting: Waiter[] = [];
  const stopping: (() => void)[] = [];

  function enter(next: ComponentState): void {
    state = next;
    options.onChange(status());
  }
  function launch(): void {
    try {
      options.verify?.();
    } catch (error) {
      const hint = error instanceof EcomError ? error.hint : undefined;
      ended({ code: null, signal: null, reason: errorMessage(error), hint, final: true });
      return;
    }
    launchedAt = Date.now();
    readyAt = undefined;
    metrics = undefined;
    life = launchWorker({
      ...options.launch,
      worker,
      restarts,
      timings,
      onReady() {
        readyAt = Date.now();
        everReady = true;
        logger.info({ worker: worker.name, pid: life?.pid, ms: readyAt - launchedAt }, 'worker is ready');
        if (state === 'starting') enter('running');
        for (const { resolve } of starting.splice(0)) resolve();
      },
      onHeartbeat(newest) {
        metrics = newest;
      },
      onEnd: ended,
    });
    logger.info({ worker: worker.name, pid: life.pid }, 'worker started');
    enter('starting');
  }
  function ended(end: ProcessEnd): void {
    const wanted = state !== 'stopping';
    const readyForMs = readyAt === undefined ? 0 : Date.now() - readyAt;
    const decision = afterEnd({ ...end, stopping: !wanted, everReady, readyForMs, crashes }, timings);
    life = undefined;
    const log = { worker: worker.name, code: end.code, signal: end.signal, reason: end.reason };
    if (decision.next === 'stopped') {
      logger.info(log, 'worker stopped');
      metrics = undefined;
    } else {
      lastError = end.reason;
      logger.error({ ...log, ...decision }, 'worker ended unexpectedly');
    }
    if (decision.next === 'backoff') {
      crashes = decision.crashes;
      backoff = setTimeout(() => {
        restarts += 1;
        launch();
      }, decision.delayMs);
    }
    enter(decision.next);
    const failure = new EcomError(
      'UNAVAILABLE',
      `${worker.name}: ${wanted ? end.reason : 'it was stopped'}`,
      {
        hint: end.hint ?? `see what it logged with ecom logs ${worker.name}`,
      },
    );
    // A worker that finished at once did what was asked of it.
    for (const waiter of starting.splice(0)) {
      if (wanted && decision.next === 'stopped') waiter.resolve();
      else waiter.reject(failure);
    }
    for (const resolve of stopping.splice(0)) resolve();
  }
  function status(): ComponentStatus {
    const alive = life !== undefined;
    return {
      name: worker.name,
      component: worker.component,
      state,
      pid: life?.pid ?? null,
      host: hostname(),
      restarts,
      uptimeMs: alive ? Date.now() - launchedAt : null,
      ...(lastError === undefined ? {} : { lastError }),
      ...(alive && metrics !== undefined ? { metrics } : {}),
    };
  }
  async function stop(): Promise<void> {
    clearTimeout(backoff);
    if (life === undefined) {
      if (state !== 'stopped') enter('stopped');
      return;
    }
    const gone = new Promise<void>((resolve) => stopping.push(resolve));
    if (state !== 'stopping') {
      enter('stopping');
      life.stop();
    }
    await gone;
  }
  async function start(): Promise<void> {
    if (state === 'running') return;
    if (state === 'stopping') await stop();
    clearTimeout(backoff);
    const ready = new Promise<void>((resolve, reject) => starting.push({ resolve, reject }));
    if (life === undefined) {
      everReady = false;
      crashes = 0;
      lastError = undefined;
      launch();
    }
    await ready;
  }
  return { options: worker, start, stop, status };
}
