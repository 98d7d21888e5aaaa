import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type CommandContext } from '../../src/commands/context.ts';
import { type IngestOptions, ingest } from '../../src/commands/ingest.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores } from './stores.ts';
import { tempDir } from './temp-dir.ts';

const OPTIONS: IngestOptions = { format: 'auto', speed: 'max' };

/** The path of an input that stands for a kind. */
export function caseFile(name: string): string {
  return new URL(`../cases/${name}`, import.meta.url).pathname;
}

/** A shop of its own that reads files as `ecom ingest` does. */
export function fileShop(env: Record<string, string> = {}) {
  const dataDir = join(tempDir(), 'shop');
  const folder = tempDir();
  const config = configFor(dataDir, { ECOM_PARTITIONS: '2', ...env });

  /** @param path of a file; `-` for what `input` says */
  async function read(
    path: string | readonly string[],
    options: Partial<IngestOptions> = {},
    input?: string | Buffer,
    signal = new AbortController().signal,
  ) {
    const texts = { out: '', notes: '' };
    const stream = (name: keyof typeof texts) =>
      Object.assign(new PassThrough(), { isTTY: false }).on('data', (chunk: Buffer) => {
        texts[name] += chunk.toString();
      });
    const stdin = new PassThrough();
    if (input !== undefined) stdin.end(input);
    const context = {
      config,
      stdin,
      stdout: stream('out'),
      stderr: stream('notes'),
      signal,
    } as unknown as CommandContext;
    await ingest(context, [path].flat(), { ...OPTIONS, ...options });
    return texts;
  }
  return {
    config,
    read,
    /** Writes a file and reads it. */
    readText(name: string, content: string | Buffer, options: Partial<IngestOptions> = {}) {
      const path = join(folder, name);
      writeFileSync(path, content);
      return read(path, options);
    },
    /** The path of a map that says so. */
    map(content: object): string {
      const path = join(tempDir(), 'map.json');
      writeFileSync(path, JSON.stringify(content));
      return path;
    },
    async stats(period: Parameters<typeof readStats>[1]['period'] = 'all') {
      const stores = await openStores(config);
      const stats = await readStats(stores, {
        period,
        now: Date.now(),
        currency: config.currency,
        limit: 10,
      });
      await stores.close();
      return stats;
    },
  };
}
