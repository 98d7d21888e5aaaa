import { setTimeout as sleep } from 'node:timers/promises';
import { type NewRecord } from '../src/pipeline/event-log/event-log.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { planWorkers } from '../src/pipeline/supervisor/plan.ts';
import { type Benchmark, makeRecords, median, startWorker, stopWorker, withDataDir } from './harness.ts';

const EVENTS = 400_000;
const CHUNK = 5_000;
const RUNS = 3;

/** Events a second from the first append until the last event is counted in the live store, durably, by workers. */
export const endToEnd: Benchmark = async ({ scale, note }) => {
  const records = makeRecords(Math.round(EVENTS * scale), 1_000, Date.now() - 3_600_000);
  const rates = new Map<number, number[]>([
    [1, []],
    [2, []],
  ]);
  const baselines: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    baselines.push(parseAndCount(records));
    for (const [processors, measured] of rates) measured.push(await appendAndCount(records, processors));
    const measured = [...rates.values()].map((list) => Math.round(list[run]!)).join(' and ');
    note(`run ${run + 1}: ${measured} events/s; in memory ${Math.round(baselines[run]!)}`);
  }
  const baseline = Math.round(median(baselines));
  return [...rates].map(([processors, measured]) => ({
    name: `embedded end to end, ${processors} processor${processors === 1 ? '' : 's'}`,
    value: Math.round(median(measured)),
    unit: 'events/s',
    baseline,
    ratio: median(measured) / baseline,
    detail: `${records.length} events appended, decoded, counted, stored; baseline: one thread parses and counts them in memory`,
  }));
};

function parseAndCount(records: readonly NewRecord[]): number {
  const started = performance.now();
  const counts = new Map<string, number>();
  for (const { value } of records) {
    const { type } = JSON.parse(value) as { type: string };
    counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return (records.length / (performance.now() - started)) * 1000;
}

function appendAndCount(records: readonly NewRecord[], processors: number): Promise<number> {
  return withDataDir(async (config) => {
    const [log, live] = [await openEventLog(config), await openLiveStore(config)];
    const plan = planWorkers({ partitions: log.partitions, processors });
    const workers = await Promise.all(
      plan
        .filter(({ component }) => component === 'processor')
        .map((options) => startWorker(config, options)),
    );
    const started = performance.now();
    for (let i = 0; i < records.length; i += CHUNK) await log.append(records.slice(i, i + CHUNK));
    for (;;) {
      const positions = await live.positions();
      if (positions.reduce((sum, { position }) => sum + position, 0) === records.length) break;
      await sleep(5);
    }
    const elapsed = performance.now() - started;
    await Promise.all(workers.map(stopWorker));
    await Promise.all([log.close(), live.close()]);
    return (records.length / elapsed) * 1000;
  });
}
