import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../../errors.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type ConsumeOptions, type EventLog, type LogBatch, LogRecords } from '../event-log/event-log.ts';
import { LIMITS } from '../events/shop-event.ts';
import { type LiveStore, type SeenStep } from '../live-store/live-store.ts';
import { boundedNames, createNames } from '../metrics/bucket-deltas.ts';
import { COLUMN_NAMES } from '../metrics/column-numbers.ts';
import { mostKeys, SLOTS, slotsOf } from '../metrics/stored-cells.ts';
import { createCommitSize } from './commit-size.ts';
import {
  type BatchDecoder,
  createBatchDecoder,
  type DecodedBatch,
  type Gone,
  isSeenAgain,
  numberShoppers,
  orderIdOf,
} from './decoded-batch.ts';
import { DerivedIds } from './derived-ids.ts';
import { type PartitionMemory } from './first-pass.ts';
import { known } from './known-state.ts';
import { decodeMessage, type Message } from './messages.ts';
import { decodeOrderState, type OrderState, orderKey } from './order-state.ts';
import { mayBeOfRecord } from './record-fault.ts';
import { createReduce, type Delta, type Received, type ReduceSettings } from './reduce.ts';
import { createRefused, firstOffsets, offsetsIn } from './refused.ts';
import { addNoted, createSeenIds, DUPLICATE_HORIZON, type SeenIds } from './seen-ids.ts';
import { StateRecords } from './state-records.ts';

export interface ProcessorOptions {
  readonly log: EventLog;
  readonly documents: Pick<DocumentStore, 'append' | 'appended'>;
  readonly live: LiveStore;
  readonly settings: ReduceSettings;
  /** A name of its own for who counts apart from the shop's processors: it owns all partitions. */
  readonly reader?: string | undefined;
  /** Which of how many processors this is; the only one where absent. */
  readonly member?: ConsumeOptions['member'];
  /** Most records in one micro-batch; by default as many as are done in about a second. */
  readonly batch?: number | undefined;
  /** Shoppers whose state is kept in memory, about. @default 60000 */
  readonly cachedShoppers?: number | undefined;
  /** Longest wait for records before the next look, ms. */
  readonly flushMs?: number | undefined;
  /** This host's clock, ms since the epoch: nothing has arrived later. */
  readonly now?: (() => number) | undefined;
}

/** Counts what is in the log, micro-batch after micro-batch. */
export interface Processor {
  /**
   * Processes one micro-batch, for whose first record it waits up to `waitMs`.
   * @returns the number of records that it counted, 0 at the end of the log
   */
  step(waitMs?: number): Promise<number>;
  /**
   * The same, but the micro-batch may still be on its way to the stores: the next call waits for that, and fails where it has
   * failed. Once it returns 0, all is stored.
   */
  stepAhead(waitMs?: number): Promise<number>;
  /** Goes on until the signal aborts; `onBatch` is told the number of records of every batch. */
  run(signal: AbortSignal, onBatch?: (records: number) => void): Promise<void>;
  /** How many records the next micro-batch takes, at most. */
  room(): number;
  /** Partitions that it works on now. */
  owned(): readonly number[];
  /** Leaves its partitions to others. */
  close(): Promise<void>;
}

/** A micro-batch that is counted in memory. */
interface Work {
  readonly batches: readonly DecodedBatch[];
  readonly delta: Delta;
  readonly records: number;
  /** When its records were there, by `performance.now()`. */
  readonly since: number;
}

/** Messages to shoppers of a partition, from the `from`-th on. */
interface Unread {
  readonly partition: number;
  readonly from: number;
  readonly messages: readonly Message[];
}

const NOTHING_GONE: Gone = { lost: 0, earlier: 0 };
/** As many make a transaction worth its cost. */
const FULL = 5000;
const FLUSH_MS = 50;
/** How long nothing may come before the positions are looked at, ms. */
const VERIFY_MS = 2000;
const CACHED_SHOPPERS = 60_000;
/** Of one who is new. */
const NO_STATE = new Uint8Array();
/** Of a dimension's keys, so many times as many as are counted one by one have a number in memory. */
const NUMBERED_KEYS = 1.2;

/**
 * The loop around `reduce`. The position stored beside the counters is the only truth about progress: a crash between any
 * two steps repeats the batch, whose documents are then found and whose change is applied once, or refused.
 */
export function createProcessor(options: ProcessorOptions): Processor {
  const {
    log,
    documents,
    live,
    settings,
    member,
    reader,
    batch,
    cachedShoppers = CACHED_SHOPPERS,
    flushMs = FLUSH_MS,
    now = Date.now,
  } = options;
  const consumer = log.consume({ member, reader, start: recall });
  // All that is held in memory: it may be lost at any time, and is read again from the stores.
  const memory = new Map<number, PartitionMemory>();
  let shoppers = new StateRecords(cachedShoppers / 2);
  const decoders = new Map<number, BatchDecoder>();
  const reduce = createReduce({ ...settings, partitions: log.partitions });
  /** Of the live store, when memory was read from it. */
  let generation = '';
  const slots = slotsOf(settings);
  let names = createNames(COLUMN_NAMES, SLOTS);
  /** Whether memory may be ahead of the stores by more than what is being stored. */
  let unsure = false;
  /** The micro-batch that is on its way to the stores: one at a time, while the next is computed. */
  let storing: (Work & { readonly done: Promise<boolean> }) | undefined;
  let polledAt = 0;
  const refused = createRefused();
  const size = createCommitSize(batch);
  /** Most offsets in a micro-batch: fewer while the record is sought that made one fail. */
  let most = Number.POSITIVE_INFINITY;

  /**
   * Reads from the stores what has to be known of partitions.
   * @returns the offsets to read from: early enough to see again the ids that a duplicate may repeat, unless the store knows them
   */
  async function recall(partitions: readonly number[]): Promise<Map<number, number>> {
    // Positions that are about to change tell nothing.
    await storing?.done.catch(() => {});
    // First: whatever is read after it is of this generation or a later one, and then the change is refused.
    const current = await live.generation();
    const [positions, bounds] = [await live.positions(), await log.bounds()];
    const inboxes = await live.inboxes(partitions);
    const stored = new Map(positions.map((position) => [position.partition, position]));
    const starts = new Map<number, number>();
    // Whoever owned the partitions meanwhile has changed their shoppers.
    shoppers = new StateRecords(cachedShoppers / 2);
    // What stays in memory is of the generation before, and has to be read anew as well.
    if ([...memory.keys()].every((partition) => partitions.includes(partition))) generation = current;
    for (const partition of partitions) {
      const { position = 0, watermark = 0 } = stored.get(partition) ?? {};
      const { begin, end } = bounds[partition]!;
      if (position > end) throw logTooShort(partition, position, end);
      const seen = createSeenIds();
      const derived = new DerivedIds();
      const { taken } = inboxes.get(partition)!;
      memory.set(partition, { position, begin, watermark, seen, derived, taken });
      refused.forget(partition, position);
      const back = Math.max(0, position - DUPLICATE_HORIZON);
      for (const { from, to, ids } of await live.derived(partition)) {
        if (to <= position) known(`derived:${partition}`, (bytes) => derived.recall(from, to, bytes), ids);
      }
      const reached = await recallIds(partition, position, Math.max(back, begin), seen);
      starts.set(partition, reached ? position : back);
    }
    return starts;
  }

  /** Notes the ids that the store keeps. @returns false, having noted none, where it does not reach as far back as the log */
  async function recallIds(
    partition: number,
    position: number,
    since: number,
    seen: SeenIds,
  ): Promise<boolean> {
    const steps = stepsUpTo(position, await live.seen(partition));
    if ((steps[0]?.from ?? position) > since) return false;
    for (const { ids } of steps) known(`seen:${partition}`, (bytes) => addNoted(seen, bytes), ids);
    return true;
  }

  /** The next records that are not counted yet. Those that are come first after a recall: of them only the ids are noted. */
  async function readBatches(waitMs: number): Promise<DecodedBatch[]> {
    for (;;) {
      // While a record is sought, more than a little of what lies behind it would be read in vain.
      const limit = Math.min(size.records(), Math.max(most, FULL));
      const polled = await consumer.poll(limit, waitMs);
      polledAt = performance.now();
      const owned = new Set(consumer.owned());
      for (const partition of memory.keys()) if (!owned.has(partition)) memory.delete(partition);
      const batches: DecodedBatch[] = [];
      for (const batch of polled) {
        // Whoever owns it now, even this one again, asks where to begin.
        if (!memory.has(batch.partition)) continue;
        const found = await uncounted(batch);
        if (found !== undefined) batches.push(found);
      }
      if (batches.length > 0) return firstOffsets(batches, most, consumer.seek);
      if (polled.length === 0) return emptied();
      await setImmediate();
    }
  }

  /** What the log let go of before it was counted, where nothing has come after it. */
  async function emptied(): Promise<DecodedBatch[]> {
    const batches: DecodedBatch[] = [];
    for (const [partition, { begin: next, position }] of memory) {
      if (next > position)
        batches.push(
          decode({ partition, records: new LogRecords(), next }, await goneBefore(partition, next)),
        );
    }
    return batches;
  }

  /** What the log let go of before an offset and that is not counted; other gaps, as of transactions, hold no record. */
  async function goneBefore(partition: number, offset: number): Promise<Gone> {
    const remembered = memory.get(partition)!;
    const { position } = remembered;
    if (offset <= position) return NOTHING_GONE;
    if (remembered.begin < offset) remembered.begin = (await log.bounds())[partition]!.begin;
    const gone = Math.min(offset, remembered.begin);
    if (gone <= position) return NOTHING_GONE;
    // What has documents was counted before the live store lost it, or apart from this one.
    const known = Math.min(gone, Math.max(position, await documents.appended(partition)));
    return { lost: gone - known, earlier: known - position };
  }

  async function uncounted(batch: LogBatch): Promise<DecodedBatch | undefined> {
    const { position, seen } = memory.get(batch.partition)!;
    const { records, next } = batch;
    const gone = await goneBefore(batch.partition, records.length === 0 ? next : records.offset(0));
    const decoded = refused.takeOut(decode(batch, gone));
    const known = records.firstFrom(position);
    for (let i = 0; i < known; i += 1) isSeenAgain(decoded, i, { seen });
    return next <= position ? undefined : decoded.part(known, decoded.to, next);
  }

  function decode(batch: LogBatch, gone: Gone): DecodedBatch {
    let decoder = decoders.get(batch.partition);
    if (decoder === undefined) {
      decoder = createBatchDecoder(settings);
      decoders.set(batch.partition, decoder);
    }
    return decoder.decode(batch, now(), gone);
  }

  /** What others had to say to shoppers of the partitions, and was not taken yet. */
  async function readInboxes(): Promise<Unread[]> {
    const inboxes = await live.inboxes([...memory.keys()]);
    return [...inboxes].flatMap(([partition, { taken, messages }]) => {
      const from = memory.get(partition)!.taken!;
      const unread = messages.slice(Math.max(0, from - taken));
      // Those that are being stored are still there.
      if (unread.length === 0) return [];
      return [{ partition, from, messages: unread.map((bytes) => known('inbox', decodeMessage, bytes)) }];
    });
  }

  /** Finds what is known of all who act in batches. @returns the orders among them, by key */
  async function loadStates(
    batches: readonly DecodedBatch[],
    unread: readonly Unread[],
  ): Promise<{ orders: Map<string, OrderState>; received: Received[] }> {
    shoppers.turn();
    const missing = new Map<string, number>();
    for (const batch of batches) numberShoppers(batch, shoppers);
    const received = unread.map(({ partition, from, messages }): Received => {
      const numbered = messages.map((message) => ({ shopper: numberOf(message.to), message }));
      return { partition, from, to: from + messages.length, messages: numbered };
    });
    for (const number of shoppers.unknown()) missing.set(shoppers.keyOf(number), number);
    const orders = new Map<string, OrderState>();
    const orderKeys: string[] = [];
    orderKeysOf(batches).forEach((key) => {
      // The store does not have yet what is being stored.
      const written = storing?.delta.change.states.get(key);
      if (written === undefined) orderKeys.push(key);
      else orders.set(key, decodeOrderState(written));
    });
    const stored = await live.states([...orderKeys, ...missing.keys()]);
    for (const key of orderKeys) {
      const bytes = stored.get(key);
      if (bytes !== undefined) orders.set(key, known(key, decodeOrderState, bytes));
    }
    for (const [key, number] of missing) {
      const bytes = stored.get(key) ?? NO_STATE;
      shoppers.put(number, bytes, 0, bytes.length);
    }
    shoppers.settle();
    return { orders, received };
  }

  function numberOf(key: string): number {
    const bytes = Buffer.from(key);
    return shoppers.numberOf(bytes, 0, bytes.length);
  }

  /** Reads and counts one micro-batch in memory. @returns undefined at the end of the log */
  async function compute(waitMs: number): Promise<Work | undefined> {
    if (unsure) {
      const starts = await recall(consumer.owned());
      for (const [partition, offset] of starts) consumer.seek(partition, offset);
      unsure = false;
    }
    const batches = await readBatches(waitMs);
    const unread = await readInboxes();
    if (batches.length === 0 && unread.length === 0) return undefined;
    const { orders, received } = await loadStates(batches, unread);
    const sought = refused.toSearch(batches);
    if (sought !== undefined) {
      search(sought, orders);
      unsure = true;
      return compute(waitMs);
    }
    try {
      return count(batches, orders, received);
    } catch (error) {
      if (!narrow(error, batches)) throw error;
      return compute(waitMs);
    }
  }

  /** Counts the events of one record one by one, up to the one that fails. What is in memory is wrong then. */
  function search(batch: DecodedBatch, orders: Map<string, OrderState>): void {
    for (let i = batch.from; i < batch.to; i += 1) {
      try {
        count([batch.part(i, i + 1, batch.next)], orders);
      } catch (error) {
        if (!mayBeOfRecord(error)) throw error;
        refused.found(batch, i, error);
        return;
      }
    }
    refused.found(batch);
  }

  function count(
    batches: readonly DecodedBatch[],
    orders: Map<string, OrderState>,
    received: readonly Received[] = [],
  ): Work {
    for (const { partition, clock } of batches) bringBack(memory.get(partition)!, clock);
    names = boundedNames(names, (slot) => NUMBERED_KEYS * mostKeys(slots, slot));
    const remembered = (partition: number): PartitionMemory => memory.get(partition)!;
    const delta = reduce(batches, remembered, { shoppers, orders }, names, received);
    const taken = received.reduce((sum, { messages }) => sum + messages.length, 0);
    const records = batches.reduce((sum, { from, to }) => sum + to - from, taken);
    return { batches, delta, records, since: polledAt };
  }

  /**
   * Sees to it that a micro-batch that failed is tried again in halves, until the one record is found whose fault it is, and of
   * its events the one: that becomes a dead letter, and what comes before and after it counts.
   * @returns false where it is no record's fault
   */
  function narrow(error: unknown, batches: readonly DecodedBatch[]): boolean {
    if (!mayBeOfRecord(error)) return false;
    const offsets = offsetsIn(batches);
    if (offsets > 1) most = Math.ceil(offsets / 2);
    else if (!refused.add(batches, error)) return false;
    unsure = true;
    return true;
  }

  /** @returns false where somebody else has counted these records, or some of them */
  async function store(work: Work): Promise<boolean> {
    const { delta, records, since } = work;
    const { change, documents: batches } = delta;
    const { advances, cells, names: of, claims, expects, states, products, messages } = change;
    await documents.append(batches);
    const counted = { advances, generation, cells, names: of, claims, expects, states, products, messages };
    if (!(await live.apply(counted))) return false;
    size.took(records, performance.now() - since);
    await consumer.commit(new Map(change.advances.map(({ partition, to }) => [partition, to])));
    return true;
  }

  /** Waits until what is being stored is stored. @returns false where it was refused: memory is wrong then */
  async function settled(): Promise<boolean> {
    if (storing === undefined) return true;
    const { batches, done } = storing;
    try {
      const applied = await done;
      // What was sought may be found by now, or lie further on.
      most *= 2;
      return applied;
    } catch (error) {
      if (!narrow(error, batches)) throw error;
      return false;
    } finally {
      storing = undefined;
    }
  }

  /** Whatever goes wrong, memory may be ahead of the stores, and is read anew. */
  async function careful<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      unsure = true;
      throw error;
    }
  }

  /**
   * Computes a micro-batch while the one before is being stored, and begins to store it.
   * @returns the number of its records
   */
  async function advance(waitMs: number): Promise<number> {
    const work = await compute(waitMs);
    const stored = storing !== undefined;
    if (!(await settled())) {
      // What was computed meanwhile rests on what was refused.
      unsure = true;
      return advance(waitMs);
    }
    // What was stored meanwhile may have left messages.
    if (work === undefined) return stored ? advance(0) : 0;
    const done = store(work);
    // Who awaits it later learns of a failure.
    done.catch(() => {});
    storing = { ...work, done };
    return work.records;
  }

  function step(waitMs = 0): Promise<number> {
    return careful(async () => {
      const records = await advance(waitMs);
      if (await settled()) return records;
      unsure = true;
      return step(waitMs);
    });
  }

  function stepAhead(waitMs = 0): Promise<number> {
    // What is being stored is more to wait for than what may come.
    return careful(() => advance(storing === undefined ? waitMs : 0));
  }

  /** Notices that the live store has lost its data, or got back what it was, while there is nothing to apply. */
  async function verify(): Promise<void> {
    const stored = new Map((await live.positions()).map(({ partition, position }) => [partition, position]));
    for (const [partition, { position }] of memory) {
      if ((stored.get(partition) ?? 0) !== position) unsure = true;
    }
  }

  async function run(signal: AbortSignal, onBatch: (records: number) => void = () => {}): Promise<void> {
    let verifiedAt = Date.now();
    while (!signal.aborted) {
      const started = Date.now();
      const records = await careful(() => advance(flushMs));
      onBatch(records);
      if (records > 0) verifiedAt = started;
      else if (started - verifiedAt > VERIFY_MS) {
        await verify();
        verifiedAt = started;
      }
      // A batch that is not full waits for company: fewer, larger transactions cost less, and nobody notices 50 ms.
      if (records < Math.min(FULL, size.records() / 2)) {
        const rest = Math.max(1, flushMs - (Date.now() - started));
        await sleep(rest, undefined, { signal }).catch(() => {});
      } else {
        // The embedded stores never wait, and heartbeats and the wish to stop are to get their turn.
        await setImmediate();
      }
    }
    await careful(settled);
  }
  async function close(): Promise<void> {
    await storing?.done.catch(() => {});
    await consumer.close();
  }
  return { step, stepAhead, run, room: size.records, owned: () => consumer.owned(), close };
}

function orderKeysOf(batches: readonly DecodedBatch[]): Set<string> {
  const keys = new Set<string>();
  for (const batch of batches) {
    for (let i = batch.from; i < batch.to; i += 1) {
      const orderId = orderIdOf(batch, i);
      if (orderId !== undefined) keys.add(orderKey(orderId));
    }
  }
  return keys;
}

/** The steps that led to a position without a gap: others are of another time. */
function stepsUpTo(position: number, steps: readonly SeenStep[]): readonly SeenStep[] {
  const before = steps.filter(({ to }) => to <= position);
  let first = before.length;
  for (let end = position; before[first - 1]?.to === end; first -= 1) end = before[first - 1]!.from;
  return before.slice(first);
}

/** @throws EcomError `STORAGE` where a stored state is none */
function logTooShort(partition: number, position: number, end: number): EcomError {
  return new EcomError(
    'STORAGE',
    `partition ${partition} of the log ends at ${end}, but ${position} of it are counted: it is not the log that the numbers were made from`,
    {
      hint: 'bring back the log, or start with an empty live store and document store: other URLs, or another data folder',
    },
  );
}

/** What is the newest event by a clock that was ahead is not known: it shows again with the next one. */
function bringBack(remembered: PartitionMemory, clock: number): void {
  if (remembered.watermark > clock + LIMITS.clockMs) remembered.watermark = 0;
}
