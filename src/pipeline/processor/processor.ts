import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type EventLog, type LogBatch } from '../event-log/event-log.ts';
import { decodeRecord } from '../events/decode.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { decodeOrderState, encodeOrderState } from './order-state.ts';
import {
  type DecodedBatch,
  type Delta,
  type PartitionMemory,
  reduce,
  type States,
  stateKeys,
} from './reduce.ts';
import { createSeenIds, DUPLICATE_HORIZON } from './seen-ids.ts';
import { decodeShopperState, encodeShopperState } from './shopper-state.ts';
import { createStateCache, type StateCache } from './state-cache.ts';

export interface ProcessorOptions {
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly live: LiveStore;
  /** ISO 4217 code for events that name no currency. */
  readonly currency: string;
  /** All partitions of the log where absent. */
  readonly partitions?: readonly number[] | undefined;
  /** Most records in one micro-batch. */
  readonly batch?: number | undefined;
  /** Longest wait for records before the next look, ms. */
  readonly flushMs?: number | undefined;
}

/** Counts what is in the log, micro-batch after micro-batch. */
export interface Processor {
  /** Processes one micro-batch. @returns the number of records that it counted, 0 at the end of the log. */
  step(): Promise<number>;
  /** Goes on until the signal aborts; `onBatch` is told the number of records of every batch. */
  run(signal: AbortSignal, onBatch?: (records: number) => void): Promise<void>;
}

const BATCH = 10_000;
const FLUSH_MS = 100;
/** Most characters in one micro-batch, about. */
const BATCH_CHARACTERS = 8 * 1024 * 1024;
/** Shoppers whose state is kept in memory, about: two generations of half as many. */
const CACHED_SHOPPERS = 60_000;
/** How many records are read at once to remember the ids of the past. */
const RECALL_RECORDS = 10_000;

/** All that a processor holds in memory: it may be lost at any time, and is read again from the stores. */
interface Memory {
  readonly partitions: Map<number, PartitionMemory>;
  /** Encoded: a text takes a fifth of the memory, and the collector does not have to look into it. */
  readonly shoppers: StateCache;
}

/**
 * The loop around `reduce`. The position stored beside the counters is the only truth about progress: a crash between any
 * two steps repeats the batch, whose documents are then found and whose change is applied once, or refused.
 */
export function createProcessor(options: ProcessorOptions): Processor {
  const { log, documents, live, currency, batch: batchSize = BATCH, flushMs = FLUSH_MS } = options;
  const owned = options.partitions ?? Array.from({ length: log.partitions }, (_, partition) => partition);
  let memory: Memory | undefined;

  async function recall(): Promise<Memory> {
    const positions = new Map((await live.positions()).map((stored) => [stored.partition, stored]));
    const partitions = new Map<number, PartitionMemory>();
    for (const partition of owned) {
      const { position = 0, watermark = 0 } = positions.get(partition) ?? {};
      const remembered = { position, watermark, seen: createSeenIds() };
      await recallIds(partition, remembered);
      partitions.set(partition, remembered);
    }
    return { partitions, shoppers: createStateCache(CACHED_SHOPPERS / 2) };
  }
  async function recallIds(partition: number, { position, seen }: PartitionMemory): Promise<void> {
    let from = Math.max(0, position - DUPLICATE_HORIZON);
    while (from < position) {
      const batch = await log.read(partition, from, Math.min(RECALL_RECORDS, position - from));
      if (batch.records.length === 0) return;
      const { baseOffset, records } = decode(batch);
      records.forEach(({ id }, i) => {
        if (id !== undefined) seen.add(id, baseOffset + i);
      });
      from = baseOffset + records.length;
    }
  }

  async function readBatches({ partitions }: Memory): Promise<DecodedBatch[]> {
    const batches: DecodedBatch[] = [];
    let room = batchSize;
    let characters = 0;
    // The partition that lags in position is read first, so that a full batch starves none.
    const order = [...partitions].sort(([, a], [, b]) => a.position - b.position);
    for (const [partition, { position }] of order) {
      if (room <= 0 || characters >= BATCH_CHARACTERS) break;
      const batch = await log.read(partition, position, room);
      if (batch.records.length === 0) continue;
      room -= batch.records.length;
      for (const { value } of batch.records) characters += value.length;
      batches.push(decode(batch));
    }
    return batches;
  }

  async function loadStates(batches: readonly DecodedBatch[], { shoppers }: Memory): Promise<States> {
    const keys = stateKeys(batches);
    const states: States = { shoppers: new Map(), orders: new Map() };
    const missing: string[] = [...keys.orders];
    for (const key of keys.shoppers) {
      const cached = shoppers.get(key);
      if (cached === undefined) missing.push(key);
      else states.shoppers.set(key, decodeShopperState(cached));
    }
    for (const [key, text] of await live.states(missing)) {
      if (keys.orders.has(key)) states.orders.set(key, decodeOrderState(text));
      else states.shoppers.set(key, decodeShopperState(text));
    }
    return states;
  }

  async function store(
    { change, documents: batches, touched }: Delta,
    states: States,
    { shoppers }: Memory,
  ): Promise<boolean> {
    const encoded = new Map<string, string>();
    for (const key of touched.shoppers) {
      const text = encodeShopperState(states.shoppers.get(key)!);
      encoded.set(key, text);
      shoppers.set(key, text);
    }
    for (const key of touched.orders) encoded.set(key, encodeOrderState(states.orders.get(key)!));
    await documents.append(batches);
    if (!(await live.apply({ ...change, states: encoded }))) return false;
    for (const { partition, to } of change.advances) await log.commit(partition, to);
    return true;
  }

  async function step(): Promise<number> {
    memory ??= await recall();
    const current = memory;
    // Until the change is stored, memory is ahead of the stores: whatever happens meanwhile, it is read anew.
    memory = undefined;
    const batches = await readBatches(current);
    const states = await loadStates(batches, current);
    if (batches.length > 0) {
      const delta = reduce(batches, (partition) => current.partitions.get(partition)!, states, currency);
      if (!(await store(delta, states, current))) return step();
    }
    memory = current;
    return batches.reduce((sum, { records }) => sum + records.length, 0);
  }

  async function run(signal: AbortSignal, onBatch: (records: number) => void = () => {}): Promise<void> {
    while (!signal.aborted) {
      const started = Date.now();
      const records = await step();
      onBatch(records);
      // A batch that is not full waits for company: fewer, larger transactions cost less, and nobody notices 100 ms.
      if (records < batchSize / 2) {
        const rest = Math.max(1, flushMs - (Date.now() - started));
        await sleep(rest, undefined, { signal }).catch(() => {});
      } else {
        // The embedded stores never wait, and heartbeats and the wish to stop are to get their turn.
        await setImmediate();
      }
    }
  }
  return { step, run };
}

function decode({ partition, baseOffset, records }: LogBatch): DecodedBatch {
  return {
    partition,
    baseOffset,
    records: records.map(({ value, appendedAt }, i) => {
      return decodeRecord(value, { partition, offset: baseOffset + i, appendedAt });
    }),
    appendedAt: records.map((record) => record.appendedAt),
  };
}
