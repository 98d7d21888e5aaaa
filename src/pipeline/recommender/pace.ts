import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises';

/** Awaited between two pieces of work of some milliseconds; rejects where the work is to be given up. */
export type Pace = () => Promise<void>;

/** As fast as it goes, but heartbeats and signals go on. */
export function unhurried(signal?: AbortSignal): Pace {
  return async () => {
    signal?.throwIfAborted();
    await breathe();
  };
}

/** Pieces of work are gathered until they took so long, ms. */
const SLICE_MS = 20;

/**
 * Sleeps so that this thread has at most a share of one core; what other threads of the process do, such as train, is not counted.
 * @param share above 0, up to 1
 */
export function throttled(share: number, signal: AbortSignal): Pace {
  let start = performance.eventLoopUtilization();
  return async () => {
    signal.throwIfAborted();
    const busy = performance.eventLoopUtilization(start).active;
    if (busy < SLICE_MS) return breathe();
    await sleep(busy / share - busy, undefined, { signal });
    start = performance.eventLoopUtilization();
  };
}
