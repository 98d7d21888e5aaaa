import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { FLAG, LINK } from '../events/columns.ts';
import { type Spent } from './count-orders.ts';
import { type SessionCounter } from './count-sessions.ts';
import { type ShopperCounter } from './count-shoppers.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type Counters, type FollowLater } from './first-pass.ts';
import { damagedState } from './known-state.ts';
import { type Message } from './messages.ts';
import { isTooLong, type People } from './people.ts';
import { readShopperState, writeShopperState } from './shopper-record.ts';
import { ShopperState } from './shopper-state.ts';
import { type StateRecords } from './state-records.ts';

/** Ends a list of rows. */
const END = -1;

/**
 * Goes shopper by shopper over the events of a batch, each one's in the order of the log, for all that depends on what is
 * remembered of a shopper. Which shopper comes first does not matter: counters are sums.
 */
export interface ShopperFollower {
  /** Begins with a micro-batch. @param states of all who act, brought up to date */
  begin(states: StateRecords): void;
  /** Goes on with the events of a batch of it. */
  goOn(batch: DecodedBatch): void;
  /** Takes an event of a shopper, to be followed later. */
  readonly later: FollowLater;
  /** Takes a message to the shopper with a number. */
  take(shopper: number, message: Message): void;
  /** Follows all that it was given. */
  follow(): void;
  /** Encoded states of all who acted, by key. */
  states(): Map<string, Uint8Array>;
}

export function createShopperFollower(
  counters: Pick<Counters, 'tally' | 'recommendations'> & {
    readonly shoppers: ShopperCounter;
    readonly sessions: SessionCounter;
    readonly people: People;
  },
): ShopperFollower {
  const { tally, recommendations, shoppers, sessions, people } = counters;
  const reader = new ByteReader();
  const state = new ShopperState();
  const writer = new ByteWriter(1024);
  // Lists of rows by number of a shopper, and of a row the next one.
  let first = new Int32Array(64);
  let last = new Int32Array(64);
  let next = new Int32Array(64);
  const acting: number[] = [];
  const spentOf = new Map<number, Spent>();
  const changed = new Set<number>();
  let records: StateRecords;
  let batch: DecodedBatch;

  function followEvent(row: number): void {
    const { columns } = batch;
    if (columns.hasBothIds(row)) {
      people.noteLink(state, columns, row);
      // Nothing else of it counts.
      if (columns.typeNumber(row) === LINK || columns.is(row, FLAG.outside)) return;
    }
    const spent = spentOf.get(row);
    const time = columns.time(row);
    const bucket = tally.bucketAt(time);
    const bought = spent !== undefined && spent.corrects !== true;
    if (bought && state.exposure !== undefined)
      recommendations.credit(batch, row, bucket, state.exposure, spent);
    if (columns.isAnonymous(row)) noteFact(row, spent);
    if (state.device === undefined) {
      shoppers.appear(state, time);
      if (spent !== undefined) shoppers.buy(state, time, spent);
      sessions.followSession(batch, row, state, bought);
    }
    shoppers.noteProducts(state, batch, row, bought);
    recommendations.countReaction(batch, row, bucket, state);
  }
  /** What is done on a device is a user's, today or once it is linked to one. */
  function noteFact(row: number, spent: Spent | undefined): void {
    const { trail, device, firstSeen } = state;
    // One whose beginning is not known cannot be taken back.
    if (trail.count === 0 && device === undefined && firstSeen !== 0) return;
    trail.note(batch.columns, row, spent);
    if (device === undefined && isTooLong(state)) trail.clear();
  }
  function followAll(shopper: number): void {
    readState(shopper);
    people.before(state);
    for (let row = first[shopper]!; row !== END; row = next[row]!) followEvent(row);
    people.after(state);
    if (state.joined !== undefined) people.tellDevices(state, records.keyOf(shopper));
    if (state.device !== undefined) people.handOver(state, records.keyOf(shopper));
  }
  /** Whatever fails here is the store's: what was computed reads. */
  function readState(shopper: number): void {
    if (!records.open(shopper, reader)) {
      state.reset();
      return;
    }
    try {
      readShopperState(reader, state);
    } catch (cause) {
      throw damagedState(records.keyOf(shopper), cause);
    }
  }
  function writeState(shopper: number): void {
    writer.clear();
    writeShopperState(writer, state);
    records.put(shopper, writer.bytes, 0, writer.length);
    changed.add(shopper);
  }
  return {
    begin(states) {
      people.begin();
      records = states;
      if (records.count > first.length) {
        first = new Int32Array(2 * records.count);
        last = new Int32Array(2 * records.count);
      }
      // One that failed half-way may have left something.
      first.fill(END);
      acting.length = 0;
      spentOf.clear();
      changed.clear();
    },
    goOn(of) {
      batch = of;
      if (of.to > next.length) next = new Int32Array(of.to);
    },
    later(row, spent) {
      const shopper = batch.shoppers[row]!;
      if (first[shopper] === END) {
        first[shopper] = row;
        acting.push(shopper);
      } else next[last[shopper]!] = row;
      last[shopper] = row;
      next[row] = END;
      if (spent !== undefined) spentOf.set(row, spent);
    },
    take(shopper, message) {
      readState(shopper);
      people.take(state, message);
      writeState(shopper);
    },
    follow() {
      for (const shopper of acting) {
        followAll(shopper);
        first[shopper] = END;
        writeState(shopper);
      }
      acting.length = 0;
      spentOf.clear();
    },
    states: () => records.copiesOf(changed),
  };
}
