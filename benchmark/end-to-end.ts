import { type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config } from '../src/config.ts';
import { type EventLog, type NewRecord } from '../src/pipeline/event-log/event-log.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { type LiveStore } from '../src/pipeline/live-store/live-store.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { type FromWorker } from '../src/pipeline/supervisor/messages.ts';
import { planWorkers } from '../src/pipeline/supervisor/plan.ts';
import {
  type Benchmark,
  type BenchmarkContext,
  type Figure,
  makeRecords,
  median,
  startWorker,
  stopWorker,
  withDataDir,
} from './harness.ts';
import { cpuSeconds, missingServers, serverProcesses, withServices } from './services.ts';

const CHUNK = 5_000;
const RUNS = 3;
/** Records before the clock starts: until they are counted, a group may still be dealing out its partitions. */
const WARM_UP = 10_000;

type WithStack = <T>(work: (config: Config) => Promise<T>) => Promise<T>;

/** Events a second from the first append until the last event is counted in the live store, durably, by workers. */
export const endToEnd: Benchmark = (context) => measure('embedded', withDataDir, 400_000, context);

/** The same on the test servers, which share the machine. */
export const servicesEndToEnd: Benchmark = async (context) => {
  const missing = missingServers();
  if (missing.length > 0) {
    context.note(`skipped: ${missing.join(', ')} not set (bash scripts/services.sh up, then its env)`);
    return [];
  }
  return measure('services', withServices, 200_000, context);
};

interface Run {
  readonly rate: number;
  /** Share of one core that each process used, by name. */
  readonly load: ReadonlyMap<string, number>;
}

async function measure(
  stack: string,
  withStack: WithStack,
  events: number,
  { scale, note }: BenchmarkContext,
): Promise<Figure[]> {
  const records = makeRecords(Math.round(events * scale) + WARM_UP, 1_000, Date.now() - 3_600_000);
  const runs = new Map<number, Run[]>([
    [1, []],
    [2, []],
  ]);
  const baselines: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    baselines.push(parseAndCount(records));
    for (const [processors, measured] of runs) {
      measured.push(await withStack((config) => appendAndCount(config, records, processors)));
    }
    const measured = [...runs.values()].map((list) => Math.round(list[run]!.rate)).join(' and ');
    note(`run ${run + 1}: ${measured} events/s; in memory ${Math.round(baselines[run]!)}`);
  }
  const baseline = Math.round(median(baselines));
  return [...runs].map(([processors, measured]) => {
    const value = median(measured.map(({ rate }) => rate));
    const { load } = measured.find(({ rate }) => rate === value)!;
    const shares = [...load]
      .filter(([, share]) => !Number.isNaN(share))
      .map(([name, share]) => `${name} ${Math.round(share * 100)} %`)
      .join(', ');
    return {
      name: `${stack} end to end, ${processors} processor${processors === 1 ? '' : 's'}`,
      value: Math.round(value),
      unit: 'events/s',
      baseline,
      ratio: value / baseline,
      detail: `${records.length - WARM_UP} events appended, decoded, counted, stored; baseline: one thread parses and counts them in memory; of a core: ${shares}`,
    };
  });
}

function parseAndCount(records: readonly NewRecord[]): number {
  const started = performance.now();
  const counts = new Map<string, number>();
  for (const { value } of records) {
    const { type } = JSON.parse(value) as { type: string };
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return (records.length / (performance.now() - started)) * 1000;
}

async function appendAndCount(
  config: Config,
  records: readonly NewRecord[],
  processors: number,
): Promise<Run> {
  const [log, live] = [await openEventLog(config), await openLiveStore(config)];
  const plan = planWorkers({ partitions: log.partitions, processors });
  const workers = await Promise.all(
    plan.filter(({ component }) => component === 'processor').map((options) => startWorker(config, options)),
  );
  await log.append(records.slice(0, WARM_UP));
  await Promise.all([allCounted(log, live), allOwned(workers, log.partitions)]);
  const processes = new Map([
    ['appender', process.pid],
    ...workers.map(({ pid }, i): [string, number] => [`processor ${i + 1}`, pid!]),
    ...(config.liveUrl.startsWith('sqlite:') ? [] : serverProcesses()),
  ]);
  const before = new Map([...processes].map(([name, pid]) => [name, cpuSeconds(pid)]));
  const started = performance.now();
  for (let i = WARM_UP; i < records.length; i += CHUNK) await log.append(records.slice(i, i + CHUNK));
  await allCounted(log, live);
  const seconds = (performance.now() - started) / 1000;
  const load = new Map(
    [...processes].map(([name, pid]) => [name, (cpuSeconds(pid) - before.get(name)!) / seconds]),
  );
  await Promise.all(workers.map(stopWorker));
  await Promise.all([log.close(), live.close()]);
  return { rate: (records.length - WARM_UP) / seconds, load };
}

async function allCounted(log: EventLog, live: LiveStore): Promise<void> {
  for (;;) {
    const positions = new Map(
      (await live.positions()).map(({ partition, position }) => [partition, position]),
    );
    const bounds = await log.bounds();
    if (bounds.every(({ end }, partition) => (positions.get(partition) ?? 0) >= end)) return;
    await sleep(5);
  }
}

/** Resolves once the workers' heartbeats say that each has its part of the partitions, and together they have all. */
async function allOwned(workers: readonly ChildProcess[], partitions: number): Promise<void> {
  const owned = new Map<ChildProcess, number>();
  await new Promise<void>((resolve) => {
    for (const worker of workers) {
      worker.on('message', (message: FromWorker) => {
        if (message.type !== 'heartbeat') return;
        owned.set(worker, message.metrics.partitions?.length ?? 0);
        const counts = [...owned.values()];
        const sum = counts.reduce((a, b) => a + b, 0);
        if (counts.length === workers.length && !counts.includes(0) && sum === partitions) resolve();
      });
    }
  });
}
