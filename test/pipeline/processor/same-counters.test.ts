import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type NewRecord } from '../../../src/pipeline/event-log/event-log.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { dirtyLines } from '../../support/dirty-lines.ts';
import { dumpCounters } from '../../support/dump-counters.ts';
import { countFirst } from '../../support/first-reduce/count-log.ts';
import { readLog } from '../../support/read-log.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DAY_MS = 86_400_000;
/** What the first reduce did not know: refunds are held against their orders, and what is no use is told. */
const SINCE = /\|(refunds:\w+|excessRefunds|refundsWithoutOrder|unpricedOrders|changedOrders)$/;

describe('the same counters as those of the first reduce', () => {
  test.each([
    ['Europe/Berlin', 200_000],
    ['UTC', 20_000],
    ['America/St_Johns', 20_000],
  ])(
    'in %s',
    async (zone, events) => {
      // In one partition, because of an order that two tell, the first in the log counts.
      // At an hour of the day at which no day with events begins before the retention of the newest.
      const start = Math.floor(Date.now() / DAY_MS - 2.5) * DAY_MS + (14 / 24) * DAY_MS;
      const config = configFor(join(tempDir(), 'data'), { ECOM_PARTITIONS: '1', ECOM_TIMEZONE: zone });
      ensureDataDir(config);
      const stores = await openStores(config);
      let records: NewRecord[] = [];
      for (const line of dirtyLines(zone, start, events)) {
        records.push(line);
        if (records.length === 5000) {
          await stores.log.append(records);
          records = [];
        }
      }
      await stores.log.append(records);
      const settings = { currency: 'EUR', timeZone: zone, properties: ['country', 'device'] } as const;
      // Killed and started again, in the middle and with other batches.
      for (const [batch, steps] of [
        [7, 30],
        [3001, 20],
        [50_000, Infinity],
      ] as const) {
        const processor = createProcessor({ ...stores, settings, batch });
        for (let i = 0; i < steps && (await processor.step()) > 0; i += 1);
        await processor.close();
      }
      const log = await readLog(stores.log);
      await stores.close();
      const expected = countFirst(log, settings, Date.now());
      const counted = dumpCounters(join(config.dataDir, 'live.db'));
      const different = [...new Set([...expected.keys(), ...counted.keys()])].filter(
        (place) => !SINCE.test(place) && expected.get(place) !== counted.get(place),
      );
      expect(different.slice(0, 20).map((place) => [place, expected.get(place), counted.get(place)])).toEqual(
        [],
      );
      expect(expected.size).toBeGreaterThan(events / 2);
    },
    300_000,
  );
});
