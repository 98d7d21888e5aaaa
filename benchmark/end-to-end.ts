import { setTimeout as sleep } from 'node:timers/promises';
import { type NewRecord } from '../src/pipeline/event-log/event-log.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { type Benchmark, makeRecords, median, startWorker, stopWorker, withDataDir } from './harness.ts';

const EVENTS = 400_000;
const CHUNK = 5_000;
const RUNS = 3;

/** Events a second from the first append until the last event is counted in the live store, durably, by a worker. */
export const endToEnd: Benchmark = async ({ scale, note }) => {
  const records = makeRecords(Math.round(EVENTS * scale), 5_000, Date.now() - 3_600_000);
  const rates: number[] = [];
  const baselines: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    baselines.push(parseAndCount(records));
    rates.push(await appendAndCount(records));
    note(`run ${run + 1}: ${Math.round(rates[run]!)} events/s; in memory ${Math.round(baselines[run]!)}`);
  }
  const [value, baseline] = [median(rates), median(baselines)];
  return [
    {
      name: 'embedded end to end',
      value: Math.round(value),
      unit: 'events/s',
      baseline: Math.round(baseline),
      ratio: value / baseline,
      detail: `${records.length} events appended, decoded, counted, stored; baseline: one thread parses and counts them in memory`,
    },
  ];
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

function appendAndCount(records: readonly NewRecord[]): Promise<number> {
  return withDataDir(async (config) => {
    const [log, live] = [await openEventLog(config), await openLiveStore(config)];
    const worker = await startWorker(config, { component: 'processor', name: 'processor-1' });
    const started = performance.now();
    for (let i = 0; i < records.length; i += CHUNK) await log.append(records.slice(i, i + CHUNK));
    for (;;) {
      const positions = await live.positions();
      if (positions.reduce((sum, { position }) => sum + position, 0) === records.length) break;
      await sleep(5);
    }
    const elapsed = performance.now() - started;
    await stopWorker(worker);
    await Promise.all([log.close(), live.close()]);
    return (records.length / elapsed) * 1000;
  });
}
