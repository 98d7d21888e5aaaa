import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

test('shoppers that memory has let go of before they were stored count once', async () => {
  const config = configFor(tempDir(), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const stores = await openStores(config);
  const [shoppers, rounds] = [40, 6];
  const start = Date.now() - 60_000;
  const lines = Array.from({ length: shoppers * rounds }, (_, i) => {
    const [userId, time] = [`u${i % shoppers}`, start + i];
    return { key: userId, value: JSON.stringify({ id: `e${i}`, type: 'page_view', time, userId }) };
  });
  await stores.log.append(lines);
  // What is on its way is stored after the states of the next batch are looked for, as on a busy machine.
  let looked = () => {};
  const live = {
    ...stores.live,
    async states(keys: readonly string[]) {
      const found = await stores.live.states(keys);
      looked();
      return found;
    },
  };
  const documents = {
    ...stores.documents,
    async append(batches: Parameters<typeof stores.documents.append>[0]) {
      await Promise.race([
        sleep(500),
        new Promise<void>((resolve) => {
          looked = resolve;
        }),
      ]);
      return stores.documents.append(batches);
    },
  };
  const processor = createProcessor({
    ...stores,
    documents,
    live,
    settings: SETTINGS,
    batch: shoppers,
    cachedShoppers: 4,
    flushMs: 1,
  });
  const stop = new AbortController();
  let counted = 0;
  await processor.run(stop.signal, (records) => {
    counted += records;
    if (counted === lines.length) stop.abort();
  });
  await processor.close();
  const period = { period: '1h', limit: 1, now: Date.now(), currency: 'USD' } as const;
  const { kpis } = await readStats(stores, period);
  expect(kpis).toMatchObject({ events: lines.length, users: shoppers, sessions: shoppers });
  await stores.close();
});
