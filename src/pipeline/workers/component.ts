import { type Config } from '../../config.ts';
import { type Logger } from '../../log.ts';
import { type PartitionBounds } from '../event-log/event-log.ts';
import { type WorkerOptions } from '../supervisor/messages.ts';

/** What a component gets from the process that it runs in. */
export interface ComponentContext {
  readonly config: Config;
  readonly options: WorkerOptions;
  readonly logger: Logger;
  /** Aborted when the worker is told to stop: finish what is under way and return. */
  readonly signal: AbortSignal;
  /** To be called once, when stores are open and work begins. */
  ready(): void;
  /** Does work again, once it is ready, while a server that it needs is away, and says for which it waits; what is open stays open. */
  patiently(work: () => Promise<void>): Promise<void>;
  /** Adds to the number of events handled that heartbeats report. */
  handled(events: number): void;
  /** Partitions that this worker works on now, and how far the log reaches, for `ecom status` and for the lag. */
  owns(partitions: readonly number[]): void;
  reaches(bounds: readonly PartitionBounds[]): void;
}

/** Runs until the signal aborts, or until there is nothing more to do; throws to be restarted. */
export type RunComponent = (context: ComponentContext) => Promise<void>;
