import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type Config } from '../config.ts';
import { EcomError, errorMessage } from '../errors.ts';
import { type Appended } from '../pipeline/ingest/appender.ts';
import { type LiveStore } from '../pipeline/live-store/live-store.ts';
import { messagesWait } from '../pipeline/live-store/waiting.ts';
import { impatient, type Patience } from '../pipeline/patience.ts';
import { type Processor } from '../pipeline/processor/processor.ts';
import { publishedModel } from '../pipeline/recommender/published.ts';
import { readSettings } from '../pipeline/recommender/settings-file.ts';
import { backlogOf } from '../pipeline/stats/read-stats.ts';
import { noteRecount } from '../pipeline/stats/recount.ts';
import { type ComponentName } from '../pipeline/supervisor/messages.ts';
import { type CountingClient } from '../pipeline/workers/counting-client.ts';
import { readReports, SILENT_MS } from '../pipeline/workers/report.ts';
import { isEmbedded } from './store-check.ts';
import { type Stores, withCountingStores } from './stores.ts';
import { askSupervisor } from './supervisor-client.ts';

/** Sees to it that what is appended gets counted: by the processor that runs, else in this process. */
export interface Numbers {
  /**
   * Counts what was appended once it is worth a commit, so that the log never runs far ahead.
   * @param records how many were just appended
   * @param more whether others follow at once
   * @param of what they are, where it is known
   */
  afterAppend(records: number, more: boolean, of?: Appended): Promise<void>;
  /** Returns when all of the log is counted; early where the signal aborts. */
  finish(): Promise<void>;
  /** Makes recommendations of what is counted, unless somebody else does. @param changed whether something is new */
  learn(changed: boolean): Promise<Training>;
  /** Lets go of what it counts with. */
  close(): Promise<void>;
}

/** What became of the training after an ingest. */
export interface Training {
  /** `elsewhere`: a recommender runs; `unneeded`: nothing is new. */
  readonly state: 'trained' | 'elsewhere' | 'unneeded' | 'failed';
  /** Why it failed. */
  readonly reason?: string;
  /** What to try then. */
  readonly hint?: string;
  /** The least active products of a catalogue that is larger than memory allows. */
  readonly productsLeftOut?: number;
}

type Counting = Pick<Processor, 'step' | 'room' | 'close'> & Partial<CountingClient>;

/** Records that may be appended and not counted: an ingest that is further ahead waits. */
const FAR_AHEAD = 500_000;
/** Steps that the thread is asked for at once. */
const STEPS_AHEAD = 2;
const LOOK_MS = 100;
/** How long it waits then before it looks again. */
const BEHIND_MS = 10;
/** How often it is asked whether the processor still runs, in looks. */
const ASK_EVERY = 20;

/** @param patience for everything but the first look, which tells whether the servers are there at all */
export async function createNumbers(
  config: Config,
  stores: Stores,
  signal: AbortSignal,
  patience: Patience = impatient,
): Promise<Numbers> {
  const { log, documents, live } = stores;
  await noteRecount(log, documents, live);
  let foreign = await isRunning(config, live, 'processor');
  let own: Counting | undefined;
  let opening: Promise<Counting> | undefined;
  /** Whether it counts in a thread of its own. */
  let apart = false;
  /** Steps that the thread was asked for, for how many records about, and how one failed. */
  const asked = new Map<Promise<void>, number>();
  let failure: { readonly error: unknown } | undefined;

  /** Records that are appended and not counted yet, about. */
  let waiting = 0;
  let appended = 0;
  /** Whether nothing else is appended for now. */
  let idle = true;
  /** Whether nothing is to be counted any more. */
  let closed = false;

  async function open(): Promise<Counting> {
    if (apart) {
      const { createCountingClient } = await import('../pipeline/workers/counting-client.ts');
      return createCountingClient(config, live);
    }
    const { createProcessor } = await import('../pipeline/processor/processor.ts');
    const settings = { currency: config.currency, ...config.layout };
    return createProcessor({ log, documents, live, settings });
  }

  async function step(waitMs: number): Promise<number> {
    if (own === undefined) {
      opening ??= open();
      try {
        own = await opening;
      } finally {
        opening = undefined;
      }
    }
    const processor = own;
    return patience(() => processor.step(waitMs));
  }

  async function countSome(): Promise<void> {
    const before = appended;
    // A server may take its time to hand out what was appended, and longer to let a new reader in.
    const counted = await step(LOOK_MS);
    // What it counted may be others: only one that finds none tells that those are counted which were there before it.
    if (counted > 0) waiting = Math.max(1, waiting - counted);
    else if (await isCounted()) waiting = appended - before;
  }

  /** Whether there is enough for one more step: a commit's worth, or what is left where nothing comes that it could wait for. */
  function isEnough(): boolean {
    if (waiting === 0 || asked.size === STEPS_AHEAD) return false;
    if (own === undefined) return asked.size === 0;
    const unasked = [...asked.values()].reduce((rest, records) => rest - records, waiting);
    return unasked >= (idle ? 1 : own.room());
  }

  /** Asks the thread for the steps that there is enough for. It begins the next one while this thread is busy with other things. */
  function countOn(): void {
    while (!signal.aborted && !closed && failure === undefined && isEnough()) {
      const counting = countSome()
        .catch((error: unknown) => {
          failure = { error };
        })
        .finally(() => {
          asked.delete(counting);
          countOn();
        });
      asked.set(counting, own?.room() ?? 0);
    }
  }

  /** Its memory is for others then. */
  async function close(): Promise<void> {
    // A thread that is only beginning would keep the process alive.
    const open = own ?? (await opening?.catch(() => undefined));
    own = undefined;
    await open?.close();
  }

  const isCounted = (): Promise<boolean> =>
    patience(async () => {
      const [bounds, positions] = [await log.bounds(), await live.positions()];
      return backlogOf(bounds, positions) === 0 && !(await messagesWait(live, log.partitions));
    });
  const runs = (name: ComponentName): Promise<boolean> => patience(() => isRunning(config, live, name));

  async function awaitProcessor(): Promise<void> {
    for (let look = 1; !signal.aborted && !(await isCounted()); look += 1) {
      if (look % ASK_EVERY === 0) {
        foreign = await runs('processor');
        if (!foreign) return;
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  return {
    async afterAppend(records, more, of) {
      if (foreign) return;
      waiting += records;
      appended += records;
      idle = !more;
      // A small file is counted sooner than a thread has begun.
      if (own === undefined && opening === undefined) apart = more;
      if (!apart) {
        if (own === undefined || idle || waiting >= own.room()) await countSome();
        return;
      }
      if (of !== undefined) own?.handOver?.(of.lines, of.placed);
      countOn();
      // The thread waits for what is applied here.
      await setImmediate();
      while ((waiting >= FAR_AHEAD || own?.isFull?.() === true) && asked.size > 0) await sleep(BEHIND_MS);
      if (failure !== undefined) throw failure.error;
    },
    async finish() {
      while (asked.size > 0) await Promise.all(asked.keys());
      if (failure !== undefined) throw failure.error;
      if (foreign) await awaitProcessor();
      if (!foreign) while (!signal.aborted && !(await isCounted())) await step(LOOK_MS);
      await close();
    },
    async learn(changed) {
      if (signal.aborted || (await runs('recommender'))) return { state: 'elsewhere' };
      if (!changed && (await patience(() => publishedModel(live))) !== undefined)
        return { state: 'unneeded' };
      try {
        const { trainAndPublish } = await import('../pipeline/recommender/recommender.ts');
        const settings = await readSettings(config.recommendFile);
        const { trainingMib } = config;
        const options = { documents, live, partitions: log.partitions, settings, trainingMib };
        const productsLeftOut = await patience(() => trainAndPublish(options, Date.now(), signal));
        return { state: 'trained', productsLeftOut };
      } catch (error) {
        if (signal.aborted) throw error;
        // The numbers are ready, which is what an ingest is for.
        const hint = error instanceof EcomError && error.hint !== undefined ? { hint: error.hint } : {};
        return { state: 'failed', reason: errorMessage(error), ...hint };
      }
    },
    close() {
      closed = true;
      return close();
    },
  };
}

/** Opens the stores for the work, and what counts, and closes all of it whatever happens. */
export async function withNumbers(
  config: Config,
  signal: AbortSignal,
  patience: Patience,
  work: (stores: Stores, numbers: Numbers) => Promise<void>,
): Promise<void> {
  await withCountingStores(config, async (stores) => {
    const numbers = await createNumbers(config, stores, signal, patience);
    try {
      await work(stores, numbers);
    } finally {
      await numbers.close();
    }
  });
}

/** Whether a worker of a kind runs: under the supervisor of this data folder, or on another host. */
export async function isRunning(config: Config, live: LiveStore, name: ComponentName): Promise<boolean> {
  const answer = await askSupervisor(config, { command: 'status' });
  const own = answer?.components ?? [];
  if (own.some(({ component, state }) => component === name && state === 'running')) return true;
  if (isEmbedded(config, 'live')) return false;
  const reports = await readReports(live, Date.now() - SILENT_MS);
  return reports.some(({ component, state }) => component === name && state === 'running');
}
