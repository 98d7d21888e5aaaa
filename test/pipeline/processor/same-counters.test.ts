import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type NewRecord } from '../../../src/pipeline/event-log/event-log.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { partitionKey } from '../../../src/pipeline/events/shop-event.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { Random } from '../../../src/pipeline/generator/random.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { dumpCounters } from '../../support/dump-counters.ts';
import { countFirst } from '../../support/first-reduce/count-log.ts';
import { readLog } from '../../support/read-log.ts';
import { configFor, openStores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const DAY_MS = 86_400_000;

/** Lines of a simulated shop, with all that goes wrong on the way, and what only other sources send. */
function* linesFrom(seed: string, start: number, events: number): Generator<NewRecord> {
  const random = new Random(seed);
  const generator = createGenerator({ seed, rate: 3, start, dirty: 0.15, rhythm: 'flat', currency: 'EUR' });
  for (let i = 0; i < events; i += 1) {
    const { key, value } = generator.next();
    yield random.chance(0.3) ? keyed(altered(value, random), key) : { key, value };
  }
}

/** As an importer appends it: all that is told of a shopper is in one partition. */
function keyed(value: string, otherwise: string): NewRecord {
  const event = decodeRecord(value, { partition: 0, offset: 0, appendedAt: Date.now() });
  return { key: isRejected(event) ? otherwise : partitionKey(event), value };
}

/** One of the ways in which another shop would tell the same. */
function altered(value: string, random: Random): string {
  const ways: ((line: string) => string)[] = [
    // A line of an order, of which others follow.
    (line) => line.replace('"orderId":', '"partial":true,"orderId":'),
    // Nobody says which session it was.
    (line) => line.replace(/"sessionId":"[^"]*",/, ''),
    (line) => line.replace(/"(userId|anonymousId)":"[^"]*",/g, ''),
    (line) => line.replace(/"currency":"\w+"/, '"currency":"jpy"'),
    (line) =>
      line.replace('"properties":{', `"properties":{"recommendation_id":"als.${random.below(4000)}",`),
    (line) => line.replace('"properties":{', '"properties":{"country":7,"deep":{"er":[1,{"x":null}]},'),
    (line) => line.replace(/"price":[\d.]+/, '"price":99999999999.9999'),
    (line) => line.replace(/"quantity":\d+/, '"quantity":1000000'),
    (line) => line.replace(/"name":"/, '"name":"茶 \\u001b[31m'),
    (line) => line.replace(/"type":"\w+"/, '"type":"view_item_list"'),
    (line) => line.replace(/"type":"\w+"/, '"type":"purchase"'),
    (line) => line.replace(/"source":"\w+"/, '"source":"shop","extra":{"a":1}'),
    // Hours late: the night before perhaps.
    (line) => line.replace(/"time":(\d+)/, (_, time) => `"time":${Number(time) - random.below(DAY_MS / 3)}`),
    (line) => line.replace(/"(userId|anonymousId)":"[^"]*"/, '"userId":"one of many"'),
  ];
  return random.pick(ways)(value);
}

describe('the same counters as those of the first reduce', () => {
  test.each([
    ['Europe/Berlin', 200_000],
    ['UTC', 20_000],
    ['America/St_Johns', 20_000],
  ])(
    'in %s',
    async (zone, events) => {
      // In one partition, because of an order that two tell, the first in the log counts.
      // Not long ago: what is out of retention is not compared.
      const start = Date.now() - 1.5 * DAY_MS;
      const config = configFor(join(tempDir(), 'data'), { ECOM_PARTITIONS: '1', ECOM_TIMEZONE: zone });
      ensureDataDir(config);
      const stores = await openStores(config);
      let records: NewRecord[] = [];
      for (const line of linesFrom(zone, start, events)) {
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
        (place) => expected.get(place) !== counted.get(place),
      );
      expect(different.slice(0, 20).map((place) => [place, expected.get(place), counted.get(place)])).toEqual(
        [],
      );
      expect(expected.size).toBeGreaterThan(events / 2);
    },
    300_000,
  );
});
