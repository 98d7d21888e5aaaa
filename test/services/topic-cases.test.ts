import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kafka, logLevel, type Message } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { ensureDataDir } from '../../src/config.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { isCounted } from '../support/answers.ts';
import { backendUrl, describeWith, uniqueName } from '../support/backends.ts';
import { casePath, newShop } from '../support/counted.ts';
import { dropTopics } from '../support/drop.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const WAIT = { timeout: 120_000 };

type KeyOf = (line: string) => string | undefined;

const NO_KEY: KeyOf = () => undefined;
/** As a tracker keys its events. */
const BY_SHOPPER: KeyOf = (line) => {
  const [, id] = /"(?:userId|user_id|anonymousId)":"([^"]+)"/.exec(line) ?? [];
  return id;
};

/** A topic that another program writes, and what comes of it in the numbers. */
async function foreignTopic(query: string, partitions: number) {
  const topic = uniqueName('cases');
  const url = backendUrl('kafka')!;
  const kafka = new Kafka({ brokers: [url.replace('kafka://', '')], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions }] });
  await admin.disconnect();
  const config = configFor(join(tempDir(), topic), { ECOM_LOG_URL: `${url}/${topic}${query}` });
  ensureDataDir(config);
  const stores = await openStores(config);
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  const producer = kafka.producer();
  await producer.connect();
  onTestFinished(async () => {
    await Promise.all([producer.disconnect(), processor.close()]);
    await stores.close();
    await dropTopics(url, topic);
  });
  return {
    async send(lines: readonly string[], keyOf: KeyOf) {
      const messages = lines.map((value): Message => ({ key: keyOf(value) ?? null, value }));
      await producer.send({ topic, messages });
    },
    async stats(): Promise<Stats> {
      while (!(await isCounted(stores))) await processor.step(100);
      return readStats(stores, { period: 'all', limit: 100, now: Date.now(), currency: 'USD' });
    },
  };
}

const numbersOf = ({ kpis, funnel, freshness }: Stats) => {
  const { links, aliases, placeholderIds, robots, truncated, duplicateOrders, excessRefunds } = freshness;
  const { unpricedOrders, pendingOrders, cancelledOrders, rejectedByReason } = freshness;
  const { users, newUsers, buyers, sessions, conversion, orders, unitsSold, revenue, events } = kpis;
  return {
    ...{ users, newUsers, buyers, sessions, conversion, orders, unitsSold, revenue, events, funnel },
    ...{ links, aliases, placeholderIds, robots, truncated, duplicateOrders, excessRefunds },
    ...{ unpricedOrders, pendingOrders, cancelledOrders, rejectedByReason },
  };
};

const linesOf = (path: string): string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);

/** Lines of an order, some of which say nothing of their shopper or currency, as objects that a map reads. */
function mappedLines(): { readonly map: string; readonly path: string } {
  const dir = tempDir();
  const map = join(dir, 'map.json');
  writeFileSync(
    map,
    JSON.stringify({
      type: { value: 'purchase' },
      ...{ time: 'paid.at', orderId: 'order.name', userId: 'customer.id', currency: 'paid.currency' },
      ...{ productId: 'line.sku', price: 'line.price', quantity: 'line.count' },
    }),
  );
  const paid = { at: '2026-01-05T10:00:00Z' };
  const line = (sku: string, price: string) => ({ sku, price, count: 1 });
  const lines = [
    {
      order: { name: '#1' },
      customer: { id: 'c1' },
      paid: { ...paid, currency: 'EUR' },
      line: line('A', '50.00'),
    },
    { order: { name: '#1' }, paid, line: line('B', '20.00') },
    { order: { name: '#2' }, paid, line: line('A', '5.00') },
    {
      order: { name: '#2' },
      customer: { id: 'c2' },
      paid: { ...paid, currency: 'EUR' },
      line: line('C', '15.00'),
    },
  ];
  const path = join(dir, 'lines.jsonl');
  writeFileSync(path, lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return { map, path };
}

describeWith(['kafka'], 'a topic that another program writes', () => {
  const CASES: readonly (readonly [string, string])[] = [
    ['login-stitch', 'segment'],
    ['order-by-revenue', 'segment'],
    ['segment-names', 'segment'],
    ['placeholder-ids', 'segment'],
    ['ga4-placeholders', 'ga4'],
    ['currencies', 'native'],
    ['refund-twice', 'native'],
    ['near-names', 'native'],
    ['odd-numbers', 'native'],
    ['tail-restart', 'native'],
  ];
  const shapes = [
    ['without keys', NO_KEY, 3],
    ['by shopper', BY_SHOPPER, 3],
    ['in one partition', NO_KEY, 1],
  ] as const;

  /** @param map of the file, in the place of a format */
  async function expectTheSame(query: string, path: string, map?: string): Promise<void> {
    const shop = newShop();
    await shop.ingest(path, map === undefined ? {} : { map });
    const expected = numbersOf(await shop.stats());
    for (const [shape, keyOf, partitions] of shapes) {
      const topic = await foreignTopic(query, partitions);
      await topic.send(linesOf(path), keyOf);
      expect({ shape, ...numbersOf(await topic.stats()) }).toEqual({ shape, ...expected });
    }
  }

  test.each(CASES)('gives the numbers of its lines as a file: %s', WAIT, async (name, format) => {
    const file = name === 'tail-restart' ? 'events.jsonl' : 'in.jsonl';
    await expectTheSame(`?format=${format}`, casePath(name, file));
  });

  test('is read as a map says, order line by order line', WAIT, async () => {
    const { map, path } = mappedLines();
    await expectTheSame(`?map=${map}`, path, map);
  });

  test.each([
    ['tail-restart', 'events.jsonl', '', 7],
    ['tail-restart', 'events.jsonl', '?format=native', 7],
    ['ga4-intraday-daily', 'events_20260105.jsonl', '?format=ga4', 3],
    ['login-stitch', 'in.jsonl', '?format=segment', 5],
  ])('knows what is sent again: %s %s %s', WAIT, async (name, file, query, sent) => {
    const topic = await foreignTopic(query, 1);
    const lines = linesOf(casePath(name, file));
    await topic.send(lines, NO_KEY);
    const { kpis, freshness } = await topic.stats();
    await topic.send(lines, NO_KEY);
    const again = await topic.stats();
    expect(again.kpis).toEqual(kpis);
    expect(again.freshness).toMatchObject({ duplicates: freshness.duplicates + sent, received: 2 * sent });
  });

  test('knows lines of orders that a map reads when they are sent again', WAIT, async () => {
    const { map, path } = mappedLines();
    const topic = await foreignTopic(`?map=${map}`, 1);
    for (let i = 0; i < 2; i += 1) await topic.send(linesOf(path), NO_KEY);
    const { kpis, freshness } = await topic.stats();
    expect(kpis).toMatchObject({ orders: 2, revenue: { gross: '90.00', currency: 'EUR', others: [] } });
    expect(freshness).toMatchObject({ duplicates: 4, received: 8 });
  });
});
