import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { periodOf } from '../../../src/commands/period.ts';
import { ensureDataDir } from '../../../src/config.ts';
import { packageFile } from '../../../src/package-root.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { ingest } from '../../../src/pipeline/ingest/ingest.ts';
import { findInput } from '../../../src/pipeline/ingest/source.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const FOLDER = packageFile('..', 'shared', 'data', 'online-retail');
const FILE = join(FOLDER, 'online_retail.csv.gz');

interface Facts {
  readonly repeat_rate: number;
  readonly buyers_with_2plus_orders: number;
  readonly unique_buyers_with_id: number;
  readonly revenue_by_month_gross: Readonly<Record<string, string>>;
  readonly top10_country_revenue_gross: readonly (readonly [country: string, revenue: number])[];
}

test.skipIf(!existsSync(FILE))(
  'Online Retail has the repeat rate, months and countries that were computed independently',
  { timeout: 240_000 },
  async () => {
    const facts = JSON.parse(readFileSync(join(FOLDER, 'FACTS.json'), 'utf8')) as Facts;
    const config = configFor(join(tempDir(), 'shop'));
    ensureDataDir(config);
    const stores = await openStores(config);
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    await ingest({
      log: stores.log,
      input: await findInput(FILE, process.stdin),
      choice: { format: 'auto' },
      speed: undefined,
      rebase: false,
      clock: Date.now,
      signal: new AbortController().signal,
    });
    while ((await processor.step()) > 0);
    const ask = { limit: 10, now: Date.now(), currency: 'USD' } as const;
    const all = await readStats(stores, { ...ask, period: 'all', by: 'country' });
    expect(all.kpis.repeatPurchaseRate).toBe(facts.buyers_with_2plus_orders / facts.unique_buyers_with_id);
    expect(all.kpis.repeatPurchaseRate).toBeCloseTo(facts.repeat_rate, 6);
    expect(all.breakdown!.rows.map(({ value, revenue }) => [value, Number(revenue)])).toEqual(
      facts.top10_country_revenue_gross,
    );
    for (const [month, gross] of Object.entries(facts.revenue_by_month_gross)) {
      const period = periodOf({ from: month, to: month }, 'all', timeZone('UTC'));
      const { kpis } = await readStats(stores, { ...ask, period });
      expect([month, kpis.revenue.gross]).toEqual([month, gross]);
    }
    await stores.close();
  },
);
