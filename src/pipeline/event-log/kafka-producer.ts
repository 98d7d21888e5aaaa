import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, type Message, type Producer } from 'kafkajs';
import { type NewLines } from './new-lines.ts';

/** Records for one partition in one request: a broker's limit is 1 MiB by default, bytes before compression. */
const PARTITION_BYTES = 900 * 1024;
/** What a message takes beside its key and value, at most. */
const MESSAGE_BYTES = 64;
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
export function* inRequests(batch: readonly NewLines[]): Iterable<PlacedMessage[]> {
  let request: PlacedMessage[] = [];
  let sizes = new Map<number, number>();
  for (const message of batch.flatMap(messagesOf)) {
    const { partition, key, value } = message;
    const own = key.length + value.length + MESSAGE_BYTES;
    const size = (sizes.get(partition) ?? 0) + own;
    if (size > PARTITION_BYTES && request.length > 0) {
      yield request;
      request = [];
      sizes = new Map();
    }
    sizes.set(partition, (sizes.get(partition) ?? 0) + own);
    request.push(message);
  }
  if (request.length > 0) yield request;
}

function messagesOf({ partitions }: NewLines) {
  return partitions.flatMap((lines, partition) =>
    Array.from({ length: lines.count }, (_, record) => ({
      key: lines.key(record),
      value: lines.piece(record, record + 1),
      partition,
    })),
  );
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
  append(lines: NewLines): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly lines: NewLines;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * An idempotent producer. What is appended while a request is under way goes with the next one. One that fails for good is
 * replaced, and its records are sent again: should some have got through, their ids make them duplicates.
 */
export function createBatchingProducer(kafka: Kafka, topic: string): BatchingProducer {
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
        for (const request of inRequests(batch.map(({ lines }) => lines))) await sendPatiently(request);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    sending = undefined;
  }
  return {
    append(lines) {
      if (lines.count === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        queue.push({ lines, resolve, reject });
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
