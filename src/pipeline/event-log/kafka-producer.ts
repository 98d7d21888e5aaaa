import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, type Message, type Producer } from 'kafkajs';
import { type NewRecord } from './event-log.ts';
import { partitionFor } from './partitioner.ts';

/** Records for one partition in one request: a broker's limit is 1 MiB by default, bytes before compression. */
const PARTITION_BYTES = 900 * 1024;
/** How long is sent again what failed for good, with another producer, ms. Whoever waits longer says so. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 500;
const SNAPPY = 2;
const ALL_REPLICAS = -1;

/** A message that knows its partition. */
export type PlacedMessage = Message & { readonly partition: number };

/** Every message says its partition: one murmur2 decides in this project, the one that Java's client has. */
export const asPlaced = () => (args: { message: Message }) => (args.message as PlacedMessage).partition;

/** Records as messages, in requests that no broker refuses for their size. */
export function* inRequests(records: readonly NewRecord[], partitions: number): Iterable<PlacedMessage[]> {
  let request: PlacedMessage[] = [];
  let sizes = new Map<number, number>();
  for (const { key, value, partition = partitionFor(key, partitions) } of records) {
    // A character takes up to three bytes, but a request that is cut early only costs a little.
    const size = (sizes.get(partition) ?? 0) + key.length + value.length + 64;
    if (size > PARTITION_BYTES && request.length > 0) {
      yield request;
      request = [];
      sizes = new Map();
    }
    sizes.set(partition, Math.min(size, key.length + value.length + (sizes.get(partition) ?? 0) + 64));
    request.push({ key, value, partition });
  }
  if (request.length > 0) yield request;
}

/** Sends messages of one topic with the acknowledgement of all replicas. */
export async function sendAll(
  producer: Pick<Producer, 'sendBatch'>,
  topic: string,
  messages: PlacedMessage[],
): Promise<void> {
  await producer.sendBatch({ acks: ALL_REPLICAS, compression: SNAPPY, topicMessages: [{ topic, messages }] });
}

export interface BatchingProducer {
  /** Resolves once the records are on all replicas. */
  append(records: readonly NewRecord[]): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * An idempotent producer. What is appended while a request is under way goes with the next one. One that fails for good is
 * replaced, and its records are sent again: should some have got through, their ids make them duplicates.
 */
export function createBatchingProducer(kafka: Kafka, topic: string, partitions: number): BatchingProducer {
  let producer: Producer | undefined;
  let queue: Waiting[] = [];
  let sending: Promise<void> | undefined;
  let closed = false;

  async function connected(): Promise<Producer> {
    if (producer !== undefined) return producer;
    const fresh = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: asPlaced });
    try {
      await fresh.connect();
    } catch (error) {
      await fresh.disconnect().catch(() => {});
      throw error;
    }
    producer = fresh;
    return fresh;
  }
  async function sendPatiently(messages: PlacedMessage[]): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await sendAll(await connected(), topic, messages);
      } catch (error) {
        const failed = producer;
        producer = undefined;
        await failed?.disconnect().catch(() => {});
        if (closed || Date.now() > deadline) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }
  async function sendQueue(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      try {
        for (const request of inRequests(
          batch.flatMap(({ records }) => records),
          partitions,
        )) {
          await sendPatiently(request);
        }
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    sending = undefined;
  }
  return {
    append(records) {
      if (records.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        queue.push({ records, resolve, reject });
        sending ??= sendQueue();
      });
    },
    async close() {
      closed = true;
      await sending;
      await producer?.disconnect();
    },
  };
}
