import { type DocumentBatch } from '../document-store/document-store.ts';
import { partitionFor } from '../event-log/partitioner.ts';
import { timeZone } from '../events/time-zone.ts';
import { type Advance, type LiveChange } from '../live-store/live-store.ts';
import { type DeltaNames } from '../metrics/bucket-deltas.ts';
import { type CellLayout } from '../metrics/cells.ts';
import { createFactCounter } from './count-facts.ts';
import { createItemCounter } from './count-items.ts';
import { createOrderCounter } from './count-orders.ts';
import { createRecommendationCounter } from './count-recommendations.ts';
import { createSessionCounter } from './count-sessions.ts';
import { createShopperCounter } from './count-shoppers.ts';
import { type DecodedBatch, type DecodeSettings } from './decoded-batch.ts';
import { createOrderEmitter } from './emit-orders.ts';
import { EventKeys } from './event-keys.ts';
import { createFirstPass, type Findings, type PartitionMemory } from './first-pass.ts';
import { createShopperFollower } from './follow-shoppers.ts';
import { encodeMessage, type Message } from './messages.ts';
import { type OrderState } from './order-state.ts';
import { createPeople } from './people.ts';
import { DUPLICATE_HORIZON } from './seen-ids.ts';
import { type StateRecords } from './state-records.ts';
import { Counterpart, Tally } from './tally.ts';

/** What is known of those who act. */
export interface States {
  /** All who act have a number and a state in it, if they ever had one. */
  readonly shoppers: StateRecords;
  /** By key; one that is absent is new. */
  readonly orders: Map<string, OrderState>;
}

/** What the shop has settled. */
export interface ReduceSettings extends CellLayout, DecodeSettings {
  /** ISO 4217 code for events that name none. */
  readonly currency: string;
  /** Partitions of the log: those that a message is for go by the shopper's id. */
  readonly partitions?: number | undefined;
}

/** What others had to say to the shoppers of a partition: messages from the `from`-th on, up to the `to`-th. */
export interface Received {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly messages: readonly ReceivedMessage[];
}

export interface ReceivedMessage {
  /** The number of the shopper whom it is for. */
  readonly shopper: number;
  readonly message: Message;
}

/** What a micro-batch means. */
export interface Delta {
  readonly documents: DocumentBatch[];
  readonly change: LiveChange;
}

/**
 * Gives records their meaning: sessions, funnel, revenue, duplicates, late events, rejects. It has no clock and no I/O: the same
 * records after the same states and memory give the same delta. States, memory and names are brought up to date in place, so a
 * caller whose delta was not stored must drop the first two.
 * @param names numbers for the keys of the delta, to which those are added that are new
 */
export type Reduce = (
  batches: readonly DecodedBatch[],
  memory: (partition: number) => PartitionMemory,
  states: States,
  names: DeltaNames,
  received?: readonly Received[],
) => Delta;

/** Its parts are made once, because the engine compiles what they are made of anew for each. */
export function createReduce(settings: ReduceSettings): Reduce {
  const tally = new Tally();
  const keys = new EventKeys(tally, settings);
  const items = createItemCounter(tally, keys);
  const orders = createOrderCounter(tally, keys, items, createOrderEmitter(tally, keys), settings.currency);
  const recommendations = createRecommendationCounter(tally, keys);
  const counters = { tally, keys, items, orders, recommendations };
  const zone = timeZone(settings.timeZone);
  const shoppers = createShopperCounter(tally, zone);
  const sessions = createSessionCounter(tally, keys);
  const taken = new Counterpart(tally);
  const [more, less] = [tally, taken].map((into) => createFactCounter(into, settings, zone));
  const people = createPeople(tally, more!, less!);
  const follower = createShopperFollower({ ...counters, shoppers, sessions, people });
  const firstPass = createFirstPass(counters, follower.later, follower.follow, settings.robots === true);

  return (batches, memory, states, names, received = []) => {
    tally.begin(names);
    items.begin();
    orders.begin(states.orders);
    follower.begin(states.shoppers);
    const advances: Advance[] = [];
    const documents: DocumentBatch[] = [];
    for (const batch of batches) {
      const remembered = memory(batch.partition);
      const from = remembered.position;
      keys.begin(batch);
      follower.goOn(batch);
      const findings = firstPass.count(batch, remembered);
      follower.follow();
      remembered.position = batch.next;
      remembered.watermark = Math.min(remembered.watermark, batch.clock);
      advances.push(advanceOf(batch, from, remembered, findings));
      documents.push(documentsOf(batch, from, findings));
    }
    for (const { partition, from, to, messages } of received) {
      for (const { shopper, message } of messages) follower.take(shopper, message);
      const remembered = memory(partition);
      const known = advances.findIndex((advance) => advance.partition === partition);
      const { position, watermark } = remembered;
      const advance = advances[known] ?? { partition, from: position, to: position, watermark };
      advances[known < 0 ? advances.length : known] = { ...advance, taken: { from, to } };
      remembered.taken = to;
    }
    const changed = follower.states();
    for (const [key, state] of orders.changed()) changed.set(key, state);
    const claims = orders.claims();
    const expects = orders.expects();
    const change = { advances, cells: tally.deltas.copy(), names, claims, expects, states: changed };
    const messages = [...people.messages(), ...orders.messages()].map((message) => {
      const bytes = encodeMessage(message);
      return { partition: partitionFor(shopperId(message.to), settings.partitions ?? 1), bytes };
    });
    return { documents, change: { ...change, messages, products: items.products() } };
  };
}

function advanceOf(
  { partition }: DecodedBatch,
  from: number,
  { position: to, watermark, taken }: PartitionMemory,
  { ids, derived }: Findings,
): Advance {
  const seen = { ids, since: to - DUPLICATE_HORIZON };
  // Whoever takes messages changes states too: where another one has, this is refused.
  const fence = taken === undefined ? undefined : { from: taken, to: taken };
  return { partition, from, to, watermark, seen, taken: fence, ...(derived !== undefined && { derived }) };
}

/** The id in a key that `shopperOf` gives. */
function shopperId(key: string): string {
  return key.slice(2);
}

function documentsOf(batch: DecodedBatch, position: number, findings: Findings): DocumentBatch {
  const { partition, records, clock, lost, earlier, to, next } = batch;
  const { duplicates, deadLetters } = findings;
  const newest = to > batch.from ? records.appendedAt(to - 1) : 0;
  return {
    partition,
    // What the log let go of is not decided anew.
    from: position + lost + earlier,
    to: next,
    time: Math.min(newest, clock),
    records,
    first: batch.from,
    last: to,
    duplicates,
    deadLetters,
  };
}
