import { randomUUID } from 'node:crypto';
import { type Kafka, type Producer } from 'kafkajs';
import { EcomError } from '../../errors.ts';
import { type NewRecord, type SourceProgress } from './event-log.ts';
import { createTopic, onceSettled } from './kafka-client.ts';
import { asPlaced, inRequests, sendAll } from './kafka-producer.ts';

const TRANSACTION_MS = 60_000;
const ATTEMPTS = 5;

/** How far sources are appended: a compacted topic beside the log's, written in one transaction with the records. */
export interface Sources {
  progress(source: string): Promise<SourceProgress | undefined>;
  /**
   * Appends records and progress, all or none.
   * @throws EcomError `CONFLICT` where another process appends the same source
   */
  append(records: readonly NewRecord[], progress: SourceProgress): Promise<void>;
  close(): Promise<void>;
}

export function createSources(kafka: Kafka, topic: string, partitions: number): Sources {
  const sourcesTopic = `${topic}.sources`;
  let known: Map<string, SourceProgress> | undefined;
  let current: { readonly source: string; readonly producer: Producer } | undefined;

  async function ensureTopic(): Promise<void> {
    const admin = kafka.admin();
    await admin.connect();
    try {
      await createTopic(admin, {
        topic: sourcesTopic,
        numPartitions: 1,
        replicationFactor: -1,
        configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
      });
    } finally {
      await admin.disconnect();
    }
  }

  /** Reads the topic to its end: the last word on every source. */
  async function readAll(): Promise<Map<string, SourceProgress>> {
    const found = new Map<string, SourceProgress>();
    const admin = kafka.admin();
    await admin.connect();
    try {
      if (!(await admin.listTopics()).includes(sourcesTopic)) return found;
      const [{ high, low } = { high: '0', low: '0' }] = await onceSettled(() =>
        admin.fetchTopicOffsets(sourcesTopic),
      );
      const end = Number(high);
      if (Number(low) >= end) return found;
      const groupId = `ecom-sources-${randomUUID()}`;
      const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
      await consumer.connect();
      await consumer.subscribe({ topic: sourcesTopic, fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
        consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
          if (Number(payload.lastOffset) + 1 >= end) resolve();
        });
        consumer
          .run({
            autoCommit: false,
            eachBatch: async ({ batch }) => {
              for (const { key, value } of batch.messages) {
                const progress = value === null ? undefined : (JSON.parse(String(value)) as SourceProgress);
                if (progress === undefined) found.delete(String(key));
                else found.set(String(key), progress);
              }
            },
          })
          .catch(reject);
      });
      await consumer.disconnect();
      await admin.deleteGroups([groupId]).catch(() => {});
      return found;
    } finally {
      await admin.disconnect();
    }
  }

  /**
   * The producer of a source. Its transactional id is the source's: the transaction that a killed predecessor left open is
   * aborted at once, and of two that append one source at the same time the older is refused from now on.
   */
  async function producerFor(source: string): Promise<Producer> {
    if (current?.source === source) return current.producer;
    await current?.producer.disconnect();
    current = undefined;
    const producer = kafka.producer({
      transactionalId: `${topic}:${source}`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_MS,
      createPartitioner: asPlaced,
    });
    await producer.connect();
    // It gets its id, and fences others, with its first transaction.
    await (await producer.transaction()).abort();
    current = { source, producer };
    return producer;
  }

  async function commit(records: readonly NewRecord[], progress: SourceProgress): Promise<void> {
    const transaction = await (await producerFor(progress.source)).transaction();
    try {
      for (const request of inRequests(records, partitions)) await sendAll(transaction, topic, request);
      const value = JSON.stringify(progress);
      await sendAll(transaction, sourcesTopic, [{ key: progress.source, value, partition: 0 }]);
    } catch (error) {
      await transaction.abort().catch(() => {});
      throw error;
    }
    await transaction.commit();
  }

  return {
    async progress(source) {
      known ??= await readAll();
      return known.get(source);
    },
    async append(records, progress) {
      const { source } = progress;
      known ??= await readAll();
      const before = known.get(source);
      if (current?.source !== source) {
        await ensureTopic();
        await producerFor(source);
        known = await readAll();
        if (!same(known.get(source), before)) throw conflict();
      }
      for (let attempt = 1; ; attempt += 1) {
        try {
          await commit(records, progress);
          break;
        } catch (error) {
          if (isFenced(error)) throw conflict(error);
          if (attempt === ATTEMPTS) throw error;
          // Whether it was committed is not known: a new producer settles that, and the topic tells.
          await current?.producer.disconnect().catch(() => {});
          current = undefined;
          await producerFor(source);
          const now = (await readAll()).get(source);
          if (same(now, progress)) break;
          if (!same(now, before)) throw conflict(error);
        }
      }
      known.set(source, progress);
    },
    async close() {
      await current?.producer.disconnect();
    },
  };
}

function same(a: SourceProgress | undefined, b: SourceProgress | undefined): boolean {
  return a?.rows === b?.rows && a?.bytes === b?.bytes && a?.digest === b?.digest && a?.done === b?.done;
}

function isFenced(error: unknown): boolean {
  const { type, cause } = error as { type?: string; cause?: unknown };
  if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED') return true;
  return cause instanceof Error && isFenced(cause);
}

function conflict(cause?: unknown): EcomError {
  return new EcomError('CONFLICT', 'another process is ingesting the same source', {
    hint: 'let it finish, or stop it and run this again: it goes on where that one stopped',
    cause,
  });
}
