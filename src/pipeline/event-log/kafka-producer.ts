import { setTimeout as sleep } from 'node:timers/promises';
import { type Kafka, type Message, type Producer } from 'kafkajs';
import { LINES_HEADER } from './kafka-message.ts';
import { type NewLines, type PartitionLines } from './new-lines.ts';

/** Records for one partition in one request: a broker's limit is 1 MiB by default, bytes before compression. */
const PARTITION_BYTES = 900 * 1024;
/** What a message takes beside its key and value, at most. */
const MESSAGE_BYTES = 64;
/** How long is sent again what failed for good, with another producer, ms. Whoever waits longer says so. */
const PATIENCE_MS = 2000;
const PAUSE_MS = 500;
const LZ4 = 3;
const ALL_REPLICAS = -1;

/** Most lines, and most bytes of them, in one message. */
const PACKED_LINES = 1000;
const PACKED_BYTES = 256 * 1024;

/** How many of the events that are appended together make one message: as many as fit, or one. */
export type MessageForm = 'packed' | 'single';

/** A message that knows its partition. */
export type PlacedMessage = Message & { readonly partition: number };

/** Every message says its partition: one murmur2 decides in this project, the one that Java's client has. */
export const asPlaced = () => (args: { message: Message }) => (args.message as PlacedMessage).partition;

/** Records as messages, in requests that no broker refuses for their size. */
export function* inRequests(batch: readonly NewLines[], form: MessageForm): Iterable<PlacedMessage[]> {
  let request: PlacedMessage[] = [];
  let sizes = new Map<number, number>();
  const messages = batch.flatMap(({ partitions }) =>
    partitions.flatMap((lines, partition) => messagesOf(lines, partition, form)),
  );
  for (const message of messages) {
    const { partition, key, value } = message;
    const own = (key?.length ?? 0) + value.length + MESSAGE_BYTES;
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

type LineMessage = PlacedMessage & { readonly key: Buffer | null; readonly value: Buffer };

function messagesOf(lines: PartitionLines, partition: number, form: MessageForm): LineMessage[] {
  const messages: LineMessage[] = [];
  for (let from = 0; from < lines.count; ) {
    const to = form === 'single' ? from + 1 : lines.endOfPiece(from, PACKED_LINES, PACKED_BYTES);
    const value = lines.piece(from, to);
    messages.push(
      to === from + 1
        ? { key: lines.key(from), value, partition }
        : // They have many keys, one for each.
          { key: null, value, partition, headers: { [LINES_HEADER]: String(to - from) } },
    );
    from = to;
  }
  return messages;
}

/** Sends messages of one topic with the acknowledgement of all replicas. */
export async function sendAll(
  producer: Pick<Producer, 'sendBatch'>,
  topic: string,
  messages: PlacedMessage[],
): Promise<void> {
  await producer.sendBatch({ acks: ALL_REPLICAS, compression: LZ4, topicMessages: [{ topic, messages }] });
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
export function createBatchingProducer(kafka: Kafka, topic: string, form: MessageForm): BatchingProducer {
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
        const lines = batch.map((waiting) => waiting.lines);
        for (const request of inRequests(lines, form)) await sendPatiently(request);
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
