import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, type Kafka } from 'kafkajs';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { parseKafkaUrl } from '../../../src/pipeline/event-log/kafka-address.ts';
import { createClient, kafkaError } from '../../../src/pipeline/event-log/kafka-client.ts';
import { createKafkaConsumer } from '../../../src/pipeline/event-log/kafka-consumer.ts';
import { messageReader } from '../../../src/pipeline/event-log/kafka-message.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { control } from '../../support/servers.ts';

type Listener = (event: { payload: { error: Error } }) => void;

/** The client of a real server whose consumers crash as kafkajs lets them: disconnected first, told then. */
function crashing(kafka: Kafka): { kafka: Kafka; crash(): Promise<void> } {
  let crash = async (): Promise<void> => {};
  const consumer: Kafka['consumer'] = (config) => {
    const real = kafka.consumer(config);
    const listeners: Listener[] = [];
    crash = async () => {
      await real.disconnect();
      const error = new Error('Connection error: connect ECONNREFUSED');
      for (const listener of listeners) listener({ payload: { error } });
    };
    const on = (name: string, listener: Listener) => {
      if (name === real.events.CRASH) listeners.push(listener);
      real.on(name as 'consumer.crash', listener as never);
    };
    return new Proxy(real, {
      get: (from, name) => (name === 'on' ? on : Reflect.get(from, name)),
    }) as Consumer;
  };
  return {
    kafka: new Proxy(kafka, {
      get: (from, name) => (name === 'consumer' ? consumer : Reflect.get(from, name)),
    }),
    crash: () => crash(),
  };
}

describeWith(['kafka'], 'a consumer on Kafka', () => {
  afterAll(() => control('start', 'kafka'));

  test('says that the broker is silent, again and again, and keeps its place in the group', async () => {
    const url = `${backendUrl('kafka')}/${uniqueName('silent')}`;
    const log = await createKafkaEventLog({ url, partitions: 1 });
    onTestFinished(() => log.close());
    await log.append([{ key: '', value: '"0"' }]);
    let asked = 0;
    const consumer = log.consume({
      async start() {
        asked += 1;
        return new Map([[0, 0]]);
      },
    });
    const seen: unknown[] = [];
    const readMore = async (): Promise<void> => {
      for (const { records } of await consumer.poll(10, 100))
        seen.push(...[...records].map(({ value }) => value));
    };
    while (seen.length < 1) await readMore();
    await control('pause', 'kafka');
    onTestFinished(() => control('resume', 'kafka'));
    const away = { code: 'UNAVAILABLE', away: expect.stringMatching('kafka') };
    const pollUntilTold = async (): Promise<never> => {
      for (;;) await consumer.poll(10, 100);
    };
    await expect(pollUntilTold()).rejects.toMatchObject(away);
    await expect(consumer.poll(10, 100)).rejects.toMatchObject(away);
    await control('resume', 'kafka');
    await log.append([{ key: '', value: '"1"' }]);
    while (seen.length < 2) await readMore().catch(() => sleep(50));
    expect(seen).toEqual(['"0"', '"1"']);
    expect([asked, consumer.owned()]).toEqual([1, [0]]);
  });

  test('keeps what it owned when it crashes after a poll, and begins anew with the next', async () => {
    const address = parseKafkaUrl(`${backendUrl('kafka')}/${uniqueName('crash')}`);
    const log = await createKafkaEventLog({ url: `${backendUrl('kafka')}/${address.topic}`, partitions: 2 });
    onTestFinished(() => log.close());
    const values = Array.from({ length: 20 }, (_, i) => `"${i}"`);
    await log.append(values.map((value, i) => ({ key: `${i}`, value })));
    const { kafka, crash } = crashing(await createClient(address, {}, 3));
    const positions = new Map<number, number>();
    const asked: (readonly number[])[] = [];
    const consumer = createKafkaConsumer(
      {
        ...{ kafka, topic: address.topic, group: address.group, partitions: 2, bounds: log.bounds },
        read: messageReader(address.topic, undefined),
        explain: (error) => kafkaError(error, address),
      },
      {
        async start(owned) {
          asked.push(owned);
          return new Map(owned.map((partition) => [partition, positions.get(partition) ?? 0]));
        },
      },
    );
    onTestFinished(() => consumer.close());
    const seen: unknown[] = [];
    const readMore = async (): Promise<void> => {
      for (const { partition, records, next } of await consumer.poll(1, 1000)) {
        seen.push(...[...records].map(({ value }) => value));
        positions.set(partition, next);
      }
    };
    // A broker that was paused just now may have to load its groups first, which it tells as a failure.
    while (seen.length === 0) await readMore().catch(() => sleep(50));
    await crash();
    asked.splice(0, asked.length - 1);
    expect(consumer.owned()).toEqual([0, 1]);
    consumer.seek(0, 0);
    await consumer.commit(positions);
    expect(consumer.owned()).toEqual([0, 1]);
    while (seen.length < values.length) await readMore();
    expect(seen.sort()).toEqual([...values].sort());
    expect(asked).toEqual([
      [0, 1],
      [0, 1],
    ]);

    // One that happens while it is waited for records is told, as the server's.
    const polling = consumer.poll(1, 10_000);
    await crash();
    await expect(polling).rejects.toMatchObject({ away: expect.stringMatching('kafka') });
    await log.append([{ key: '', value: '"last"' }]);
    while (!seen.includes('"last"')) await readMore();
  });
});
