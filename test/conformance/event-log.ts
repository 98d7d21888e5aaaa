import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventLog, type LogRecord } from '../../src/pipeline/event-log/event-log.ts';
import { partitionFor } from '../../src/pipeline/event-log/partitioner.ts';

/** Opens a log, or the same one again for the same name. */
export type OpenLog = (name: string, partitions?: number) => Promise<EventLog>;

async function readAll(log: EventLog, partition: number, step: number, from = 0): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (;;) {
    const batch = await log.read(partition, from + records.length, step);
    if (batch.records.length === 0) return records;
    expect(batch.baseOffset).toBe(from + records.length);
    records.push(...batch.records);
  }
}

/** What every event log must do. */
export function describeEventLog(name: string, open: OpenLog): void {
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
              expect(records.map(({ value }) => value)).toEqual(expected.map(({ value }) => value));
              expect((await log.bounds())[partition]).toEqual({ begin: 0, end: expected.length });
            }
            await log.close();
          },
        ),
        { numRuns: 25 },
      );
    });

    test('replays from any offset', async () => {
      const log = await open('replay', 1);
      await log.append(Array.from({ length: 4500 }, (_, i) => ({ key: '', value: `"${i}"` })));
      await log.append([{ key: '', value: '"last"' }]);
      for (const from of [0, 1, 1999, 2000, 2001, 4499, 4500]) {
        const { baseOffset, records } = await log.read(0, from, 3);
        expect(baseOffset).toBe(from);
        expect(records[0]!.value).toBe(from === 4500 ? '"last"' : `"${from}"`);
        expect(records).toHaveLength(Math.min(3, 4501 - from));
      }
      expect((await log.read(0, 4501, 10)).records).toEqual([]);
      expect((await log.read(0, 9999, 10)).records).toEqual([]);
      await log.close();
    });

    test('reads large records in several batches, none lost', async () => {
      const log = await open('large', 1);
      const value = JSON.stringify('x'.repeat(60_000));
      await log.append(Array.from({ length: 300 }, () => ({ key: '', value })));
      expect((await log.read(0, 0, 300)).records.length).toBeLessThan(300);
      expect(await readAll(log, 0, 300)).toHaveLength(300);
      await log.close();
    });

    test('gives a record the time at which it took it', async () => {
      const log = await open('times', 1);
      const before = Date.now();
      await log.append([{ key: 'a', value: '1' }]);
      const { appendedAt } = (await log.read(0, 0, 1)).records[0]!;
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
      expect((await second.read(partitionFor('k', 3), 0, 9)).records.map(({ value }) => value)).toEqual([
        '"é漢🙂"',
      ]);
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
      await log.append([], { ...progress, rows: 3, done: true });
      expect(await log.progress('file')).toEqual({ ...progress, rows: 3, done: true });
      expect(await log.progress('other')).toBeUndefined();
      await log.close();
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

    test('lets two writers append and two readers read at once', async () => {
      const logs = [await open('shared', 2), await open('shared', 2)];
      await Promise.all(
        logs.map(async (log, writer) => {
          for (let i = 0; i < 50; i += 1) await log.append([{ key: `${i}`, value: `"${writer}-${i}"` }]);
        }),
      );
      for (const log of logs) {
        const values = (await Promise.all([0, 1].map((partition) => readAll(log, partition, 7)))).flat();
        expect(new Set(values.map(({ value }) => value)).size).toBe(100);
        await log.close();
      }
    });
  });
}
