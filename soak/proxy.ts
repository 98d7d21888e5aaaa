import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { withDataDir } from '../benchmark/harness.ts';
import { missingServers } from '../benchmark/services.ts';
import { type Config } from '../src/config.ts';
import { type Count } from '../src/pipeline/events/money.ts';
import { createGenerator, type Generator } from '../src/pipeline/generator/generator.ts';
import { Random } from '../src/pipeline/generator/random.ts';
import { type LiveStore } from '../src/pipeline/live-store/live-store.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { COLUMNS, PREFIXES } from '../src/pipeline/metrics/columns.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { allAnswers, isCounted } from '../test/support/answers.ts';
import { emptyRedis } from '../test/support/empty-redis.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../test/support/stores.ts';
import { type Fate, tcpProxy } from '../test/support/tcp-proxy.ts';
import { countCalmly } from './calm.ts';
import { type Part } from './harness.ts';

export interface ProxyFaultsOptions {
  /** Of a shop that is empty, with an embedded log. */
  readonly config: Config;
  /** Answers of Redis that are cut, halved or late, and kills after which it is empty, together. */
  readonly faults: number;
  /** Share of the kills among them. @default 0.1 */
  readonly kills?: number;
  readonly seed: string;
  readonly note?: (text: string) => void;
}

export interface ProxyFaultsResult {
  readonly cut: number;
  readonly halved: number;
  readonly delayed: number;
  readonly killed: number;
  /** Records that were appended meanwhile. */
  readonly events: number;
  /** Batches and readings that failed, and were repeated. */
  readonly failures: number;
  readonly snapshots: number;
  /** Snapshots whose numbers are not those of their positions, and answers that differ from a calm run's in the end. */
  readonly problems: readonly string[];
}

const EVENTS_A_FAULT = 20;
const BATCH = 100;
/** Most answers between two faults. */
const CALM_ANSWERS = 30;
const LONGEST_DELAY_MS = 60;
const PAUSE_MS = 5;

/**
 * Counts events on a Redis whose answers are cut, halved and delayed, and that is killed and comes back empty, while others
 * read it; then compares with what a store without any fault says of the same log.
 */
export async function proxyFaults(options: ProxyFaultsOptions): Promise<ProxyFaultsResult> {
  const { config, faults, kills = 0.1, seed, note = () => {} } = options;
  const random = new Random(`${seed}/faults`);
  const happened = { cut: 0, halved: 0, delayed: 0, killed: 0 };
  const redis = await emptyRedis();
  let restarting: Promise<void> | undefined;
  let until = CALM_ANSWERS;
  const total = (): number => happened.cut + happened.halved + happened.delayed + happened.killed;

  function fateOf(): Fate {
    until -= 1;
    if (until > 0 || total() >= faults || restarting !== undefined) return 'pass';
    until = 1 + random.below(CALM_ANSWERS);
    if (random.next() < kills) {
      happened.killed += 1;
      restarting = redis.restart().finally(() => {
        restarting = undefined;
      });
      return 'cut';
    }
    const kind = (['cut', 'halved', 'delayed'] as const)[random.below(3)]!;
    happened[kind] += 1;
    if (kind === 'delayed') return { delayMs: 1 + random.below(LONGEST_DELAY_MS) };
    return kind === 'cut' ? 'cut' : 'halve';
  }
  const proxy = await tcpProxy(redis.port, fateOf);
  const shop = configFor(config.dataDir, { ...config.env, ECOM_LIVE_URL: `redis://127.0.0.1:${proxy.port}` });
  const stores = await openStores(shop);
  const readers = await Promise.all([openLiveStore(shop), openLiveStore(shop)]);
  const reading = readWhileCounting(readers);
  try {
    const work = createWork(stores, seed);
    while (total() < faults) {
      note(`fault ${total()} of ${faults}`);
      if (work.appended() < total() * EVENTS_A_FAULT + EVENTS_A_FAULT) await work.append(EVENTS_A_FAULT);
      await work.step();
    }
    note('counting the rest');
    await restarting;
    await work.finish();
    const problems = [...(await reading.end())];
    const now = Date.now();
    const calm = await countCalmly(config, stores, (own) => allAnswers(own, now));
    const seen = await Promise.all(
      [stores.live, ...readers].map((live) => allAnswers({ ...stores, live }, now)),
    );
    if (!seen.every((answers) => isDeepStrictEqual(answers, calm))) {
      problems.push('the numbers differ from those of a calm run');
    }
    const { snapshots, failures } = reading;
    return {
      ...happened,
      events: work.appended(),
      failures: failures() + work.failures(),
      snapshots: snapshots(),
      problems,
    };
  } finally {
    await reading.end();
    await Promise.all([stores.close(), ...readers.map((live) => live.close())]);
    proxy.close();
    await restarting;
    await redis.close();
  }
}

/** Appends and counts, and counts again what failed. */
function createWork(stores: Stores, seed: string) {
  const generator: Generator = createGenerator({
    seed,
    rate: 1,
    start: Date.now() - 6 * 3_600_000,
    dirty: 0.05,
    rhythm: 'flat',
    currency: 'USD',
  });
  const processor = createProcessor({ ...stores, settings: SETTINGS, batch: BATCH });
  let appended = 0;
  let failures = 0;
  async function step(): Promise<void> {
    try {
      if ((await processor.step()) === 0) await stores.live.positions();
    } catch {
      failures += 1;
      await sleep(PAUSE_MS);
    }
  }
  return {
    appended: () => appended,
    failures: () => failures,
    async append(count: number): Promise<void> {
      const records = Array.from({ length: count }, () => {
        const { key, value } = generator.next();
        return { key, value };
      });
      await stores.log.append(records);
      appended += count;
    },
    step,
    async finish(): Promise<void> {
      while (!(await isCounted(stores).catch(() => false))) await step();
      await processor.close();
    },
  };
}

/** Reads again and again, several at once, until it is told to end. Every snapshot has to be of one moment. */
function readWhileCounting(stores: readonly LiveStore[]) {
  const problems = new Set<string>();
  let [snapshots, failures] = [0, 0];
  let going = true;
  async function read(live: LiveStore): Promise<void> {
    while (going) {
      try {
        const wrong = await problemOf(live);
        snapshots += 1;
        if (wrong !== undefined) problems.add(wrong);
      } catch {
        failures += 1;
      }
      await sleep(PAUSE_MS);
    }
  }
  const done = Promise.all([...stores, ...stores].map(read));
  return {
    snapshots: () => snapshots,
    failures: () => failures,
    async end(): Promise<ReadonlySet<string>> {
      going = false;
      await done;
      return problems;
    },
  };
}

async function problemOf(live: LiveStore): Promise<string | undefined> {
  const rankings = [{ dimension: 'product', columns: [COLUMNS.views], limit: 1000 }] as const;
  const { positions, tallies } = await live.snapshot({ tallies: [{ ranges: 'all', rankings }] });
  const { totals, rankings: ranked } = tallies[0]!;
  const counted = [...totals]
    .filter(
      ([column]) =>
        column === COLUMNS.duplicates ||
        column.startsWith(PREFIXES.type) ||
        column.startsWith(PREFIXES.rejected),
    )
    .reduce((sum, [, count]) => sum + Number(count), 0);
  const read = positions.reduce((sum, { position }) => sum + position, 0);
  if (counted !== read) return `a snapshot at ${read} records has the numbers of ${counted}`;
  const { entries, total } = ranked[0]!;
  if (entries.some(({ key }) => key === '')) return 'a snapshot has products without a name';
  const views = (counters: ReadonlyMap<string, Count>): number => Number(counters.get(COLUMNS.views) ?? 0);
  const sum = entries.reduce((all, { counters }) => all + views(counters), 0);
  return sum === views(total) || entries.length === 1000 ? undefined : 'products do not add up';
}

/** Faults on the way to Redis, and kills of it. */
export const proxy: Part = async ({ faults, seed }, note) => {
  if (missingServers().length > 0) {
    return [{ line: 'skipped, it needs redis-server and the test servers', problems: [] }];
  }
  const result = await withDataDir((config) => proxyFaults({ config, faults, seed, note }));
  const { cut, halved, delayed, killed, events, failures, snapshots, problems } = result;
  const line = `Redis: ${cut} answers cut, ${halved} halved, ${delayed} late, ${killed} kills, ${events} events, ${snapshots} snapshots, ${failures} repeated`;
  return [{ line, problems }];
};
