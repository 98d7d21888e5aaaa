/** How patient the supervisor is, all in ms. */
export interface Timings {
  /** For a worker to become ready. */
  readonly readyMs: number;
  /** Between two heartbeats: a worker may wait 15 s for another process's write. */
  readonly silenceMs: number;
  /** For a worker to stop by itself before it is killed. */
  readonly stopMs: number;
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** After so long without a crash, a worker is as good as new. */
  readonly stableMs: number;
}

export const DEFAULT_TIMINGS: Timings = {
  readyMs: 60_000,
  silenceMs: 20_000,
  stopMs: 10_000,
  firstBackoffMs: 500,
  longestBackoffMs: 30_000,
  stableMs: 60_000,
};

/** How a worker's process ended, and what it was up to. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether it said that it is not to be started again. */
  readonly final?: boolean;
  /** Whether it was told to stop. */
  readonly stopping: boolean;
  /** Whether any process of the worker became ready since somebody asked for its start. */
  readonly everReady: boolean;
  /** How long this process had been ready, ms; 0 where it never was. */
  readonly readyForMs: number;
  /** Crashes in a row before this one. */
  readonly crashes: number;
}

export type AfterEnd =
  /** It was told to, or it had nothing more to do. */
  | { readonly next: 'stopped' }
  /** It never worked, or must not go on: whoever asked for it is told, and decides. */
  | { readonly next: 'failed' }
  /** It worked and crashed: it is started again after a while. */
  | { readonly next: 'backoff'; readonly delayMs: number; readonly crashes: number };

/**
 * What to do once a worker has ended. A crash is followed by exponential backoff, from `firstBackoffMs` doubling to
 * `longestBackoffMs`; a process that was ready for `stableMs` starts the count anew. It is given up where it says so
 * only: what makes a worker crash otherwise, such as a full disk, may pass.
 */
export function afterEnd(end: WorkerEnd, timings: Timings): AfterEnd {
  if (end.stopping || (end.code === 0 && end.signal === null)) return { next: 'stopped' };
  if (!end.everReady || end.final === true) return { next: 'failed' };
  const crashes = (end.readyForMs >= timings.stableMs ? 0 : end.crashes) + 1;
  const delayMs = Math.min(timings.longestBackoffMs, timings.firstBackoffMs * 2 ** Math.min(crashes - 1, 30));
  return { next: 'backoff', delayMs, crashes };
}
