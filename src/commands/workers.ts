import { hostname } from 'node:os';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { type ComponentStatus } from '../pipeline/supervisor/messages.ts';
import { type ReadReport, readReports, reportId, SILENT_MS } from '../pipeline/workers/report.ts';

/** How long a worker that fell silent is still shown, ms. */
const SHOWN_MS = 60_000;

/** Workers that report to the live store, those of other hosts among them. */
export function readWorkers(live: LiveStore, now: number): Promise<ReadReport[]> {
  return readReports(live, now - SHOWN_MS);
}

/**
 * The workers of one supervisor, then those that run elsewhere on the same stores.
 * @param supervisor the process whose workers `own` are; none where undefined
 */
export function allWorkers(
  own: readonly ComponentStatus[],
  supervisor: number | undefined,
  reports: readonly ReadReport[],
  now: number,
): ComponentStatus[] {
  const ids = new Set(own.map(({ name }) => reportId(name, supervisor ?? 0)));
  const others = reports
    .filter(({ id, state }) => !ids.has(id) && state === 'running')
    .map(({ name, component, host, pid, startedAt, restarts, metrics, time }): ComponentStatus => {
      const silent = now - time > SILENT_MS;
      return {
        name: host === hostname() ? name : `${name}@${host}`,
        component,
        state: silent ? 'silent' : 'running',
        pid,
        host,
        restarts,
        uptimeMs: now - startedAt,
        ...(silent ? {} : { metrics }),
      };
    });
  return [...own, ...others];
}
