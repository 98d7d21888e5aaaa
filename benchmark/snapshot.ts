import { type Config } from '../src/config.ts';
import { type LiveStore } from '../src/pipeline/live-store/live-store.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { BucketDeltas, createNames } from '../src/pipeline/metrics/bucket-deltas.ts';
import { BASE_CELL_MS } from '../src/pipeline/metrics/cells.ts';
import { COLUMN_NAMES, COLUMNS, FAMILIES, TYPE_COLUMNS } from '../src/pipeline/metrics/column-numbers.ts';
import { SLOTS, slotsOf } from '../src/pipeline/metrics/stored-cells.ts';
import { readStats } from '../src/pipeline/stats/read-stats.ts';
import { type Benchmark, type BenchmarkContext, type Figure, quantile, withDataDir } from './harness.ts';
import { missingServers, withServices } from './services.ts';

const PRODUCTS = 10_000;
const MINUTES = 24 * 60;
const READS = 200;

/** How long the numbers of the last 24 hours take to read, of a shop with 10 000 products. */
export const snapshot: Benchmark = (context) => measure('embedded', withDataDir, context);

export const servicesSnapshot: Benchmark = async (context) => {
  if (missingServers().length === 0) return measure('services', withServices, context);
  context.note(`skipped: ${missingServers().join(', ')} not set (bash scripts/services.sh up, then its env)`);
  return [];
};

async function measure(
  stack: string,
  withStack: <T>(work: (config: Config) => Promise<T>) => Promise<T>,
  { scale, note }: BenchmarkContext,
): Promise<Figure[]> {
  const waits = await withStack(async (config) => {
    const live = await openLiveStore(config);
    const now = Date.now();
    await fill(live, now);
    const request = { period: '24h', limit: 10, now, currency: 'USD' } as const;
    const log = { bounds: async () => undefined };
    const times: number[] = [];
    // The first reads warm up.
    for (let i = 0; i < 20 + READS * scale; i += 1) {
      const started = performance.now();
      await readStats({ live, log }, request);
      if (i >= 20) times.push(performance.now() - started);
    }
    await live.close();
    return times;
  });
  const [p50, p99] = [quantile(waits, 0.5), quantile(waits, 0.99)];
  note(`p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  return [
    {
      name: `${stack} snapshot of 24 h, p99`,
      value: Math.round(p99 * 10) / 10,
      unit: 'ms',
      detail: `${PRODUCTS} products, all of them active in the window, ${waits.length} reads one after the other; p50 ${p50.toFixed(1)} ms`,
    },
  ];
}

/** A change a minute, each with a part of the products, so that every hour has all of them. */
async function fill(live: LiveStore, now: number): Promise<void> {
  const first = Math.floor((now - MINUTES * 60_000) / BASE_CELL_MS) * BASE_CELL_MS + BASE_CELL_MS;
  const slot = slotsOf({ timeZone: 'UTC', properties: [] }).numberOf('product');
  const names = createNames(COLUMN_NAMES, SLOTS);
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const start = first + minute * 60_000;
    const cells = new BucketDeltas();
    const bucket = cells.bucketAt(start);
    for (const type of ['view_item', 'add_to_cart', 'purchase'] as const)
      cells.addTotal(bucket, TYPE_COLUMNS[type], 200);
    cells.addTotal(bucket, COLUMNS.users, 50);
    for (let path = 0; path < 20; path += 1) cells.addTotal(bucket, FAMILIES.session.at(path * 2), 3);
    for (let i = 0; i < PRODUCTS / 60; i += 1) {
      const key = names.keys[slot]!.numberOf(`p${(minute * Math.ceil(PRODUCTS / 60) + i) % PRODUCTS}`);
      cells.add(bucket, slot, key, COLUMNS.views, 3);
      cells.add(bucket, slot, key, COLUMNS.carts, 1);
      cells.add(bucket, slot, key, COLUMNS.units, 1);
      cells.add(bucket, slot, key, FAMILIES.gross.of('USD'), 129_900 + i);
    }
    await live.apply({
      advances: [{ partition: 0, from: minute, to: minute + 1, watermark: start }],
      cells: cells.copy(),
      names,
      claims: [],
      states: new Map(),
      products: new Map(),
    });
  }
}
