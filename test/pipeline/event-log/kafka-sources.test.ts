import { type Kafka, type Producer, type Transaction } from 'kafkajs';
import { expect, onTestFinished, test } from 'vitest';
import { type SourceProgress } from '../../../src/pipeline/event-log/event-log.ts';
import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { parseKafkaUrl } from '../../../src/pipeline/event-log/kafka-address.ts';
import { createClient } from '../../../src/pipeline/event-log/kafka-client.ts';
import { createSources } from '../../../src/pipeline/event-log/kafka-sources.ts';
import { NewLines } from '../../../src/pipeline/event-log/new-lines.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { readLog } from '../../support/read-log.ts';

/** The client of a real server whose connection breaks where it is told to. */
function breaking(kafka: Kafka, after: { commit: boolean; connect: boolean }): Kafka {
  const broken = () => Promise.reject(new Error('Connection error: connect ECONNREFUSED'));
  const instead = <T extends object>(target: T, methods: Partial<T>): T =>
    new Proxy(target, {
      get: (from, name) => methods[name as keyof T] ?? Reflect.get(from, name),
    });
  return instead(kafka, {
    producer: (options) => {
      const producer = kafka.producer(options);
      return instead<Producer>(producer, {
        connect: () => (after.connect ? broken() : producer.connect()),
        transaction: async () => {
          const transaction = await producer.transaction();
          return instead<Transaction>(transaction, {
            async commit() {
              await transaction.commit();
              if (!after.commit) return;
              after.connect = true;
              await broken();
            },
          });
        },
      });
    },
  });
}

describeWith(['kafka'], 'sources on Kafka', () => {
  const at = (rows: number): SourceProgress => {
    return { source: 'file', rows, bytes: rows, digest: `d${rows}`, done: false };
  };

  test('an append that got through before the broker went away counts once when it comes again', async () => {
    const url = `${backendUrl('kafka')}/${uniqueName('again')}`;
    const log = await createKafkaEventLog({ url, partitions: 1 });
    onTestFinished(() => log.close());
    const address = parseKafkaUrl(url);
    const after = { commit: false, connect: false };
    const sources = createSources(
      breaking(await createClient(address, {}, 3), after),
      address.topic,
      'packed',
    );
    onTestFinished(() => sources.close());
    const record = (value: string) => NewLines.of([{ key: '', value }], 1);
    await sources.append(record('1'), at(1), undefined);

    after.commit = true;
    const [first, second] = [at(1), at(2)];
    await expect(sources.append(record('2'), second, first)).rejects.toThrow(/ECONNREFUSED/);
    await expect(sources.append(record('2'), second, first)).rejects.toThrow(/ECONNREFUSED/);
    Object.assign(after, { commit: false, connect: false });
    // Another ingest's, which says the same, is not this one.
    await expect(sources.append(record('x'), at(2), first)).rejects.toMatchObject({ code: 'CONFLICT' });
    await sources.append(record('2'), second, first);
    await sources.append(new NewLines(1), { ...second, done: true }, second);
    expect(await sources.progress('file')).toEqual({ ...second, done: true });
    // Somebody went on where it had got: it is late, whatever its id.
    await log.append([{ key: '', value: '3' }], at(3), second);
    await expect(sources.append(record('x'), at(3), second)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await readLog(log))[0]!.map(({ value }) => value)).toEqual(['1', '2', '3']);
  });
});
