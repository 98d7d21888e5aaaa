import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EventLog,
  type LogBatch,
  type LogRecord,
  POLL_BYTES,
  type SourceProgress,
} from '../../src/pipeline/event-log/event-log.ts';
import { partitionFor } from '../../src/pipeline/event-log/partitioner.ts';

/** Opens a log, or the same one again for the same name. */
export type OpenLog = (name: string, partitions?: number) => Promise<EventLog>;

export interface EventLogTraits {
  /** How often a property is tried: creating a log may take a while. */
  readonly runs: number;
  /** Whether the log itself deals out its partitions among consumers. */
  readonly groups: boolean;
  /** Whether events that are appended together are one record, with one offset. */
  readonly packed?: boolean;
}

/** Records of a partition from an offset to the end, in polls of about `step`. */
async function readAll(log: EventLog, partition: number, step: number, from = 0): Promise<LogRecord[]> {
  const { end } = (await log.bounds())[partition]!;
  const records: LogRecord[] = [];
  const consumer = log.consume({
    start: async (owned) => new Map(owned.map((each) => [each, each === partition ? from : 2 ** 40])),
  });
  for (let next = from; next < end; ) {
    for (const batch of await consumer.poll(step, 1000)) {
      if (batch.partition !== partition) continue;
      for (const { offset } of batch.records) {
        expect(offset).toBeGreaterThanOrEqual(next);
        expect(offset).toBeLessThan(batch.next);
        next = offset;
      }
      records.push(...batch.records);
      next = batch.next;
    }
  }
  await consumer.close();
  return records;
}

const valuesOf = (records: Iterable<LogRecord>) => [...records].map(({ value }) => value);

/** What every event log must do. */
export function describeEventLog(
  name: string,
  open: OpenLog,
  { runs, groups, packed = false }: EventLogTraits = { runs: 25, groups: false },
): void {
  describe(`event log: ${name}`, () => {
    test('keeps the order within a partition and loses nothing, whatever the batches', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(
            fc.array(fc.record({ key: fc.string(), value: fc.string().map((s) => JSON.stringify(s)) })),
          ),
          fc.integer({ min: 1, max: 9 }),
          async (batches, step) => {
            const log = await open(`order-${run++}`, 3);
            for (const batch of batches) await log.append(batch);
            for (let partition = 0; partition < 3; partition += 1) {
              const expected = batches.flat().filter(({ key }) => partitionFor(key, 3) === partition);
              const records = await readAll(log, partition, step);
              expect(valuesOf(records)).toEqual(expected.map(({ value }) => value));
              const { begin, end } = (await log.bounds())[partition]!;
              expect(begin).toBe(0);
              if (packed) expect(end).toBeLessThanOrEqual(expected.length);
              else expect(end).toBe(expected.length);
            }
            await log.close();
          },
        ),
        { numRuns: runs },
      );
    });

    test('replays from any offset', async () => {
      const log = await open('replay', 1);
      await log.append(Array.from({ length: 4500 }, (_, i) => ({ key: '', value: `"${i}"` })));
      await log.append([{ key: '', value: '"last"' }]);
      const all = await readAll(log, 0, 3000);
      expect(valuesOf(all)).toEqual([...Array.from({ length: 4500 }, (_, i) => `"${i}"`), '"last"']);
      for (const i of [1, 1999, 2000, 2001, 4499, 4500]) {
        const from = all[i]!.offset;
        expect(await readAll(log, 0, 3000, from)).toEqual(all.filter(({ offset }) => offset >= from));
      }
      expect(await readAll(log, 0, 3000, all.at(-1)!.offset + 1)).toEqual([]);
      await log.close();
    });

    test('goes back where it is told to, and forgets what it read ahead', async () => {
      const log = await open('seek', 1);
      await log.append(Array.from({ length: 3000 }, (_, i) => ({ key: '', value: `"${i}"` })));
      const all = await readAll(log, 0, 3000);
      const firstOf = (i: number) => all.find(({ offset }) => offset === all[i]!.offset)!;
      const consumer = log.consume({ start: async () => new Map([[0, all[1000]!.offset]]) });
      const read = async (): Promise<LogRecord> => {
        for (;;) {
          const [batch] = await consumer.poll(10, 1000);
          if (batch !== undefined) return batch.records.at(0);
        }
      };
      expect(await read()).toEqual(firstOf(1000));
      for (const i of [0, 2999, 500]) {
        consumer.seek(0, all[i]!.offset);
        expect(await read()).toEqual(firstOf(i));
      }
      await consumer.close();
      await log.close();
    });

    test('asks again where to begin after nobody could tell', async () => {
      const log = await open('start', 1);
      await log.append([{ key: '', value: '"first"' }]);
      let asked = 0;
      const consumer = log.consume({
        async start() {
          asked += 1;
          if (asked < 3) throw new Error('the live store is away');
          return new Map([[0, 0]]);
        },
      });
      let values: unknown[] = [];
      while (values.length === 0) {
        const polled = await consumer.poll(10, 1000).catch(() => []);
        values = polled.flatMap(({ records }) => valuesOf(records));
      }
      expect(values).toEqual(['"first"']);
      expect(asked).toBe(3);
      await consumer.close();
      await log.close();
    });

    test('gives a batch again to whoever begins at the same place', async () => {
      const log = await open('redelivery', 1);
      for (let i = 0; i < 100; i += 10)
        await log.append(Array.from({ length: 10 }, (_, j) => ({ key: '', value: `"${i + j}"` })));
      const from = (await readAll(log, 0, 20))[40]!.offset;
      const first = log.consume({ start: async () => new Map([[0, from]]) });
      let taken: LogRecord[] = [];
      while (taken.length === 0) taken = [...((await first.poll(20, 1000))[0]?.records ?? [])];
      // It dies before anything is stored, though it told the log where it was.
      await first.commit(new Map([[0, taken.at(-1)!.offset + 1]]));
      await first.close();
      expect(valuesOf(await readAll(log, 0, 20, from))).toEqual(
        Array.from({ length: 60 }, (_, i) => `"${i + 40}"`),
      );
      await log.close();
    });

    test('asks where to begin inside of a poll only, and waits for records no longer than told', async () => {
      const log = await open('asks', 2);
      const asked: number[][] = [];
      const consumer = log.consume({
        start: async (partitions) => {
          asked.push([...partitions]);
          return new Map(partitions.map((partition) => [partition, 0]));
        },
      });
      expect(consumer.owned()).toEqual([]);
      expect(asked).toEqual([]);
      while (consumer.owned().length < 2) expect(await consumer.poll(10, 200)).toEqual([]);
      expect(asked).toEqual([[0, 1]]);
      await log.append([{ key: 'a', value: '"1"' }]);
      const deadline = Date.now() + 10_000;
      let batches: readonly LogBatch[] = [];
      while (batches.length === 0 && Date.now() < deadline) batches = await consumer.poll(10, 100);
      expect(batches.map(({ records }) => valuesOf(records))).toEqual([['"1"']]);
      expect(asked).toHaveLength(1);
      await log.close();
    });

    test('lets two consumers share the partitions, and reads each record once', async () => {
      const log = await open('share', 4);
      const records = Array.from({ length: 2000 }, (_, i) => ({ key: `k${i}`, value: `"${i}"` }));
      await log.append(records);
      const bounds = await log.bounds();
      const positions = new Map<number, number>();
      const seen: LogRecord['value'][] = [];
      const consumers = [0, 1].map((index) =>
        log.consume({
          member: { index, count: 2 },
          start: async (owned) =>
            new Map(owned.map((partition) => [partition, positions.get(partition) ?? 0])),
        }),
      );
      const isShared = (): boolean => consumers.every((consumer) => consumer.owned().length === 2);
      const isRead = (): boolean =>
        bounds.every(({ end }, partition) => (positions.get(partition) ?? 0) >= end);
      const deadline = Date.now() + 30_000;
      while (!(isShared() && isRead()) && Date.now() < deadline) {
        for (const consumer of consumers) {
          for (const batch of await consumer.poll(100, 50)) {
            // As a store's fence would: what another one has counted is not counted again.
            const position = positions.get(batch.partition) ?? 0;
            if (batch.next <= position) continue;
            seen.push(...valuesOf([...batch.records].filter(({ offset }) => offset >= position)));
            positions.set(batch.partition, batch.next);
          }
        }
      }
      expect(consumers.flatMap((consumer) => consumer.owned()).sort()).toEqual([0, 1, 2, 3]);
      expect([...seen].sort()).toEqual(records.map(({ value }) => value).sort());
      await Promise.all(consumers.map((consumer) => consumer.close()));
      await log.close();
    });

    test.runIf(groups)('gives the partitions of one that leaves to those that stay', async () => {
      const log = await open('leave', 2);
      const start = async (owned: readonly number[]) => new Map(owned.map((partition) => [partition, 0]));
      const [one, two] = [log.consume({ start }), log.consume({ start })];
      const deadline = Date.now() + 30_000;
      const until = async (done: () => boolean): Promise<void> => {
        while (!done() && Date.now() < deadline) await Promise.all([one.poll(10, 50), two.poll(10, 50)]);
      };
      await until(() => one.owned().length === 1 && two.owned().length === 1);
      await two.close();
      while (one.owned().length < 2 && Date.now() < deadline) await one.poll(10, 50);
      expect(one.owned()).toEqual([0, 1]);
      await log.close();
    });

    test('reads large records in several batches, none lost', async () => {
      const log = await open('large', 1);
      const value = JSON.stringify('x'.repeat(60_000));
      await log.append(Array.from({ length: 300 }, () => ({ key: '', value })));
      expect(await readAll(log, 0, 300)).toHaveLength(300);
      await log.close();
    });

    test('gives no more bytes at once than memory takes, however many records are asked for', async () => {
      const log = await open('bytes', 20);
      const value = JSON.stringify('x'.repeat(60_000));
      await log.append(Array.from({ length: 700 }, (_, i) => ({ key: `k${i}`, value })));
      const consumer = log.consume({ start: async (owned) => new Map(owned.map((number) => [number, 0])) });
      for (let left = 700; left > 0; ) {
        let records = 0;
        for (const batch of await consumer.poll(100_000, 1000)) records += batch.records.length;
        // What is over the bound is of the partition that reaches it.
        expect(records * value.length).toBeLessThan(POLL_BYTES + 5 * 1024 * 1024);
        left -= records;
      }
      await consumer.close();
      await log.close();
    });

    test('an append of nothing does nothing', async () => {
      const log = await open('nothing', 1);
      await log.append([]);
      expect(await log.bounds()).toEqual([{ begin: 0, end: 0 }]);
      await log.close();
    });

    test('gives a record the time at which it took it', async () => {
      const log = await open('times', 1);
      const before = Date.now();
      await log.append([{ key: 'a', value: '1' }]);
      const [{ appendedAt }] = (await readAll(log, 0, 1)) as [LogRecord];
      expect(appendedAt).toBeGreaterThanOrEqual(before);
      expect(appendedAt).toBeLessThanOrEqual(Date.now());
      await log.close();
    });

    test('keeps its records and its number of partitions when it is opened again', async () => {
      const first = await open('reopen', 3);
      await first.append([{ key: 'k', value: '"é漢🙂"' }]);
      await first.close();
      const second = await open('reopen', 7);
      expect(second.partitions).toBe(3);
      expect(valuesOf(await readAll(second, partitionFor('k', 3), 9))).toEqual(['"é漢🙂"']);
      await second.close();
    });

    test('stores the progress of a source with its records', async () => {
      const log = await open('progress', 1);
      const progress = { source: 'file', rows: 2, bytes: 20, digest: 'd', done: false };
      expect(await log.progress('file')).toBeUndefined();
      await log.append(
        [
          { key: '', value: '1' },
          { key: '', value: '2' },
        ],
        progress,
      );
      expect(await log.progress('file')).toEqual(progress);
      await log.append([], { ...progress, rows: 3, done: true }, progress);
      expect(await log.progress('file')).toEqual({ ...progress, rows: 3, done: true });
      expect(await log.progress('other')).toBeUndefined();
      expect(valuesOf(await readAll(log, 0, 10))).toEqual(['1', '2']);
      await log.close();
      const again = await open('progress', 1);
      expect(await again.progress('file')).toEqual({ ...progress, rows: 3, done: true });
      await again.close();
    });

    test('stores that a source has ended where its last records were stored before', async () => {
      const log = await open('ended', 1);
      const at = { source: 'file', rows: 2, bytes: 20, digest: 'd', done: false };
      await log.append([{ key: '', value: '1' }], at);
      await log.append([], { ...at, done: true }, at);
      expect(await log.progress('file')).toEqual({ ...at, done: true });
      // It grew, and ended again.
      const grown = { ...at, rows: 3, bytes: 30 };
      await log.append([{ key: '', value: '2' }], grown, { ...at, done: true });
      await log.append([], { ...grown, done: true }, grown);
      await log.close();
      const again = await open('ended', 1);
      expect(await again.progress('file')).toEqual({ ...grown, done: true });
      expect(valuesOf(await readAll(again, 0, 9))).toEqual(['1', '2']);
      await again.close();
    });

    test('appends all records or none', async () => {
      const log = await open('atomic', 1);
      const progress = { source: 'file', rows: 2, bytes: 20, digest: 'd', done: false };
      await expect(
        log.append(
          [
            { key: '', value: 'a' },
            { key: '', value: 'b\nc' },
          ],
          progress,
        ),
      ).rejects.toThrow(/line feed/);
      expect(await log.bounds()).toEqual([{ begin: 0, end: 0 }]);
      expect(await log.progress('file')).toBeUndefined();
      await log.close();
    });

    test('refuses progress that was not computed from what is stored, whoever stored that', async () => {
      const [one, two] = [await open('fence', 1), await open('fence', 1)];
      const at = (rows: number, more: Partial<SourceProgress> = {}): SourceProgress => {
        return { source: 'file', rows, bytes: rows * 10, digest: `d${rows}`, done: false, ...more };
      };
      const record = (value: string) => [{ key: '', value }];
      const refused = { code: 'CONFLICT', message: expect.stringContaining('taken over'), hint: /./ };

      expect(await two.progress('file')).toBeUndefined();
      await one.append(record('1'), at(1));
      // The second one began when there was nothing yet.
      await expect(two.append(record('x'), at(1))).rejects.toMatchObject(refused);
      expect(await two.progress('file')).toEqual(at(1));
      await two.append(record('2'), at(2, { done: true }), at(1));
      // The first one goes on as if it were alone, with the very same step, and with one that would go back.
      await expect(one.append(record('x'), at(2, { done: true }), at(1))).rejects.toMatchObject(refused);
      await expect(one.append([], at(1))).rejects.toMatchObject(refused);
      expect(await one.progress('file')).toEqual(at(2, { done: true }));
      await expect(one.append(record('x'), at(3), at(2, { digest: 'd' }))).rejects.toMatchObject(refused);
      // Whether the source seemed to have ended does not matter: a file may grow.
      await one.append(record('3'), at(3), at(2));
      await expect(two.append(record('x'), at(4), at(2))).rejects.toMatchObject(refused);
      await two.append(record('other'), at(1, { source: 'other' }));
      expect(await two.progress('file')).toEqual(at(3));
      expect(valuesOf(await readAll(two, 0, 9))).toEqual(['1', '2', '3', 'other']);
      await Promise.all([one.close(), two.close()]);
    });

    test('lets one of several that append a source at once through, and none twice', async () => {
      const logs = [await open('race', 1), await open('race', 1)];
      const at = (rows: number) => ({ source: 'file', rows, bytes: rows, digest: `d${rows}`, done: false });
      const STEPS = 5;
      const kept: string[] = [];
      for (let step = 1; step <= STEPS; step += 1) {
        const values = [0, 1, 2, 3].map((i) => `"${step}-${i}"`);
        const results = await Promise.allSettled(
          values.map((value, i) =>
            logs[i % 2]!.append([{ key: '', value }], at(step), step === 1 ? undefined : at(step - 1)),
          ),
        );
        const through = values.filter((_, i) => results[i]!.status === 'fulfilled');
        expect(through).toHaveLength(1);
        kept.push(...through);
      }
      expect(valuesOf(await readAll(logs[0]!, 0, 9))).toEqual(kept);
      expect(await logs[1]!.progress('file')).toEqual(at(STEPS));
      await Promise.all(logs.map((log) => log.close()));
    });

    test('lets two writers append at once', async () => {
      const logs = [await open('shared', 2), await open('shared', 2)];
      await Promise.all(
        logs.map(async (log, writer) => {
          for (let i = 0; i < 50; i += 1) await log.append([{ key: `${i}`, value: `"${writer}-${i}"` }]);
        }),
      );
      for (const log of logs) {
        const values = [...(await readAll(log, 0, 7)), ...(await readAll(log, 1, 7))];
        expect(new Set(values.map(({ value }) => value)).size).toBe(100);
        await log.close();
      }
    });
  });
}
