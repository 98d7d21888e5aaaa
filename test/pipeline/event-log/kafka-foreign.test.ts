import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type EventLog } from '../../../src/pipeline/event-log/event-log.ts';
import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { readLog } from '../../support/read-log.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const WAIT = { timeout: 30_000 };

const EVENT = {
  id: 'e1',
  type: 'view_item',
  time: 1_700_000_000_000,
  userId: 'u',
  items: [],
  source: 'kcat',
};
const hasKcat = spawnSync('kcat', ['-V']).status === 0;
const broker = (): string => backendUrl('kafka')!.replace('kafka://', '');

/** A message as another program writes it. */
async function produce(
  topic: string,
  messages: { key?: string; value: Buffer | string | null }[],
): Promise<void> {
  const producer = new Kafka({ brokers: [broker()], logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

async function decoded(log: EventLog) {
  return (await readLog(log)).flatMap((records, partition) =>
    records.map(({ value, ...place }) => decodeRecord(value, { partition, ...place })),
  );
}

describeWith(['kafka'], 'a topic that others write', () => {
  test.skipIf(!hasKcat).each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'is read where it is compressed with %s',
    async (codec) => {
      const topic = uniqueName(`codec-${codec}`);
      const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
      const lines = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ ...EVENT, id: `e${i}` }));
      execFileSync('kcat', ['-P', '-b', broker(), '-t', topic, '-z', codec], { input: lines.join('\n') });
      expect((await readLog(log))[0]!.map(({ value }) => value)).toEqual(lines);
      await log.close();
    },
  );

  test('gives dead letters the bytes of what is no UTF-8, empty, or not JSON', async () => {
    const topic = uniqueName('bytes');
    const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
    const bytes = Buffer.from([0x7b, 0xff, 0x00]);
    const pretty = JSON.stringify(EVENT, null, 2);
    await produce(topic, [{ value: bytes }, { value: '' }, { value: 'x' }, { value: pretty }]);
    const [notUtf8, empty, notJson, event] = await decoded(log);
    expect(notUtf8).toMatchObject({ reason: 'not UTF-8' });
    expect(Buffer.from((notUtf8 as { bytes: Uint8Array }).bytes)).toEqual(bytes);
    expect([empty, notJson].map((each) => (each as { reason: string }).reason)).toEqual([
      'empty record',
      'not JSON',
    ]);
    expect(event).toMatchObject({ id: 'e1', userId: 'u' });
    await log.close();
  });

  test.each(['', '?format=segment'])(
    'is read past its tombstones, which are counted as such%s',
    async (query) => {
      const topic = uniqueName('tombstones');
      const own = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
      const time = new Date().toISOString();
      const segment = (id: string) => ({
        ...{ type: 'track', event: 'Product Viewed', messageId: id, timestamp: time, userId: 'u' },
        properties: { product_id: 'p1' },
      });
      const line = (id: string): string =>
        JSON.stringify(query === '' ? { id, type: 'view_item', time, userId: 'u' } : segment(id));
      await produce(topic, [
        { key: 'u', value: line('a') },
        { key: 'u', value: null },
        { key: 'u', value: '' },
        { key: 'u', value: line('a') },
        { key: 'u', value: line('b') },
        { key: 'u', value: null },
      ]);
      const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}${query}` });
      const config = configFor(join(tempDir(), topic));
      ensureDataDir(config);
      const stores = { ...(await openStores(config)), log };
      const processor = createProcessor({ ...stores, settings: SETTINGS });
      await expect
        .poll(async () => {
          await processor.step(100);
          return (await stores.live.positions())[0]?.position;
        }, WAIT)
        .toBe(6);
      const { freshness } = await readStats(stores, {
        period: 'all',
        limit: 5,
        now: Date.now(),
        currency: 'USD',
      });
      expect(freshness).toMatchObject({
        ...{ received: 4, duplicates: 1, rejected: 1, tombstones: 2, backlog: 0 },
        rejectedByReason: { 'empty record': 1 },
      });
      expect(await stores.documents.deadLetters({ limit: 9 })).toHaveLength(1);
      await processor.close();
      await Promise.all([own.close(), log.close(), stores.close()]);
    },
  );

  test('is read in its own format, several events of one record too', async () => {
    const topic = uniqueName('segment');
    const own = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
    const track = (name: string) => ({
      type: 'track',
      event: name,
      userId: 'shopper',
      timestamp: '2026-01-05T10:00:00Z',
      properties: { product_id: 'p1', price: 3 },
    });
    const batch = { batch: [track('Product Viewed'), track('Product Added'), track('Product Added')] };
    await produce(topic, [
      { value: JSON.stringify({ ...track('Product Viewed'), messageId: 'm1' }) },
      { value: JSON.stringify(batch) },
      { value: JSON.stringify({ type: 'identify', userId: 'x' }) },
    ]);
    const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}?format=segment` });
    const events = await decoded(log);
    const accepted = events.flatMap((event) => (isRejected(event) ? [] : [event]));
    expect(accepted.map(({ type }) => type)).toEqual([
      'view_item',
      'view_item',
      'add_to_cart',
      'add_to_cart',
    ]);
    // Two of one record are two, though nothing tells them apart.
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(4);
    expect(events).toHaveLength(5);
    expect((await readLog(log))[0]!.map(({ offset, index }) => [offset, index])).toEqual([
      [0, undefined],
      [1, undefined],
      [1, 1],
      [1, 2],
      [2, undefined],
    ]);
    await Promise.all([own.close(), log.close()]);
  });

  test('gives each of several bad events of one record its dead letter, and is never written', async () => {
    const topic = uniqueName('letters');
    const own = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
    const time = new Date().toISOString();
    const bad = (id: string) => ({
      type: 'track',
      event: 'Product Viewed',
      messageId: id,
      timestamp: 'then',
    });
    const good = { ...bad('good'), userId: 'u', timestamp: time, properties: { product_id: 'p' } };
    await produce(topic, [{ value: JSON.stringify({ batch: [bad('a'), good, bad('b'), bad('c')] }) }]);
    await own.close();
    const env = { ECOM_LOG_URL: `${backendUrl('kafka')}/${topic}?format=segment` };
    const config = configFor(join(tempDir(), topic), env);
    ensureDataDir(config);
    const stores = await openStores(config);
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    await expect
      .poll(async () => {
        await processor.step(100);
        return (await stores.live.positions())[0]?.position;
      }, WAIT)
      .toBe(1);
    const letters = await stores.documents.deadLettersAfter(undefined, 9);
    const idOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString()).id;
    expect(letters.map(({ offset, index, bytes }) => [offset, index, idOf(bytes)])).toEqual([
      [0, undefined, 'a'],
      [0, 2, 'b'],
      [0, 3, 'c'],
    ]);
    for (const progress of [undefined, { source: 's', rows: 1, bytes: 1, digest: '', done: true }]) {
      await expect(stores.log.append([{ key: 'u', value: '{}' }], progress)).rejects.toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining(topic),
      });
    }
    expect(await stores.log.bounds()).toEqual([{ begin: 0, end: 1 }]);
    await processor.close();
    await stores.close();
  });

  test('is not created where it is not there', async () => {
    const url = `${backendUrl('kafka')}/${uniqueName('nowhere')}?format=ga4`;
    await expect(createKafkaEventLog({ url })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describeWith(['kafka'], 'who may talk to a broker', () => {
  const caFile = process.env.ECOM_TEST_KAFKA_CA;
  test.each([
    ['SASL plain', 'ECOM_TEST_KAFKA_SASL_URL', ''],
    ['SASL scram-sha-256', 'ECOM_TEST_KAFKA_SASL_URL', '?mechanism=scram-sha-256'],
    ['SASL scram-sha-512', 'ECOM_TEST_KAFKA_SASL_URL', '?mechanism=scram-sha-512'],
    ['TLS', 'ECOM_TEST_KAFKA_SSL_URL', ''],
    ['SASL over TLS', 'ECOM_TEST_KAFKA_SASL_SSL_URL', '?mechanism=scram-sha-512'],
  ])('%s', async (_, variable, query) => {
    const url = `${process.env[variable]}/${uniqueName('auth')}${query}`;
    const log = await createKafkaEventLog({ url, partitions: 1, credentials: { caFile } });
    await log.append([{ key: 'k', value: '"1"' }]);
    expect((await readLog(log))[0]!.map(({ value }) => value)).toEqual(['"1"']);
    await log.close();
  });

  test('a wrong password is told as such, and is not shown', async () => {
    const url = process.env.ECOM_TEST_KAFKA_SASL_URL!.replace(/:[^:@]*@/, ':wr0ng@');
    const failure = await createKafkaEventLog({ url: `${url}/x` }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('refuses the user'),
    });
    expect(JSON.stringify(failure)).not.toContain('wr0ng');
  });

  test('a broker that is not there is told', async () => {
    await expect(createKafkaEventLog({ url: 'kafka://127.0.0.1:9/x' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:9'),
    });
  });
});

describeWith(['kafka'], 'a source that is ingested', () => {
  const progress = (rows: number) => ({ source: 'file', rows, bytes: rows, digest: `d${rows}`, done: false });
  const record = (value: string) => [{ key: 'k', value: JSON.stringify(value) }];

  test('goes on where a killed process stopped, whose open transaction is never read', async () => {
    const topic = uniqueName('orphan');
    const url = `${backendUrl('kafka')}/${topic}`;
    const first = await createKafkaEventLog({ url, partitions: 1 });
    await first.append(record('committed'), progress(1));
    // A transaction of the same id that is left open, as by SIGKILL.
    const producer = new Kafka({ brokers: [broker()], logLevel: logLevel.NOTHING }).producer({
      transactionalId: `${topic}:file`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    const open = await producer.transaction();
    await open.send({ topic, messages: [{ value: '"orphan"', partition: 0 }] });

    const second = await createKafkaEventLog({ url, partitions: 1 });
    expect(await second.progress('file')).toEqual(progress(1));
    await second.append(record('more'), progress(2), progress(1));
    expect((await readLog(second))[0]!.map(({ value }) => value)).toEqual(['"committed"', '"more"']);
    await producer.disconnect();
    await Promise.all([first.close(), second.close()]);
  });

  test('goes on where another one only looked, and took its transactional id', async () => {
    const topic = uniqueName('fence');
    const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${topic}`, partitions: 1 });
    await log.append(record('1'), progress(1));
    const producer = new Kafka({ brokers: [broker()], logLevel: logLevel.NOTHING }).producer({
      transactionalId: `${topic}:file`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    await (await producer.transaction()).abort();
    await log.append(record('2'), progress(2), progress(1));
    expect((await readLog(log))[0]!.map(({ value }) => value)).toEqual(['"1"', '"2"']);
    await producer.disconnect();
    await log.close();
  });
});
