import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, type EachBatchPayload, type Kafka } from 'kafkajs';
import { errorMessage } from '../../errors.ts';
import {
  type ConsumeOptions,
  type LogBatch,
  type LogConsumer,
  LogRecords,
  type PartitionBounds,
  POLL_BYTES,
} from './event-log.ts';
import { Late } from './kafka-client.ts';
import { type ReadMessage } from './kafka-message.ts';

export interface KafkaConsumerOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly group: string;
  readonly partitions: number;
  bounds(): Promise<readonly PartitionBounds[]>;
  readonly read: ReadMessage;
  /** What an error of the client means. */
  explain(error: unknown): Error;
}

const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1000;
const FETCH_BYTES = 1024 * 1024;
const COMMIT_MS = 1000;
/** Longest wait of `poll` between two looks, ms. */
const LOOK_MS = 100;
/** About ten seconds: what is shorter costs no place in the group. */
const RETRIES = 8;
/** How long brokers may be silent while they are waited for, ms: then `poll` says so, and the client tries on. */
const SILENT_MS = 2500;

/** A fetched batch that waits to be taken. */
interface Parcel {
  readonly batch: Batch;
  /** Messages of it that are taken already. */
  taken: number;
  settle(taken: boolean): void;
}

/**
 * A reader that begins anew after a failure, such as of brokers that were away for longer than the client waits. A failure is
 * told by the `poll` that it happens in; one that happened while nobody asked is old news, and tells nothing of now. Only a
 * `poll` begins anew: until then, what it returned last and what it owned stay as they were.
 */
export function createKafkaConsumer(options: KafkaConsumerOptions, consuming: ConsumeOptions): LogConsumer {
  let session = createSession(options, consuming);
  let closed = false;
  return {
    async poll(limit, waitMs) {
      if (session.failed() && !closed) {
        session.close().catch(() => {});
        session = createSession(options, consuming);
      }
      return session.poll(limit, waitMs);
    },
    owned: () => session.owned(),
    seek: (partition, offset) => session.seek(partition, offset),
    commit: (positions) => session.commit(positions),
    close() {
      closed = true;
      return session.close();
    },
  };
}

/**
 * kafkajs pushes batches; this holds one a partition until `poll` asks for it, which is when kafkajs fetches the next. The
 * group deals out the partitions, and where to begin with them is asked inside `poll`, never taken from the group.
 */
function createSession(
  { kafka, topic, group, partitions, bounds, read, explain }: KafkaConsumerOptions,
  { start }: ConsumeOptions,
): LogConsumer & { failed(): boolean } {
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: 3 * SESSION_MS,
    maxBytesPerPartition: FETCH_BYTES,
    maxWaitTimeInMs: 100,
    retry: {
      retries: RETRIES,
      initialRetryTime: 200,
      maxRetryTime: 2000,
      restartOnFailure: async () => false,
    },
  });
  const waiting = new Map<number, Parcel>();
  /** Offsets to go on from, of the owned partitions. */
  const expected = new Map<number, number>();
  /** Where only what holds no record lies next, and what comes after it. */
  const markers = new Map<number, number>();
  let dealt: readonly number[] | undefined;
  let started: Promise<void> | undefined;
  let failure: Error | undefined;
  let connected = false;
  /** For how long `poll` has waited without a word of the brokers, ms; while the group deals, they have none to say. */
  let silence = 0;
  let dealing = true;
  let closed = false;
  let wake = (): void => {};

  const hear = (): void => {
    silence = 0;
  };
  consumer.on(consumer.events.FETCH, hear);
  consumer.on(consumer.events.HEARTBEAT, hear);
  consumer.on(consumer.events.REBALANCING, () => {
    dealing = true;
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    hear();
    dealing = false;
    dealt = [...(payload.memberAssignment[topic] ?? [])].sort((a, b) => a - b);
    wake();
  });
  consumer.on(consumer.events.CRASH, ({ payload: { error } }) => {
    failure = explain(error);
    wake();
  });
  // Of a fetch that held only the marks of transactions, kafkajs tells nothing else.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    const { partition, batchSize, firstOffset, lastOffset } = payload;
    if (batchSize > 0 || Number(firstOffset) !== expected.get(partition)) return;
    markers.set(partition, Number(lastOffset) + 1);
    wake();
  });

  async function begin(): Promise<void> {
    await consumer.connect();
    connected = true;
    hear();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: partitions,
      eachBatch: offer,
    });
  }

  /** Holds a batch until it is taken, or until it is of no use any more. */
  async function offer({
    batch,
    resolveOffset,
    heartbeat,
    isRunning,
    isStale,
  }: EachBatchPayload): Promise<void> {
    let settle: Parcel['settle'] = () => {};
    const settled = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    const parcel: Parcel = { batch, taken: 0, settle };
    waiting.set(batch.partition, parcel);
    wake();
    try {
      for (;;) {
        const timer = new AbortController();
        const taken = await Promise.race([
          settled,
          sleep(HEARTBEAT_MS, undefined, { signal: timer.signal }).catch(() => undefined),
        ]);
        timer.abort();
        if (taken === true) resolveOffset(batch.lastOffset());
        if (taken !== undefined || !isRunning() || isStale()) return;
        await heartbeat();
      }
    } finally {
      if (waiting.get(batch.partition) === parcel) waiting.delete(batch.partition);
    }
  }

  function drop(partition: number): void {
    waiting.get(partition)?.settle(false);
    waiting.delete(partition);
    markers.delete(partition);
  }

  function goOn(partition: number, offset: number): void {
    drop(partition);
    expected.set(partition, offset);
    try {
      consumer.seek({ topic, partition, offset: String(offset) });
    } catch {
      // It has just ended, which it tells by its crash.
    }
  }

  /** Takes over what the group has dealt. What was owned before goes on where it was: the group knows another place. */
  async function settleIn(assigned: readonly number[]): Promise<void> {
    for (const partition of expected.keys()) {
      if (assigned.includes(partition)) goOn(partition, expected.get(partition)!);
      else {
        drop(partition);
        expected.delete(partition);
      }
    }
    const fresh = assigned.filter((partition) => !expected.has(partition));
    if (fresh.length === 0) return;
    const [starts, limits] = [await start(fresh), await bounds()];
    for (const partition of fresh) {
      const { begin: first, end } = limits[partition]!;
      goOn(partition, Math.min(end, Math.max(first, starts.get(partition) ?? first)));
    }
  }

  /** The next records of a partition: messages until so many records, or bytes, are reached, and at least one. */
  function take(partition: number, limit: number, bytes: number): LogBatch | undefined {
    const parcel = waiting.get(partition);
    if (parcel === undefined) {
      const next = markers.get(partition);
      markers.delete(partition);
      if (next === undefined || next <= expected.get(partition)!) return undefined;
      expected.set(partition, next);
      return { partition, records: new LogRecords(), next };
    }
    const { messages } = parcel.batch;
    const records = new LogRecords();
    do {
      read(records, partition, messages[parcel.taken]!);
      parcel.taken += 1;
    } while (parcel.taken < messages.length && records.length < limit && records.size < bytes);
    const rest = messages[parcel.taken];
    const next = Number(rest?.offset ?? parcel.batch.lastOffset()) + (rest === undefined ? 1 : 0);
    expected.set(partition, next);
    markers.delete(partition);
    if (rest === undefined) {
      waiting.delete(partition);
      parcel.settle(true);
    }
    return { partition, records, next };
  }

  function collect(limit: number): LogBatch[] {
    const batches: LogBatch[] = [];
    let room = limit;
    let bytes = 0;
    // Who lags in offset goes first, so that a full batch starves none.
    for (const [partition] of [...expected].sort(([, a], [, b]) => a - b)) {
      if (room <= 0 || bytes >= POLL_BYTES) break;
      const batch = take(partition, room, POLL_BYTES - bytes);
      if (batch === undefined) continue;
      batches.push(batch);
      bytes += batch.records.size;
      room -= batch.records.length;
    }
    return batches;
  }

  /** Waits to be woken. What the process itself was busy with for longer is no silence of the brokers. */
  async function pause(ms: number): Promise<void> {
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const length = Math.min(ms, LOOK_MS);
    await Promise.race([woken, sleep(length, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
    wake = () => {};
    if (!connected || !dealing) silence += length;
  }

  let committedAt = 0;
  return {
    async poll(limit, waitMs) {
      started ??= begin().catch((error: unknown) => {
        failure ??= explain(error);
      });
      const until = Date.now() + waitMs;
      for (;;) {
        if (failure !== undefined) throw failure;
        if (closed) throw new Error('the consumer is closed');
        // The group may deal again while it is being settled; what could not be settled is to be tried again.
        while (dealt !== undefined) {
          const assigned: readonly number[] = dealt;
          await settleIn(assigned);
          if (dealt === assigned) dealt = undefined;
        }
        const batches = collect(limit);
        const left = until - Date.now();
        if (batches.length > 0) return batches;
        if (silence >= SILENT_MS) throw explain(new Late('no answer'));
        // Who is told of no records is told that the brokers are there.
        if (left <= 0 && connected) return batches;
        await pause(Math.max(left, connected ? 0 : LOOK_MS));
      }
    },
    failed: () => failure !== undefined,
    owned: () => [...expected.keys()].sort((a, b) => a - b),
    seek(partition, offset) {
      if (expected.has(partition)) goOn(partition, offset);
    },
    async commit(positions) {
      const now = Date.now();
      if (now - committedAt < COMMIT_MS) return;
      committedAt = now;
      const offsets = [...positions].map(([partition, offset]) => ({
        topic,
        partition,
        offset: String(offset),
      }));
      // Nothing depends on it, and a rebalance makes it fail.
      await consumer.commitOffsets(offsets).catch(() => {});
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const partition of [...waiting.keys()]) drop(partition);
      wake();
      if (started === undefined) return;
      await started;
      await consumer.disconnect().catch((error: unknown) => {
        throw new Error(`cannot leave the group: ${errorMessage(error)}`);
      });
    },
  };
}
