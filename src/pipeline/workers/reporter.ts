import { hostname } from 'node:os';
import { type Config } from '../../config.ts';
import { errorMessage } from '../../errors.ts';
import { type Logger } from '../../log.ts';
import { type PartitionBounds } from '../event-log/event-log.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { openLiveStore } from '../live-store/open.ts';
import { type WorkerMetrics, type WorkerOptions } from '../supervisor/messages.ts';
import { REPORT_MS, reportId, type WorkerSelfReport } from './report.ts';

export interface ReporterOptions {
  readonly config: Config;
  readonly options: WorkerOptions;
  readonly restarts: number;
  readonly logger: Logger;
  metrics(): WorkerMetrics;
  bounds(): readonly PartitionBounds[] | undefined;
}

export interface Reporter {
  /** Says that the worker has stopped. */
  close(): Promise<void>;
}

/**
 * Tells the live store every two seconds that a worker runs. A store that does not answer is left to the worker's own
 * work to complain about: a report that fails is logged, once until one gets through again.
 */
export async function startReporting(options: ReporterOptions): Promise<Reporter> {
  const { config, logger } = options;
  const { component, name } = options.options;
  const startedAt = Date.now();
  const id = reportId(name, process.ppid);
  let live: LiveStore | undefined;
  let failing = false;
  let busy: Promise<void> | undefined;

  async function report(state: WorkerSelfReport['state']): Promise<void> {
    const bounds = options.bounds();
    const said: WorkerSelfReport = {
      name,
      component,
      state,
      host: hostname(),
      pid: process.pid,
      startedAt,
      restarts: options.restarts,
      metrics: options.metrics(),
      ...(bounds === undefined ? {} : { bounds }),
    };
    try {
      live ??= await openLiveStore(config, { counts: true });
      await live.report({ id, time: Date.now(), json: JSON.stringify(said) });
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, `cannot report: ${errorMessage(error)}`);
      failing = true;
    }
  }
  const timer = setInterval(() => {
    busy ??= report('running').finally(() => {
      busy = undefined;
    });
  }, REPORT_MS);

  return {
    async close() {
      clearInterval(timer);
      await busy;
      if (!failing) await report('stopped');
      await live?.close();
    },
  };
}
