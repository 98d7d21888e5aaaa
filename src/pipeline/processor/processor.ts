import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../../errors.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type ConsumeOptions, type EventLog, type LogBatch } from '../event-log/event-log.ts';
import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { decodeRecord, isRejected, rejectAhead } from '../events/decode.ts';
import { LIMITS, shopperOf } from '../events/shop-event.ts';
import { type LiveStore, type SeenStep } from '../live-store/live-store.ts';
import { mostKeys, SLOTS, slotsOf } from '../live-store/stored-cells.ts';
import { boundedNames, createNames } from '../metrics/bucket-deltas.ts';
import { COLUMN_NAMES } from './column-numbers.ts';
import { createCommitSize } from './commit-size.ts';
import { decodeOrderState, encodeOrderState } from './order-state.ts';
import {
  type DecodedBatch,
  type Delta,
  type PartitionMemory,
  type ReduceSettings,
  reduce,
  type States,
  stateKeys,
} from './reduce.ts';
import { createRefused, firstOffsets, mayBeOfRecord, offsetsIn, sliceOf } from './refused.ts';
import { addNoted, createSeenIds, DUPLICATE_HORIZON, idBytes, type SeenIds } from './seen-ids.ts';
import { decodeShopperState, readShopperState, writeShopperState } from './shopper-record.ts';
import { type ShopperState } from './shopper-state.ts';
import { createStateRecords } from './state-records.ts';

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
  /** Encoded. */
  readonly states: ReadonlyMap<string, Uint8Array>;
  readonly records: number;
  /** When its records were there, by `performance.now()`. */
  readonly since: number;
}

/** How many offsets the log let go of: of those that were never counted, and of those that were once. */
type Gone = Pick<DecodedBatch, 'lost' | 'earlier'>;

const NOTHING_GONE: Gone = { lost: 0, earlier: 0 };
/** As many make a transaction worth its cost. */
const FULL = 5000;
const FLUSH_MS = 100;
/** How long nothing may come before the positions are looked at, ms. */
const VERIFY_MS = 2000;
const CACHED_SHOPPERS = 60_000;
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
  let shoppers = createStateRecords(cachedShoppers / 2);
  const stateReader = new ByteReader();
  /** Of the live store, when memory was read from it. */
  let generation = '';
  const slots = slotsOf(settings);
  let names = createNames(COLUMN_NAMES, SLOTS);
  /** Whether memory may be ahead of the stores by more than what is being stored. */
  let unsure = false;
  /** The micro-batch that is on its way to the stores: one at a time, while the next is computed. */
  let storing: (Pick<Work, 'batches' | 'states'> & { readonly done: Promise<boolean> }) | undefined;
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
    const stored = new Map(positions.map((position) => [position.partition, position]));
    const starts = new Map<number, number>();
    // Whoever owned the partitions meanwhile has changed their shoppers.
    shoppers = createStateRecords(cachedShoppers / 2);
    // What stays in memory is of the generation before, and has to be read anew as well.
    if ([...memory.keys()].every((partition) => partitions.includes(partition))) generation = current;
    for (const partition of partitions) {
      const { position = 0, watermark = 0 } = stored.get(partition) ?? {};
      const { begin, end } = bounds[partition]!;
      if (position > end) throw logTooShort(partition, position, end);
      const seen = createSeenIds();
      memory.set(partition, { position, begin, watermark, seen });
      refused.forget(partition, position);
      const back = Math.max(0, position - DUPLICATE_HORIZON);
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
        batches.push(decode({ partition, records: [], next }, now(), await goneBefore(partition, next)));
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
    const gone = await goneBefore(batch.partition, batch.records[0]?.offset ?? batch.next);
    const decoded = refused.takeOut(decode(batch, now(), gone));
    const first = batch.records.findIndex(({ offset }) => offset >= position);
    const known = first < 0 ? batch.records.length : first;
    for (let i = 0; i < known; i += 1) {
      const { id } = decoded.records[i]!;
      if (id === undefined) continue;
      const { bytes, length } = idBytes(id);
      seen.add(bytes, 0, length, batch.records[i]!.offset);
    }
    if (batch.next <= position) return undefined;
    return known === 0 ? decoded : sliceOf(decoded, known, decoded.records.length, decoded.next);
  }

  async function loadStates(batches: readonly DecodedBatch[]): Promise<States> {
    const keys = stateKeys(batches);
    const states: States = { shoppers: new Map(), orders: new Map() };
    const missing: string[] = [];
    for (const key of keys.orders) {
      const written = storing?.states.get(key);
      if (written === undefined) missing.push(key);
      else states.orders.set(key, decodeOrderState(written));
    }
    for (const key of keys.shoppers) {
      if (shoppers.open(key, stateReader)) states.shoppers.set(key, readShopperState(stateReader));
      else {
        // What is being stored may be more than memory keeps, and the store does not have it yet.
        const written = storing?.states.get(key);
        if (written === undefined) missing.push(key);
        else states.shoppers.set(key, decodeShopperState(written));
      }
    }
    for (const [key, stored] of await live.states(missing)) {
      if (keys.orders.has(key)) states.orders.set(key, known(key, decodeOrderState, stored));
      else states.shoppers.set(key, known(key, decodeShopperState, stored));
    }
    return states;
  }

  /** Reads and counts one micro-batch in memory. @returns undefined at the end of the log */
  async function compute(waitMs: number): Promise<Work | undefined> {
    if (unsure) {
      const starts = await recall(consumer.owned());
      for (const [partition, offset] of starts) consumer.seek(partition, offset);
      unsure = false;
    }
    const batches = await readBatches(waitMs);
    if (batches.length === 0) return undefined;
    const states = await loadStates(batches);
    try {
      return count(batches, states);
    } catch (error) {
      if (!narrow(error, batches)) throw error;
      return compute(waitMs);
    }
  }

  function count(batches: readonly DecodedBatch[], states: States): Work {
    for (const { partition, clock } of batches) bringBack(memory.get(partition)!, clock);
    names = boundedNames(names, (slot) => NUMBERED_KEYS * mostKeys(slots, slot));
    const delta = reduce(batches, (partition) => memory.get(partition)!, states, settings, names);
    const encoded = encodeShoppers(delta.touched.shoppers, states.shoppers);
    for (const [key, bytes] of encoded) shoppers.put(key, bytes);
    for (const key of delta.touched.orders) encoded.set(key, encodeOrderState(states.orders.get(key)!));
    const records = batches.reduce((sum, batch) => sum + batch.records.length, 0);
    return { batches, delta, states: encoded, records, since: polledAt };
  }

  /**
   * Sees to it that a micro-batch that failed is tried again in halves, until the one record is found whose fault it is: that
   * becomes a dead letter, and what comes before and after it counts.
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
    const { delta, states, records, since } = work;
    const { change, documents: batches } = delta;
    await documents.append(batches);
    if (!(await live.apply({ ...change, generation, states }))) return false;
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
    if (!(await settled())) {
      // What was computed meanwhile rests on what was refused.
      unsure = true;
      return advance(waitMs);
    }
    if (work === undefined) return 0;
    const done = store(work);
    // Who awaits it later learns of a failure.
    done.catch(() => {});
    storing = { batches: work.batches, states: work.states, done };
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
      // A batch that is not full waits for company: fewer, larger transactions cost less, and nobody notices 100 ms.
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
  return { step, run, room: size.records, owned: () => consumer.owned(), close };
}

/** The states of some shoppers as bytes, one after the other in one piece of memory. */
function encodeShoppers(
  keys: ReadonlySet<string>,
  shoppers: ReadonlyMap<string, ShopperState>,
): Map<string, Uint8Array> {
  const writer = new ByteWriter(128 * keys.size);
  const ends: number[] = [];
  for (const key of keys) {
    writeShopperState(writer, shoppers.get(key)!);
    ends.push(writer.length);
  }
  const encoded = new Map<string, Uint8Array>();
  let start = 0;
  for (const key of keys) {
    const end = ends[encoded.size]!;
    encoded.set(key, writer.bytes.subarray(start, end));
    start = end;
  }
  return encoded;
}

/** The steps that led to a position without a gap: others are of another time. */
function stepsUpTo(position: number, steps: readonly SeenStep[]): readonly SeenStep[] {
  const before = steps.filter(({ to }) => to <= position);
  let first = before.length;
  for (let end = position; before[first - 1]?.to === end; first -= 1) end = before[first - 1]!.from;
  return before.slice(first);
}

/** @throws EcomError `STORAGE` where a stored state is none */
function known<S, T>(key: string, decode: (stored: S) => T, stored: S): T {
  try {
    return decode(stored);
  } catch (cause) {
    throw new EcomError('STORAGE', `what the live store knows of '${key}' is damaged`, {
      hint: 'count everything again from the log: ecom down, then ecom rebuild; ecom doctor says more',
      cause,
    });
  }
}

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

/** @param clock ms since the epoch: what the log took later than that, and a little, has no time that could be believed */
function decode({ partition, records: origins, next }: LogBatch, clock: number, gone: Gone): DecodedBatch {
  const latest = clock + LIMITS.clockMs;
  const records = origins.map(({ offset, index, value, appendedAt }) => {
    const record = decodeRecord(value, { partition, offset, index, appendedAt });
    return appendedAt <= latest || isRejected(record) ? record : rejectAhead(record, value!, appendedAt);
  });
  const shoppers = records.map((record) => (isRejected(record) ? undefined : shopperOf(record)));
  return { partition, records, origins, shoppers, next, clock, ...gone };
}
