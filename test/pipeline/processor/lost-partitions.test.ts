import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type EventLog } from '../../../src/pipeline/event-log/event-log.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { countedRecords } from '../../support/answers.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A view of a log that takes partitions away once a poll has returned records of them, and gives them again with the next. */
function takingAway(log: EventLog, times: number): EventLog {
  return {
    ...log,
    consume(options) {
      let consumer = log.consume(options);
      let taken = 0;
      let isGone = false;
      return {
        async poll(limit, waitMs) {
          if (isGone) consumer = log.consume(options);
          const batches = await consumer.poll(limit, waitMs);
          isGone = batches.length > 0 && taken < times;
          if (isGone) taken += 1;
          return batches;
        },
        owned: () => (isGone ? [] : consumer.owned()),
        seek: (partition, offset) => isGone || consumer.seek(partition, offset),
        commit: async (positions) => consumer.commit(positions),
        close: async () => consumer.close(),
      };
    },
  };
}

test('passes over records of a partition that was lost since they were polled, and counts them later', async () => {
  const config = configFor(join(tempDir(), 'lost'), { ECOM_PARTITIONS: '3' });
  ensureDataDir(config);
  const stores = await openStores(config);
  const time = Date.now();
  const records = Array.from({ length: 60 }, (_, i) => ({
    key: `u${i}`,
    value: JSON.stringify({ id: `e${i}`, type: 'page_view', time, userId: `u${i}` }),
  }));
  await stores.log.append(records.slice(0, 30));
  const processor = createProcessor({
    ...stores,
    log: takingAway(stores.log, 3),
    settings: SETTINGS,
    batch: 20,
  });
  while ((await processor.step()) > 0);
  await stores.log.append(records.slice(30));
  while ((await processor.step()) > 0);
  expect(await countedRecords(stores, time)).toBe(60);
  await processor.close();
  await stores.close();
});
