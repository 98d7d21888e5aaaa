import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type LiveChange } from '../../../src/pipeline/live-store/live-store.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { type ReduceSettings } from '../../../src/pipeline/processor/reduce.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const NOTHING: ReduceSettings = { ...SETTINGS, filter: () => undefined };

/** Counts all that the log holds anew, all or nothing of it, and puts that in the place of the numbers. */
async function replace(stores: Stores, settings: ReduceSettings): Promise<boolean> {
  const anew = await stores.live.rebuild();
  try {
    const processor = createProcessor({ ...stores, live: anew.live, settings });
    while ((await processor.step()) > 0);
    return await anew.replace();
  } finally {
    await anew.close();
  }
}

test('whenever a rebuild replaces the numbers under a processor, it goes on with the new ones', async () => {
  const act = fc.oneof(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }).map((users) => ({ users })),
    fc.constantFrom('step', 'all', 'none', 'all while storing', 'none while storing'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 4, maxLength: 14 }), async (acts) => {
      const config = configFor(join(tempDir(), 'replaced'), { ECOM_PARTITIONS: '2' });
      ensureDataDir(config);
      const stores = await openStores(config);
      let serial = 0;
      const append = (users: readonly number[]) =>
        stores.log.append(
          users.map((user) => {
            const event = { id: `e${serial++}`, type: 'page_view', time: Date.now(), userId: `u${user}` };
            return { key: event.userId, value: JSON.stringify(event) };
          }),
        );
      const pending: ReduceSettings[] = [];
      const live = {
        ...stores.live,
        async apply(change: LiveChange) {
          for (const settings of pending.splice(0)) await replace(stores, settings);
          return stores.live.apply(change);
        },
      };
      const processor = createProcessor({ ...stores, live, settings: SETTINGS, batch: 3 });
      const goOn = async () => {
        while ((await processor.step()) > 0);
      };
      for (const what of acts) {
        if (typeof what === 'object') await append(what.users);
        else if (what === 'step') await processor.step();
        else if (what.endsWith('storing')) pending.push(what.startsWith('all') ? SETTINGS : NOTHING);
        else expect(await replace(stores, what === 'all' ? SETTINGS : NOTHING)).toBe(true);
      }
      await goOn();
      pending.splice(0);
      // From numbers that are known: nothing of what is there, and everything that comes.
      await replace(stores, NOTHING);
      const users = acts.flatMap((what) => (typeof what === 'object' ? what.users : []));
      await append(users);
      await goOn();
      const stats = await readStats(stores, { period: 'all', limit: 1, now: Date.now(), currency: 'USD' });
      expect(stats.kpis).toMatchObject({ events: users.length, users: new Set(users).size });
      await processor.close();
      await stores.close();
    }),
    { numRuns: 25 },
  );
});
