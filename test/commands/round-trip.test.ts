import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exportData } from '../../src/commands/export.ts';
import { ingest } from '../../src/commands/ingest.ts';
import { readInsights } from '../../src/pipeline/stats/read-insights.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { runOn } from '../support/run-on.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const CASES = join(import.meta.dirname, '..', 'cases');
/** What is read without a map: JSON lines of all formats, with people, robots, refunds and ids that are made from the content. */
const FILES = readdirSync(CASES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.jsonl'),
);

async function read(dataDir: string, path: string): Promise<void> {
  await ingest(runOn(dataDir).context, [path], { format: 'auto', speed: 'max' });
}

/** All numbers but those of what an export leaves out: lines that were rejected, came twice or lost fields. */
async function numbersOf(dataDir: string): Promise<object> {
  const stores = await openStores(configFor(dataDir));
  const asked = { period: 'all', now: Date.UTC(2026, 1, 1), currency: 'USD', limit: 100 } as const;
  const { freshness, ...stats } = await readStats(stores, { ...asked, by: 'country' });
  const { cohorts, segments, search } = await readInsights(stores.live, asked);
  await stores.close();
  const { links, aliases, robots, excessRefunds, refundsWithoutOrder } = freshness;
  const { unpricedOrders, pendingOrders, cancelledOrders } = freshness;
  const told = {
    links,
    aliases,
    robots,
    excessRefunds,
    refundsWithoutOrder,
    unpricedOrders,
    pendingOrders,
    cancelledOrders,
  };
  return { ...stats, cohorts, segments, search, told };
}

test.each(FILES)('what is exported of %s gives every number again in an empty folder', async (name) => {
  const [first, second] = [join(tempDir(), 'shop'), join(tempDir(), 'shop')];
  await read(first, join(CASES, name));
  const run = runOn(first);
  await exportData(run.context, { what: 'events', format: 'jsonl', out: '-' });
  const path = join(tempDir(), 'events.jsonl');
  writeFileSync(path, run.text());
  await read(second, path);
  expect(await numbersOf(second)).toEqual(await numbersOf(first));
});
