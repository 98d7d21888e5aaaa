import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseKafkaUrl } from '../../../src/pipeline/event-log/kafka-address.ts';
import { file } from '../../support/file.ts';

const MAP = {
  type: { value: 'purchase' },
  time: 'paid.at',
  orderId: 'order',
  productId: 'sku',
  price: 'price',
};
const mapOf = (map: object): string => file(map);
const urlOf = (query: string): string => `kafka://127.0.0.1:9092/orders?${query}`;

test('a topic may be read by a map, in the time zone of the shop where neither names one', () => {
  const record = { paid: { at: '2026-07-05 10:00:00' }, order: '1', sku: 'A', price: '12.50 €' };
  const { format } = parseKafkaUrl(urlOf(`map=${mapOf(MAP)}`), 'Europe/Berlin');
  expect(format!.read(record)).toMatchObject([
    { type: 'purchase', orderId: '1', time: Date.UTC(2026, 6, 5, 8), currency: 'EUR', partial: true },
  ]);
});

test.each([
  ['that is not named from / on', () => 'map=map.json', "map is 'map.json'"],
  ['that is not there', () => `map=${join('/', 'nowhere', 'map.json')}`, 'cannot be read'],
  ['beside a format', () => `format=segment&map=${mapOf(MAP)}`, 'both a format and a map'],
  ['that is none', () => `map=${mapOf({ ...MAP, type: undefined })}`, 'is not a valid map'],
  ['that fills down', () => `map=${mapOf({ ...MAP, fillDown: true })}`, 'fills down'],
])('a map %s is refused', (_, query, message) => {
  expect(() => parseKafkaUrl(urlOf(query()))).toThrow(message);
});
