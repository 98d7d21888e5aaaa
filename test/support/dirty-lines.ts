import { type NewRecord } from '../../src/pipeline/event-log/event-log.ts';
import { decodeRecord, isRejected } from '../../src/pipeline/events/decode.ts';
import { partitionKey } from '../../src/pipeline/events/shop-event.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { Random } from '../../src/pipeline/generator/random.ts';

const DAY_MS = 86_400_000;

/** Lines of a simulated shop, with all that goes wrong on the way, and what only other sources send. */
export function* dirtyLines(seed: string, start: number, events: number): Generator<NewRecord> {
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
