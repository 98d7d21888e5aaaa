import { hostname } from 'node:os';
import { type PartitionBounds } from '../event-log/event-log.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type ComponentName, type WorkerMetrics } from '../supervisor/messages.ts';

/** What a worker tells everybody through the live store, whichever host it runs on. */
export interface WorkerSelfReport {
  readonly name: string;
  readonly component: ComponentName;
  readonly state: 'running' | 'stopped';
  readonly host: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly restarts: number;
  readonly metrics: WorkerMetrics;
  /** By partition, how far the log reaches; from processors only. */
  readonly bounds?: readonly PartitionBounds[];
}

/** A report with its age. */
export interface ReadReport extends WorkerSelfReport {
  readonly id: string;
  /** When it was written, by that host's clock, ms since the epoch. */
  readonly time: number;
}

/** Pause between two reports of a worker, ms. */
export const REPORT_MS = 2000;
/** A worker whose last report is older is not known to run, ms. */
export const SILENT_MS = 10_000;

/** The id that a worker keeps over restarts: the same place under the same supervisor. */
export function reportId(name: string, supervisor: number): string {
  return `${hostname()}:${supervisor}:${name}`;
}

/** The reports of the last minutes, those that cannot be read left out. */
export async function readReports(live: LiveStore, since: number): Promise<ReadReport[]> {
  return (await live.reports(since)).flatMap(({ id, time, json }) => {
    try {
      return [{ ...(JSON.parse(json) as WorkerSelfReport), id, time }];
    } catch {
      return [];
    }
  });
}

/** How far the log reaches by the newest report that says so; `undefined` where nobody said so lately. */
export async function reportedBounds(
  live: LiveStore,
  now: number,
): Promise<readonly PartitionBounds[] | undefined> {
  const reports = await readReports(live, now - SILENT_MS);
  return reports.filter(({ bounds }) => bounds !== undefined).sort((a, b) => b.time - a.time)[0]?.bounds;
}
