import { type Config } from '../config.ts';
import { type EventLog, type PartitionBounds } from '../pipeline/event-log/event-log.ts';
import { openEventLog } from '../pipeline/event-log/open.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { reportedBounds } from '../pipeline/workers/report.ts';
import { isEmbedded } from './store-check.ts';

/** How far the log reaches; `undefined` where nobody knows at the moment. */
export interface LogBounds {
  bounds(): Promise<readonly PartitionBounds[] | undefined>;
  close(): Promise<void>;
}

/**
 * An embedded log is asked itself. Of one on servers the processors report it, so that the numbers need the live store
 * alone: they are shown while the log is down, and no connection is made for one of them.
 */
export async function openLogBounds(config: Config, live: LiveStore): Promise<LogBounds> {
  if (!isEmbedded(config, 'log')) {
    return { bounds: () => reportedBounds(live, Date.now()), close: async () => {} };
  }
  const log: EventLog = await openEventLog(config);
  return { bounds: () => log.bounds(), close: () => log.close() };
}
