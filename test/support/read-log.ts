import { type EventLog, type LogRecord } from '../../src/pipeline/event-log/event-log.ts';

/** All records of a log, by partition, in order. */
export async function readLog(log: EventLog): Promise<LogRecord[][]> {
  const records = Array.from({ length: log.partitions }, (): LogRecord[] => []);
  const consumer = log.consume({
    start: async (partitions) => new Map(partitions.map((partition) => [partition, 0])),
  });
  const missing = new Map((await log.bounds()).map(({ end }, partition) => [partition, end]));
  while ([...missing.values()].some((end) => end > 0)) {
    for (const batch of await consumer.poll(10_000, 1000)) {
      for (const record of batch.records) records[batch.partition]!.push(record);
      if (batch.next >= missing.get(batch.partition)!) missing.set(batch.partition, 0);
    }
  }
  await consumer.close();
  return records;
}
