import { type ErrorCode } from '../../errors.ts';

/** Components that the supervisor runs as child processes. */
export const COMPONENTS = ['processor', 'generator', 'recommender', 'alerts'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

/** What a worker is told to do; it travels over IPC, never on a command line that `ps` shows. */
export interface WorkerOptions {
  readonly component: ComponentName;
  /** Unique among the workers of one supervisor, such as `processor-2`. */
  readonly name: string;
  readonly processor?: {
    /** Which of how many that share the partitions; the only one where absent. */
    readonly member?: { readonly index: number; readonly count: number };
    readonly batch?: number;
    readonly flushMs?: number;
  };
  readonly generator?: {
    /** Events a second. */
    readonly rate: number;
    readonly seed?: string;
    /** Share of malformed, late and duplicate events, 0 to 1. */
    readonly dirty?: number;
    /** Stop after so many events; endless where absent. */
    readonly count?: number;
  };
}

/** Figures a worker reports with every heartbeat; all counts since its start. */
export interface WorkerMetrics {
  /** Resident memory, bytes. */
  readonly rss: number;
  /** Events handled. */
  readonly events: number;
  /** Partitions that it works on, if any. */
  readonly partitions?: readonly number[];
  /** The server that is away, for which it waits. */
  readonly waiting?: string;
  /** A generator is finished when it has made its count. */
  readonly done?: boolean;
}

export type ToWorker =
  /** `restarts`: how often it has been started again. */
  | { readonly type: 'start'; readonly options: WorkerOptions; readonly restarts: number }
  /** Finish what is under way and exit with 0. */
  | { readonly type: 'stop' };

export type FromWorker =
  /** Stores are open and work has begun. */
  | { readonly type: 'ready' }
  /** `final`: it would only fail again, or do harm, if it were started again by itself. */
  | { readonly type: 'failed'; readonly message: string; readonly hint?: string; readonly final?: boolean }
  | { readonly type: 'heartbeat'; readonly metrics: WorkerMetrics };

export type ComponentState =
  | 'starting'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'backoff'
  | 'failed'
  /** Another host's, which has not been heard of lately. */
  | 'silent';

/** One worker in the answer of `ecom status`. */
export interface ComponentStatus {
  readonly name: string;
  readonly component: ComponentName;
  readonly state: ComponentState;
  readonly pid: number | null;
  readonly host: string;
  readonly restarts: number;
  readonly uptimeMs: number | null;
  readonly lastError?: string;
  readonly metrics?: WorkerMetrics;
}

/** A line that a command writes to the control socket, as JSON. */
export type ControlRequest =
  | { readonly command: 'status' }
  | { readonly command: 'down' }
  | { readonly command: 'start' | 'stop' | 'restart'; readonly component: string };

/** The line that comes back. */
export type ControlResponse =
  | {
      readonly ok: true;
      readonly pid: number;
      readonly startedAt: number;
      readonly components: readonly ComponentStatus[];
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string; readonly hint?: string };
