import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, ensureDataDir, loadConfig } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { type NewRecord } from '../src/pipeline/event-log/event-log.ts';
import { createGenerator } from '../src/pipeline/generator/generator.ts';
import { type FromWorker, type ToWorker, type WorkerOptions } from '../src/pipeline/supervisor/messages.ts';
import { NODE_ARGUMENTS } from '../src/pipeline/supervisor/worker-process.ts';

/** One line of the result. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same unit, measured in the same run: what the machine can do today. */
  readonly baseline?: number;
  /** value ÷ baseline */
  readonly ratio?: number;
  readonly detail?: string;
}

/** What a benchmark gets. */
export interface BenchmarkContext {
  /** Multiplies the amount of work; 1 is the default. */
  readonly scale: number;
  /** Of those that read a file: how many events it has, in place of what `scale` gives. */
  readonly events?: number | undefined;
  /** Of those that read a file: its kinds, by name. */
  readonly shapes?: readonly string[] | undefined;
  note(text: string): void;
}

export type Benchmark = (context: BenchmarkContext) => Promise<Figure[]>;

/** Runs `work` with a new data folder on the embedded stores, and removes it. */
export async function withDataDir<T>(work: (config: Config) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ecom-bench-'));
  const config = loadConfig({ dataDir }, {});
  ensureDataDir(config);
  try {
    return await work(config);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Starts a worker as the supervisor does. Resolves when it is ready. */
export async function startWorker(config: Config, options: WorkerOptions): Promise<ChildProcess> {
  const child = fork(packageFile('dist', 'worker.js'), [], {
    env: { ...process.env, ...config.env },
    execArgv: [...NODE_ARGUMENTS],
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') resolve();
      if (message.type === 'failed') reject(new Error(message.message));
    });
    child.on('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
  child.send({ type: 'start', options, restarts: 0 } satisfies ToWorker);
  await ready;
  return child;
}

/** Asks a worker to finish. Resolves when it is gone. */
export async function stopWorker(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.on('exit', resolve));
  child.send({ type: 'stop' } satisfies ToWorker);
  await gone;
}

/** Simulated events, made before the clock starts. @param rate events a second of the simulated shop */
export function makeRecords(count: number, rate: number, start: number): NewRecord[] {
  const options = { seed: 'bench', rate, start, dirty: 0, rhythm: 'flat', currency: 'USD' } as const;
  const generator = createGenerator(options);
  return Array.from({ length: count }, () => {
    const { key, value } = generator.next();
    return { key, value };
  });
}

/** The q-quantile of values, by the nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
