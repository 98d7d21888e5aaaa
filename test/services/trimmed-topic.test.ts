import { Kafka, logLevel } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { isCounted } from '../support/answers.ts';
import { backendUrl, describeWith } from '../support/backends.ts';
import { dropKeys } from '../support/drop.ts';
import { serviceShop } from '../support/services.ts';
import { openStores, SETTINGS, type Stores } from '../support/stores.ts';

/** Lets a topic with one partition go of all that it holds. */
async function deleteRecords(topic: string): Promise<void> {
  const broker = backendUrl('kafka')!.replace('kafka://', '').replace(/\/.*$/, '');
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  // Only then does the client know who leads the topic.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '-1' }] });
  await admin.disconnect();
}

async function count(stores: Stores): Promise<void> {
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while (!(await isCounted(stores))) await processor.step(100);
  await processor.close();
}

describeWith(['kafka', 'mongodb', 'redis'], 'a topic that lets go of its records', () => {
  test('what comes again after a restart is a duplicate all the same', { timeout: 120_000 }, async () => {
    const shop = serviceShop({ ECOM_PARTITIONS: '1' });
    onTestFinished(shop.drop);
    const stores = await openStores(shop.config);
    const time = Date.now();
    const records = Array.from({ length: 500 }, (_, i) => ({
      key: 'k',
      value: JSON.stringify({ id: `e${i}`, type: 'page_view', time }),
    }));
    await stores.log.append(records);
    await count(stores);
    await deleteRecords(shop.name);
    const [{ begin, end } = { begin: 0, end: 0 }] = await stores.log.bounds();
    expect(begin).toBe(end);
    await stores.log.append(records);
    await count(stores);
    const { kpis, freshness } = await readStats(stores, {
      period: '1h',
      limit: 1,
      now: Date.now(),
      currency: 'USD',
    });
    expect({ events: kpis.events, ...freshness }).toMatchObject({ events: 500, duplicates: 500, lost: 0 });
    await stores.close();

    // All of it was counted, though nothing but duplicates came last, and Redis does not know any more. It was two messages.
    await dropKeys(backendUrl('redis')!, shop.name);
    await deleteRecords(shop.name);
    const again = await openStores(shop.config);
    await again.log.append([{ key: 'k', value: JSON.stringify({ id: 'new', type: 'page_view', time }) }]);
    await count(again);
    const { kpis: left, freshness: gone } = await readStats(again, {
      period: '1h',
      limit: 1,
      now: Date.now(),
      currency: 'USD',
    });
    expect({ events: left.events, ...gone }).toMatchObject({ events: 1, lost: 0, earlier: 2 });
    await again.close();
  });
});
