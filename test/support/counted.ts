import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { type CommandContext } from '../../src/commands/context.ts';
import { list } from '../../src/commands/dead-letters.ts';
import { type IngestOptions, ingest } from '../../src/commands/ingest.ts';
import { type StatsOptions, stats } from '../../src/commands/stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { configFor } from './stores.ts';
import { tempDir } from './temp-dir.ts';

/** A data folder, and what its commands say. */
export interface CountedShop {
  /** What `ecom ingest` says of a file, as JSON and for people. */
  readonly ingest: (path: string, options?: Partial<IngestOptions>) => Promise<Ingested>;
  readonly stats: (options?: Partial<StatsOptions>) => Promise<Stats>;
  /** Dead letters, the latest first. */
  readonly letters: () => Promise<{ reason: string; detail: string; source: string }[]>;
}

export interface Ingested {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly notes: string;
}

/** A new shop, that counts in this process. */
export function newShop(env: Record<string, string> = {}): CountedShop {
  const config = configFor(join(tempDir(), 'shop'), { ECOM_PARTITIONS: '2', ...env });

  async function run(work: (context: CommandContext) => Promise<void>, stdin?: Readable) {
    const collect = () => {
      const stream = Object.assign(new PassThrough(), { isTTY: false });
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      return { stream, text: () => Buffer.concat(chunks).toString() };
    };
    const [stdout, stderr] = [collect(), collect()];
    const { signal } = new AbortController();
    const streams = { stdin: stdin ?? new PassThrough(), stdout: stdout.stream, stderr: stderr.stream };
    await work({ config, ...streams, signal } as unknown as CommandContext);
    return { out: stdout.text(), notes: stderr.text() };
  }

  return {
    async ingest(path, options = {}) {
      const all: IngestOptions = { format: 'auto', speed: 'max', json: true, ...options };
      const { out, notes } = await run((context) => ingest(context, [path], all));
      return { answer: all.json === true ? JSON.parse(out) : { text: out }, notes };
    },
    async stats(options = {}) {
      const all: StatsOptions = { window: 'all', limit: 100, interval: 1, json: true, ...options };
      return JSON.parse((await run((context) => stats(context, all))).out) as Stats;
    },
    async letters() {
      const { out } = await run((context) => list(context, { limit: 1000, json: true }));
      return JSON.parse(out).letters;
    },
  };
}

/** A file of test/cases. */
export function casePath(...names: string[]): string {
  return join(import.meta.dirname, '..', 'cases', ...names);
}
