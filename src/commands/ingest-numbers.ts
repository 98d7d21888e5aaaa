import { setTimeout as sleep } from 'node:timers/promises';
import { type Config } from '../config.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { type Processor } from '../pipeline/processor/processor.ts';
import { type ComponentName } from '../pipeline/supervisor/messages.ts';
import { askSupervisor } from './supervisor-client.ts';

export interface Stores {
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly live: LiveStore;
}

/** Sees to it that what is appended gets counted: by the processor that runs, else in this process. */
export interface Numbers {
  /** Counts what was just appended, so that the log never runs far ahead. */
  afterAppend(): Promise<void>;
  /** Returns when all of the log is counted and recommendations are made of it; early where the signal aborts. */
  finish(changed: boolean): Promise<void>;
}

const LOOK_MS = 100;
/** How often it is asked whether the processor still runs, in looks. */
const ASK_EVERY = 20;

export async function createNumbers(config: Config, stores: Stores, signal: AbortSignal): Promise<Numbers> {
  const { log, documents, live } = stores;
  let foreign = await isRunning(config, 'processor');
  let own: Processor | undefined;

  async function step(): Promise<number> {
    if (own === undefined) {
      const { createProcessor } = await import('../pipeline/processor/processor.ts');
      own = createProcessor({ log, documents, live, currency: config.currency });
    }
    return own.step();
  }

  async function isCounted(): Promise<boolean> {
    const bounds = await log.bounds();
    const positions = new Map(
      (await live.positions()).map(({ partition, position }) => [partition, position]),
    );
    return bounds.every(({ end }, partition) => (positions.get(partition) ?? 0) >= end);
  }

  async function awaitProcessor(): Promise<void> {
    for (let look = 1; !signal.aborted && !(await isCounted()); look += 1) {
      if (look % ASK_EVERY === 0) {
        foreign = await isRunning(config, 'processor');
        if (!foreign) return;
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  return {
    async afterAppend() {
      if (!foreign) await step();
    },
    async finish(changed) {
      if (foreign) await awaitProcessor();
      if (!foreign) while (!signal.aborted && (await step()) > 0);
      if (signal.aborted || (await isRunning(config, 'recommender'))) return;
      if (!changed && (await documents.loadModel('popularity')) !== undefined) return;
      const { trainAndPublish } = await import('../pipeline/recommender/recommender.ts');
      await trainAndPublish({ documents, live, partitions: log.partitions }, signal);
    },
  };
}

async function isRunning(config: Config, name: ComponentName): Promise<boolean> {
  const answer = await askSupervisor(config, { command: 'status' });
  return (
    answer?.components.some(({ component, state }) => component === name && state === 'running') ?? false
  );
}
