import { setTimeout as sleep } from 'node:timers/promises';
import { type Config } from '../src/config.ts';
import { type NewRecord } from '../src/pipeline/event-log/event-log.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { type LiveStore } from '../src/pipeline/live-store/live-store.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { readStats } from '../src/pipeline/stats/read-stats.ts';
import {
  type Benchmark,
  type BenchmarkContext,
  type Figure,
  makeRecords,
  quantile,
  startWorker,
  stopWorker,
  withDataDir,
} from './harness.ts';
import { missingServers, withServices } from './services.ts';

const SECONDS = 15;
/** Appends an interval. */
const TICK_MS = 20;
/** Time between two questions. Asking more often would take a third of a core from what is measured. */
const ASK_MS = 20;
/** Records before the clock starts: until they are counted, a group may still be dealing out its partitions. */
const WARM_UP = 5_000;
/** At the rate, before events are measured: what a process that has just begun costs is told by itself. */
const WARM_UP_SECONDS = 3;

type WithStack = (work: (config: Config) => Promise<number[]>) => Promise<number[]>;

/** How long an event takes from its append until `ecom stats` tells it, at a steady rate. */
export const latency: Benchmark = (context) => measureAll('', withDataDir, [1_000, 20_000, 50_000], context);

/** The same on the test servers, which share the machine. */
export const servicesLatency: Benchmark = async (context) => {
  if (missingServers().length === 0) return measureAll('services, ', withServices, [1_000, 10_000], context);
  context.note(`skipped: ${missingServers().join(', ')} not set (bash scripts/services.sh up, then its env)`);
  return [];
};

async function measureAll(
  stack: string,
  withStack: WithStack,
  rates: readonly number[],
  { scale, note }: BenchmarkContext,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const rate of rates) {
    const seconds = Math.max(3, SECONDS * scale);
    const records = makeRecords(WARM_UP + Math.round(rate * (WARM_UP_SECONDS + seconds)), rate, Date.now());
    const all = await withStack((config) => measure(config, records, rate));
    const first = all.splice(0, Math.round(rate * WARM_UP_SECONDS));
    const [p50, p99, cold] = [quantile(all, 0.5), quantile(all, 0.99), quantile(first, 0.99)].map(
      Math.round,
    ) as [number, number, number];
    note(`${rate} events/s: p50 ${p50} ms, p99 ${p99} ms; ${cold} ms in the first ${WARM_UP_SECONDS} s`);
    const detail =
      `${all.length} events in ${seconds} s, asked of stats every ${ASK_MS} ms; p50 ${p50} ms; ` +
      `p99 of the ${WARM_UP_SECONDS} s before, when the process is new, ${cold} ms`;
    figures.push({
      name: `${stack}event to stats p99 at ${rate}/s`,
      value: p99,
      unit: 'ms',
      detail,
    });
  }
  return figures;
}

/** One wait an event, ms. */
async function measure(config: Config, records: readonly NewRecord[], rate: number): Promise<number[]> {
  const [log, live] = [await openEventLog(config), await openLiveStore(config)];
  const worker = await startWorker(config, { component: 'processor', name: 'processor-1' });
  const appended: { readonly end: number; readonly at: number }[] = [];
  const waits: number[] = [];
  await log.append(records.slice(0, WARM_UP));
  while ((await countedIn(live, config)) < WARM_UP) await sleep(10);
  const started = performance.now();
  let sent = WARM_UP;
  let seen = WARM_UP;
  while (seen < records.length) {
    const passed = Math.floor(((performance.now() - started) / 1000) * rate);
    const due = Math.min(records.length, WARM_UP + passed);
    if (due > sent && (appended.length === 0 || performance.now() - appended.at(-1)!.at >= TICK_MS)) {
      await log.append(records.slice(sent, due));
      sent = due;
      appended.push({ end: sent, at: performance.now() });
    }
    await sleep(ASK_MS);
    // Partitions are counted together, so the sum tells how many appends are wholly in.
    const counted = await countedIn(live, config);
    while (appended.length > 0 && appended[0]!.end <= counted) {
      const { end, at } = appended.shift()!;
      const wait = performance.now() - at;
      for (; seen < end; seen += 1) waits.push(wait);
    }
  }
  await stopWorker(worker);
  await Promise.all([log.close(), live.close()]);
  return waits;
}

/** Number of events that stats tells. */
async function countedIn(live: LiveStore, { currency }: Config): Promise<number> {
  const { kpis } = await readStats(
    { live, log: { bounds: async () => undefined } },
    { period: 'all', limit: 10, now: Date.now(), currency },
  );
  return kpis.events;
}
