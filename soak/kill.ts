import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { withDataDir } from '../benchmark/harness.ts';
import { missingServers, withServices } from '../benchmark/services.ts';
import { type Config } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { createGenerator, type Generator } from '../src/pipeline/generator/generator.ts';
import { Random } from '../src/pipeline/generator/random.ts';
import { type Stats } from '../src/pipeline/stats/types.ts';
import { type FromWorker, type ToWorker } from '../src/pipeline/supervisor/messages.ts';
import { allAnswers, isCounted } from '../test/support/answers.ts';
import { dropDatabase, dropKeys, dropTopics } from '../test/support/drop.ts';
import { configFor, openStores, type Stores } from '../test/support/stores.ts';
import { countCalmly } from './calm.ts';
import { type Part } from './harness.ts';

export interface KillOptions {
  /** Of a shop that is empty. */
  readonly config: Config;
  readonly kills: number;
  /** Records that are appended meanwhile. */
  readonly events: number;
  readonly seed: string;
  readonly note?: (text: string) => void;
}

export interface KillResult {
  /** Processors that had counted something when they were killed. */
  readonly atWork: number;
  /** What the generator says of the records. */
  readonly tally: Generator['tally'];
  /** All answers of the shop whose processors were killed, and of one that counted the same log undisturbed. */
  readonly killed: Answers;
  readonly calm: Answers;
}

export interface Answers {
  readonly stats: readonly Stats[];
  readonly rejected: readonly { reason: string; count: number }[];
}

/** Records in one append. */
const PARTS = 4;
/** All is counted at the latest so long after the last kill, ms: Kafka notices a dead processor after 10 s. */
const RECOVERY_MS = 90_000;

/** Kills the processor again and again while events flow, then lets one count the rest. */
export async function killProcessors(options: KillOptions): Promise<KillResult> {
  const { config, kills, events, seed, note = () => {} } = options;
  const stores = await openStores(config);
  try {
    const start = Date.now() - 6 * 3_600_000;
    const generator = createGenerator({
      seed,
      rate: 20,
      start,
      dirty: 0.05,
      rhythm: 'flat',
      currency: 'USD',
    });
    const random = new Random(`${seed}/moments`);
    let atWork = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      note(`kill ${kill + 1} of ${kills}`);
      const before = await counted(stores);
      const processor = startProcessor(config);
      // Every other one dies at work, the rest at any moment of their start.
      if (kill % 2 === 0) await ready(processor);
      for (let part = 0; part < PARTS; part += 1) {
        const appended = kill * PARTS + part;
        await appendSome(stores, generator, share(events, kills * PARTS, appended));
        await sleep(random.below(100));
      }
      // On Kafka a new one waits for its partitions first.
      const limit = performance.now() + RECOVERY_MS;
      while (kill % 2 === 0 && (await counted(stores)) === before && performance.now() < limit)
        await sleep(10);
      processor.kill('SIGKILL');
      await gone(processor);
      if ((await counted(stores)) > before) atWork += 1;
    }
    note('counting the rest');
    await countRest(config, stores);
    const now = Date.now();
    note('counting the same without a kill');
    const calm = await countCalmly(config, stores, (own) => answersOf(own, now));
    return { atWork, tally: generator.tally, killed: await answersOf(stores, now), calm };
  } finally {
    await stores.close();
  }
}

/** What falls to one of `parts` that divide a number. */
function share(whole: number, parts: number, index: number): number {
  return Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts);
}

async function appendSome({ log }: Stores, generator: Generator, count: number): Promise<void> {
  const records = Array.from({ length: count }, () => {
    const { key, value } = generator.next();
    return { key, value };
  });
  await log.append(records);
}

function startProcessor(config: Config): ChildProcess {
  const child = fork(packageFile('dist', 'worker.js'), [], {
    env: { ...process.env, ...config.env },
    execArgv: [],
  });
  const options = { component: 'processor', name: 'processor-1' } as const;
  // A process that dies at once cannot be told anything.
  child.send({ type: 'start', options, restarts: 0 } satisfies ToWorker, () => {});
  return child;
}

/** Resolves once a processor has opened its stores and counted its first batch. */
async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') resolve();
      if (message.type === 'failed') reject(new Error(`the processor failed: ${message.message}`));
    });
    child.once('exit', (code) => reject(new Error(`the processor ended with ${code}`)));
  });
}

async function gone(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
}

async function counted({ live }: Stores): Promise<number> {
  return (await live.positions()).reduce((sum, { position }) => sum + position, 0);
}

async function countRest(config: Config, stores: Stores): Promise<void> {
  const last = startProcessor(config);
  const limit = performance.now() + RECOVERY_MS;
  while (!(await isCounted(stores)) && performance.now() < limit) await sleep(50);
  last.send({ type: 'stop' } satisfies ToWorker);
  await gone(last);
}

async function answersOf(stores: Stores, now: number): Promise<Answers> {
  return {
    stats: await allAnswers(stores, now),
    rejected: await stores.documents.deadLetterReasons(),
  };
}

/** Events for each kill; servers take longer over one. */
const EVENTS_A_KILL = 1000;
const EVENTS_A_KILL_ON_SERVERS = 200;
/** On Kafka a new processor waits until the group has given up on the killed one: so many times fewer kills there. */
const FEWER_ON_KAFKA = 10;

/** Kills of the processor: embedded, on MongoDB and Redis, and on Kafka too where test servers are named. */
export const kill: Part = async ({ kills, seed }, note) => {
  const run = async (where: string, config: Config, times: number, eventsEach: number) => {
    const told = (text: string): void => note(`${where}, ${text}`);
    const events = times * eventsEach;
    const result = await killProcessors({ config, kills: times, events, seed, note: told });
    const { received, rejected, duplicates } = result.killed.stats[0]!.freshness;
    const counts = `${times} kills, ${result.atWork} at work, ${events} events, ${received} counted`;
    const line = `${where}: ${counts} (${rejected} rejected, ${duplicates} duplicates)`;
    return { line, problems: problemsOf(result, events) };
  };
  const outcomes = [await withDataDir((config) => run('embedded', config, kills, EVENTS_A_KILL))];
  const missing = missingServers();
  if (missing.length > 0) {
    outcomes.push({ line: `servers: skipped, ${missing.join(', ')} not set`, problems: [] });
    return outcomes;
  }
  for (const kafka of [false, true]) {
    const where = kafka ? 'Kafka, MongoDB, Redis' : 'MongoDB, Redis';
    const times = kafka ? Math.ceil(kills / FEWER_ON_KAFKA) : kills;
    outcomes.push(
      await withServices(async (servers) => {
        const config = kafka ? servers : withEmbeddedLog(servers);
        try {
          return await run(where, config, times, EVENTS_A_KILL_ON_SERVERS);
        } finally {
          await drop(servers);
        }
      }),
    );
  }
  return outcomes;
};

function problemsOf({ killed, calm, tally, atWork }: KillResult, events: number): string[] {
  const { freshness } = killed.stats[0]!;
  const wrong = killed.stats
    .map((stats, i) => [stats.window.label, isDeepStrictEqual(stats, calm.stats[i])] as const)
    .flatMap(([label, same]) => (same ? [] : [`stats of ${label} differ from those of a calm run`]));
  if (!isDeepStrictEqual(killed.rejected, calm.rejected)) wrong.push('dead letters differ');
  if (freshness.received !== events) wrong.push(`${freshness.received} of ${events} events are counted`);
  if (freshness.backlog !== 0) wrong.push(`stuck: ${freshness.backlog} events are not counted`);
  if (freshness.rejected !== tally.malformed + tally.invalid)
    wrong.push('rejected lines are lost or doubled');
  if (atWork === 0) wrong.push('no processor was killed at work: the kills prove nothing');
  return wrong;
}

function withEmbeddedLog({ dataDir, env }: Config): Config {
  return configFor(dataDir, { ...env, ECOM_LOG_URL: 'sqlite:' });
}

async function drop({ logUrl, documentsUrl, liveUrl }: Config): Promise<void> {
  const name = new URL(documentsUrl).pathname.slice(1);
  await dropTopics(logUrl, name);
  await dropDatabase(documentsUrl, name);
  await dropKeys(liveUrl, name);
}
