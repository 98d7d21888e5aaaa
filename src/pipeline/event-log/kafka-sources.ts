import { randomUUID } from 'node:crypto';
import { type Admin, type Kafka, type Producer } from 'kafkajs';
import { isSamePlace, type SourceProgress, sourceTakenOver } from './event-log.ts';
import { createTopic, isAway, onceSettled } from './kafka-client.ts';
import { asPlaced, inRequests, type MessageForm, sendAll } from './kafka-producer.ts';
import { type NewLines } from './new-lines.ts';

const TRANSACTION_MS = 60_000;
const ATTEMPTS = 5;

/** How far sources are appended: a compacted topic beside the log's, written in one transaction with the records. */
export interface Sources {
  /** As it is now, whoever stored it. */
  progress(source: string): Promise<SourceProgress | undefined>;
  /**
   * Appends records and progress, all or none, one append after the other.
   * @throws EcomError `CONFLICT` where the stored progress is not `before`
   */
  append(lines: NewLines, progress: SourceProgress, before: SourceProgress | undefined): Promise<void>;
  close(): Promise<void>;
}

/** What the topic holds of a source. Two ingests may store the same progress: the append's own id tells whose it is. */
interface StoredProgress extends SourceProgress {
  readonly append?: string;
}

/** The last word on every source, as of an offset where the topic ended. */
interface Ledger {
  readonly end: number;
  readonly sources: ReadonlyMap<string, StoredProgress>;
}

/** The producer of a source, and what was stored of it when that one had fenced all others, or stored last. */
interface Writer {
  readonly source: string;
  readonly producer: Producer;
  readonly stored: StoredProgress | undefined;
}

export function createSources(kafka: Kafka, topic: string, form: MessageForm): Sources {
  const sourcesTopic = `${topic}.sources`;
  let ledger: Ledger = { end: 0, sources: new Map() };
  let writer: Writer | undefined;
  /** Ids of appends that failed, by the object that was to be stored: two may say the same and be two ingests'. */
  const failed = new WeakMap<SourceProgress, string>();
  let turn: Promise<unknown> = Promise.resolve();

  async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafka.admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
  function ensureTopic(): Promise<void> {
    return withAdmin((admin) =>
      createTopic(admin, {
        topic: sourcesTopic,
        numPartitions: 1,
        replicationFactor: -1,
        configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
      }),
    );
  }
  /** Reads the topic again where it has grown. */
  function readLedger(): Promise<Ledger> {
    return withAdmin(async (admin) => {
      if (!(await admin.listTopics()).includes(sourcesTopic)) return ledger;
      const [{ high, low } = { high: '0', low: '0' }] = await onceSettled(() =>
        admin.fetchTopicOffsets(sourcesTopic),
      );
      const end = Number(high);
      if (end === ledger.end) return ledger;
      const sources = Number(low) >= end ? new Map() : await readSources(admin, end);
      ledger = { end, sources };
      return ledger;
    });
  }
  async function readSources(admin: Admin, end: number): Promise<Map<string, StoredProgress>> {
    const found = new Map<string, StoredProgress>();
    const groupId = `ecom-sources-${randomUUID()}`;
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
    try {
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
                if (value === null) found.delete(String(key));
                else found.set(String(key), JSON.parse(String(value)) as StoredProgress);
              }
            },
          })
          .catch(reject);
      });
    } finally {
      await consumer.disconnect().catch(() => {});
    }
    await admin.deleteGroups([groupId]).catch(() => {});
    return found;
  }

  /**
   * Becomes the one that appends a source. Its transactional id is the source's: the transaction that a predecessor left open
   * is aborted at once, and what that one sends from now on is refused, so what is read after that stays as it is.
   */
  async function takeOver(source: string): Promise<Writer> {
    const former = writer;
    writer = undefined;
    await former?.producer.disconnect().catch(() => {});
    const producer = kafka.producer({
      transactionalId: `${topic}:${source}`,
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_MS,
      createPartitioner: asPlaced,
    });
    await producer.connect();
    try {
      // It gets its id, and fences others, with its first transaction.
      await (await producer.transaction()).abort();
      const taken = { source, producer, stored: (await readLedger()).sources.get(source) };
      writer = taken;
      return taken;
    } catch (error) {
      await producer.disconnect().catch(() => {});
      throw error;
    }
  }

  async function commit(producer: Producer, lines: NewLines, progress: StoredProgress) {
    const transaction = await producer.transaction();
    try {
      for (const request of inRequests([lines], form)) await sendAll(transaction, topic, request);
      const value = JSON.stringify(progress);
      await sendAll(transaction, sourcesTopic, [{ key: progress.source, value, partition: 0 }]);
    } catch (error) {
      // The next one to take over the source aborts what is left open.
      if (!isAway(error)) await transaction.abort().catch(() => {});
      throw error;
    }
    await transaction.commit();
  }

  /** Whoever comes too late must not fence the one that goes on. What stands there may be one's own. */
  async function refuseLate(next: StoredProgress, before: SourceProgress | undefined): Promise<void> {
    const stored = (await readLedger()).sources.get(next.source);
    if (stored?.append !== next.append && !isSamePlace(stored, before)) throw sourceTakenOver();
  }
  /** One that failed may have been committed all the same: when it comes again, it is known by its id. */
  async function append(
    lines: NewLines,
    progress: SourceProgress,
    before: SourceProgress | undefined,
  ): Promise<void> {
    const id = failed.get(progress) ?? randomUUID();
    try {
      await appendAs({ ...progress, append: id }, lines, before);
      failed.delete(progress);
    } catch (error) {
      failed.set(progress, id);
      throw error;
    }
  }
  async function appendAs(
    next: StoredProgress,
    lines: NewLines,
    before: SourceProgress | undefined,
  ): Promise<void> {
    const { source } = next;
    let current = writer;
    if (current?.source !== source) {
      await ensureTopic();
      await refuseLate(next, before);
      current = await takeOver(source);
    }
    let cause: unknown;
    for (let attempt = 1; ; attempt += 1) {
      if (current.stored?.append === next.append) return;
      if (!isSamePlace(current.stored, before)) throw sourceTakenOver(cause);
      try {
        await commit(current.producer, lines, next);
        writer = { ...current, stored: next };
        return;
      } catch (error) {
        // It may have been committed, it was fenced, or its transaction took too long: the topic tells, once that is settled.
        cause = error;
        writer = undefined;
        await current.producer.disconnect().catch(() => {});
        // Whoever waits for brokers says so, and comes again.
        if (attempt === ATTEMPTS || isAway(error)) throw error;
        if (isFenced(error)) await refuseLate(next, before);
        current = await takeOver(source);
      }
    }
  }

  return {
    async progress(source) {
      const stored = (await readLedger()).sources.get(source);
      if (stored === undefined) return undefined;
      const { append: _, ...progress } = stored;
      return progress;
    },
    append(lines, progress, before) {
      const appended = turn.then(() => append(lines, progress, before));
      turn = appended.catch(() => {});
      return appended;
    },
    async close() {
      await turn;
      await writer?.producer.disconnect();
    },
  };
}

function isFenced(error: unknown): boolean {
  const { type, cause } = error as { type?: string; cause?: unknown };
  if (type === 'INVALID_PRODUCER_EPOCH' || type === 'PRODUCER_FENCED') return true;
  return cause instanceof Error && isFenced(cause);
}
