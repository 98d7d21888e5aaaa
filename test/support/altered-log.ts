import { join } from 'node:path';
import { ensureDataDir } from '../../src/config.ts';
import { type EventLog, type LogRecord, LogRecords } from '../../src/pipeline/event-log/event-log.ts';
import { configFor, openStores, type Stores } from './stores.ts';
import { tempDir } from './temp-dir.ts';

/** The empty stores of a shop whose log has one partition. */
export async function onePartitionShop(name: string): Promise<Stores> {
  const config = configFor(join(tempDir(), name), { ECOM_PARTITIONS: '1' });
  ensureDataDir(config);
  return openStores(config);
}

/** A view of a log whose records are other than the embedded log would take them, such as from a host with another clock. */
export function alteredLog(log: EventLog, alter: (record: LogRecord) => LogRecord): EventLog {
  return {
    ...log,
    consume(options) {
      const consumer = log.consume(options);
      return {
        ...consumer,
        async poll(limit, waitMs) {
          const batches = await consumer.poll(limit, waitMs);
          return batches.map((batch) => ({
            ...batch,
            records: LogRecords.of([...batch.records].map(alter)),
          }));
        },
      };
    },
  };
}

/** A view of a log of one partition as if so many events that follow each other were one record. */
export function packedLog(log: EventLog, size: number): EventLog {
  const from = (position: number): number => position * size;
  return {
    ...log,
    async bounds() {
      return (await log.bounds()).map(({ begin, end }) => ({
        begin: Math.ceil(begin / size),
        end: Math.ceil(end / size),
      }));
    },
    consume(options) {
      const start = async (partitions: readonly number[]) =>
        new Map(
          [...(await options.start(partitions))].map(([partition, offset]) => [partition, from(offset)]),
        );
      const consumer = log.consume({ ...options, start });
      return {
        ...consumer,
        seek: (partition, offset) => consumer.seek(partition, from(offset)),
        async poll(_, waitMs) {
          const batches = await consumer.poll(Number.MAX_SAFE_INTEGER, waitMs);
          return batches.map(({ partition, records, next }) => ({
            partition,
            records: LogRecords.of(
              [...records].map(({ offset, ...record }) => ({
                ...record,
                offset: Math.floor(offset / size),
                index: offset % size,
              })),
            ),
            next: Math.ceil(next / size),
          }));
        },
      };
    },
  };
}
