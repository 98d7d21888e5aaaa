import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type LiveChange } from '../../../src/pipeline/live-store/live-store.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** More than are kept in memory, and whole rows of the log, so that they are read at once. */
const SHOPPERS = 65_000;

test('a shopper who comes back while a commit of more shoppers than memory keeps is being stored is known', async () => {
  const config = configFor(join(tempDir(), 'in-flight'), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  const stores = await openStores(config);
  const event = (user: number, time: number) => ({
    key: 'k',
    value: JSON.stringify({ type: 'page_view', time, userId: `u${user}` }),
  });
  const time = Date.UTC(2026, 0, 5);
  await stores.log.append(Array.from({ length: SHOPPERS }, (_, i) => event(i, time)));
  await stores.log.append([event(0, time + 1)]);
  // The first change is applied once the next commit has asked for its states, as on a server that is slow.
  let asked = () => {};
  const live = {
    ...stores.live,
    async states(keys: readonly string[]) {
      const found = await stores.live.states(keys);
      asked();
      return found;
    },
    async apply(change: LiveChange) {
      if (change.states.size === SHOPPERS) await new Promise<void>((resolve) => (asked = resolve));
      return stores.live.apply(change);
    },
  };
  const processor = createProcessor({ ...stores, live, settings: SETTINGS, batch: SHOPPERS });
  const stop = new AbortController();
  let records = 0;
  await processor.run(stop.signal, (more) => {
    records += more;
    if (records > SHOPPERS) stop.abort();
  });
  await processor.close();
  const stats = await readStats(stores, { period: 'all', limit: 1, now: Date.now(), currency: 'USD' });
  expect(stats.kpis).toMatchObject({ events: SHOPPERS + 1, users: SHOPPERS, sessions: SHOPPERS });
  await stores.close();
});
