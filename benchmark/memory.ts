import { type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FromWorker, type WorkerOptions } from '../src/pipeline/supervisor/messages.ts';
import { type Benchmark, type Figure, startWorker, stopWorker, withDataDir } from './harness.ts';

const RATE = 20_000;
const SECONDS = 60;

/** Resident memory of each worker while a shop of 20 000 events a second runs. */
export const memory: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    const seconds = Math.max(10, Math.round(SECONDS * scale));
    const samples = new Map<string, number[]>();
    const counted = new Map<string, number>();
    const plan: WorkerOptions[] = [
      { component: 'processor', name: 'processor-1' },
      { component: 'recommender', name: 'recommender' },
      { component: 'generator', name: 'generator', generator: { rate: RATE, seed: 'bench' } },
    ];
    const workers: ChildProcess[] = [];
    for (const options of plan) {
      const worker = await startWorker(config, options);
      samples.set(options.name, []);
      worker.on('message', (message: FromWorker) => {
        if (message.type !== 'heartbeat') return;
        samples.get(options.name)!.push(message.metrics.rss / 1e6);
        counted.set(options.name, message.metrics.events);
      });
      workers.push(worker);
    }
    for (let elapsed = 0; elapsed < seconds; elapsed += 10) {
      await sleep(10_000);
      const now = [...samples].map(([name, list]) => `${name} ${list.at(-1)?.toFixed(0)} MB`).join(', ');
      note(`${elapsed + 10} s: ${now}; ${counted.get('processor-1')} events counted`);
    }
    for (const worker of workers.reverse()) await stopWorker(worker);
    return [...samples].map(([name, list]): Figure => {
      const third = Math.max(1, Math.floor(list.length / 3));
      const mean = (part: readonly number[]): number =>
        part.reduce((sum, value) => sum + value, 0) / part.length;
      const [middle, last] = [mean(list.slice(third, 2 * third)), mean(list.slice(-third))];
      return {
        name: `memory of ${name}`,
        value: Math.round(Math.max(...list)),
        unit: 'MB',
        detail:
          `most in ${seconds} s at ${RATE}/s (${Math.round((counted.get(name) ?? 0) / seconds)}/s handled); ` +
          `mean of the second third ${middle.toFixed(0)}, of the last ${last.toFixed(0)}`,
      };
    });
  });
