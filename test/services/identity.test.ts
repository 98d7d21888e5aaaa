import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../src/config.ts';
import { type NewRecord } from '../../src/pipeline/event-log/event-log.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { allAnswers, isCounted } from '../support/answers.ts';
import { describeWith } from '../support/backends.ts';
import { serviceShop } from '../support/services.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const EVENTS = 6000;
const TYPES = ['view_item', 'view_item', 'add_to_cart', 'begin_checkout', 'purchase', 'identify'];

/** Some hundred people with devices, of which some have two users, within a day. */
function makeRecords(start: number): NewRecord[] {
  let seed = 7;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (seed >> 8) % below;
  };
  return Array.from({ length: EVENTS }, (_, i) => {
    const user = next(300);
    const knows = next(3);
    const anonymousId = knows === 1 ? undefined : `a${next(10) === 0 ? user + 1 : user}`;
    const userId = knows === 0 ? undefined : `u${user}`;
    const wanted = TYPES[next(TYPES.length)]!;
    const type = wanted === 'identify' && knows < 2 ? 'view_item' : wanted;
    const items = [{ productId: `p${next(20)}`, price: 2 }];
    const order = type === 'purchase' ? { orderId: `o${i}` } : {};
    const time = start + Math.floor((i * 86_000_000) / EVENTS);
    const value = JSON.stringify({ id: `e${i}`, type, time, userId, anonymousId, ...order, items });
    return { key: (userId ?? anonymousId)!, value };
  });
}

/** @param processors how many share the partitions, with batches of the given size */
async function runShop(stores: Stores, processors: number, batch: number): Promise<void> {
  const all = Array.from({ length: processors }, () =>
    createProcessor({ ...stores, settings: SETTINGS, batch }),
  );
  await Promise.all(
    all.map(async (processor) => {
      while (!(await isCounted(stores))) await processor.step(100);
      await processor.close();
    }),
  );
}

describeWith(['kafka', 'mongodb', 'redis'], 'people on servers', () => {
  test('are the same as in the embedded stores, however many processors share them', {
    timeout: 600_000,
  }, async () => {
    const records = makeRecords(Date.now() - 24 * 3_600_000);
    const embeddedConfig = configFor(join(tempDir(), 'embedded'), { ECOM_PARTITIONS: '4' });
    ensureDataDir(embeddedConfig);
    const shop = serviceShop();
    const [embedded, services] = [await openStores(embeddedConfig), await openStores(shop.config)];
    try {
      for (let i = 0; i < records.length; i += 1000) {
        await embedded.log.append(records.slice(i, i + 1000));
        await services.log.append(records.slice(i, i + 1000));
      }
      await runShop(embedded, 1, 10_000);
      await runShop(services, 2, 500);
      const now = Date.now();
      const [expected, answers] = [await allAnswers(embedded, now), await allAnswers(services, now)];
      expect(answers).toEqual(expected);
      expect(expected[0]!.freshness.links).toBeGreaterThan(100);
      expect(expected[0]!.kpis.users).toBeLessThanOrEqual(301);
    } finally {
      await Promise.all([embedded.close(), services.close()]);
      await shop.drop();
    }
  });
});
