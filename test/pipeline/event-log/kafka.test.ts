import { expect, it } from 'vitest';
import { createKafkaEventLog } from '../../../src/pipeline/event-log/kafka.ts';
import { describeEventLog } from '../../conformance/event-log.ts';
import { backendUrl, describeWith, uniqueName } from '../../support/backends.ts';
import { readLog } from '../../support/read-log.ts';

describeWith(['kafka'], 'kafka', () => {
  const run = uniqueName('log');
  const opening =
    (messages: 'packed' | 'single') =>
    (name: string, partitions = 1) =>
      createKafkaEventLog({ url: `${backendUrl('kafka')}/${run}-${messages}-${name}`, partitions, messages });
  const open = opening('packed');
  describeEventLog('kafka, many events a message', open, { runs: 5, groups: true, packed: true });
  describeEventLog('kafka, an event a message', opening('single'), { runs: 5, groups: true });

  it('packs what is appended together, and reads it beside what others write', async () => {
    const topic = uniqueName('packed');
    const url = `${backendUrl('kafka')}/${topic}`;
    const [packed, single] = await Promise.all([
      createKafkaEventLog({ url, partitions: 1 }),
      createKafkaEventLog({ url, partitions: 1, messages: 'single' }),
    ]);
    const records = (count: number, text: string) =>
      Array.from({ length: count }, (_, i) => ({ key: `k${i}`, value: `"${text}${i}"` }));
    await packed.append(records(2500, 'a'));
    await single.append(records(3, 'b'));
    await packed.append(records(1, 'c'), { source: 's', rows: 1, bytes: 1, digest: 'd', done: true });
    // Longer than what is packed, each in a message of its own.
    const long = JSON.stringify('x'.repeat(200_000));
    await packed.append([{ key: 'k', value: long }, { key: 'k', value: long }, ...records(2, 'd')]);
    const all = (await readLog(packed))[0]!;
    expect(all.map(({ value }) => value)).toEqual([
      ...[...records(2500, 'a'), ...records(3, 'b'), ...records(1, 'c')].map(({ value }) => value),
      ...[long, long, '"d0"', '"d1"'],
    ]);
    // The third offset after the records of one event is that of the transaction's mark.
    const events = new Map<number, number>();
    for (const { offset, index = 0 } of all) {
      expect(index).toBe(events.get(offset) ?? 0);
      events.set(offset, index + 1);
    }
    expect([...events.values()]).toEqual([1000, 1000, 500, 1, 1, 1, 1, 1, 3]);
    await Promise.all([packed.close(), single.close()]);
  });

  it('takes no more of a message that holds many than it has to, and goes on with the rest of what was fetched', async () => {
    const log = await open('pieces');
    for (let i = 0; i < 4; i += 1)
      await log.append(Array.from({ length: 1000 }, (_, j) => ({ key: '', value: `"${i}-${j}"` })));
    const consumer = log.consume({ start: async () => new Map([[0, 0]]) });
    const sizes: number[] = [];
    for (let left = 4000; left > 0; ) {
      for (const { records } of await consumer.poll(1500, 1000)) {
        sizes.push(records.length);
        left -= records.length;
      }
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2000);
    await consumer.close();
    await log.close();
  });

  it('tells where each of many new topics begins and ends, though a broker knows one only some time after it made it', async () => {
    for (let topic = 0; topic < 20; topic++) {
      const log = await open(`new-${topic}`, 4);
      expect(await log.bounds()).toEqual(Array.from({ length: 4 }, () => ({ begin: 0, end: 0 })));
      await log.close();
    }
  });
});
