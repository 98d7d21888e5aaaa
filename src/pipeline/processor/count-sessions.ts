import { TEXT } from '../events/columns.ts';
import { BASE_CELL_MS, cellStart } from '../metrics/cells.ts';
import { COLUMNS, FAMILIES } from '../metrics/column-numbers.ts';
import { durationClass } from '../metrics/durations.ts';
import { MANY_EVENTS, STEP_OF } from '../metrics/funnel.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type EventKeys, NO_KEY } from './event-keys.ts';
import {
  absorb,
  extend,
  isEarlier,
  matchSession,
  type SessionId,
  type SessionMatch,
  step,
} from './sessions.ts';
import { Session, type SessionValue, type ShopperState } from './shopper-state.ts';
import { type Tally } from './tally.ts';

/** Counts the sessions of shoppers. */
export interface SessionCounter {
  /** @param bought whether the event is an order that counts */
  followSession(batch: DecodedBatch, row: number, state: ShopperState, bought: boolean): void;
}

export function createSessionCounter(tally: Tally, keys: EventKeys): SessionCounter {
  const match: SessionMatch = { session: new Session(), created: false, absorbed: undefined };
  const givenId: SessionId = { bytes: new Uint8Array(), start: 0, size: 0 };
  // What the session in hand was counted by before its event.
  const before = { start: 0, end: 0, path: 0, bought: 0 };

  function idOf({ columns }: DecodedBatch, row: number): SessionId | undefined {
    if (!columns.has(row, TEXT.sessionId)) return undefined;
    const place = columns.place(row, TEXT.sessionId);
    givenId.bytes = columns.bytesAt(place);
    givenId.start = columns.offsetOf(place);
    givenId.size = columns.size(row, TEXT.sessionId);
    return givenId;
  }

  /** Whether a value becomes that of a session, which has the one of its earliest event that has one. */
  function isTaken(session: Session, row: number, i: number, time: number): boolean {
    const key = keys.key(row, i);
    if (key === NO_KEY) return false;
    const known = session.valueAt(i);
    // Its text is needed for few.
    return !known.has || (time <= known.time && isEarlier(keys.textOf(i, key), time, known));
  }

  /** Whether the event's values make the session one of other values. */
  function changesValues(session: Session, row: number, time: number): boolean {
    for (let i = 0; i < keys.width; i += 1) {
      if (!isTaken(session, row, i, time)) continue;
      const known = session.valueAt(i);
      if (!known.has || keyOf(known, i) !== keys.key(row, i)) return true;
    }
    return false;
  }

  function takeValues(session: Session, row: number, time: number): void {
    for (let i = 0; i < keys.width; i += 1) {
      if (isTaken(session, row, i, time)) keys.take(row, i, session.valueAt(i), time);
    }
  }

  function keyOf(value: SessionValue, i: number): number {
    if (value.key === NO_KEY) value.key = keys.keyOf(i, value.text);
    return value.key;
  }

  function countSession(
    { start, end, path, bought }: Pick<Session, 'start' | 'end' | 'path' | 'bought'>,
    of: Session,
    amount: number,
  ): void {
    const bucket = tally.bucketAt(end);
    const column = FAMILIES.session.at(path);
    tally.addTotal(bucket, column, amount);
    tally.addTotal(bucket, COLUMNS.sessionMs, amount * (end - start));
    if (bought !== 0) {
      const wait = bought - start;
      tally.addTotal(bucket, FAMILIES.toPurchase.at(durationClass(wait)), amount);
      tally.addTotal(bucket, COLUMNS.toPurchaseMs, amount * wait);
    }
    for (let i = 0; i < of.width; i += 1) {
      const value = of.values[i]!;
      if (value.has) tally.add(bucket, keys.slot(i), keyOf(value, i), column, amount);
    }
  }

  return {
    followSession(batch, row, state, bought) {
      const time = batch.columns.time(row);
      const type = batch.columns.type(row);
      matchSession(state, time, idOf(batch, row), match);
      const { session, created, absorbed } = match;
      before.start = session.start;
      before.end = session.end;
      before.path = session.path;
      before.bought = session.bought;
      let counted = !created;
      if (absorbed !== undefined) {
        countSession(absorbed, absorbed, -1);
        countSession(session, session, -1);
        counted = false;
        absorb(state, session, absorbed);
      }
      // An order that is told again, on another day perhaps, makes no session a buyer's.
      const taken = type === 'purchase' && !bought ? undefined : STEP_OF[type];
      if (taken !== undefined) step(session, taken, time);
      if (!created) session.path |= MANY_EVENTS;
      if (bought && (session.bought === 0 || time < session.bought)) session.bought = time;
      if (counted && changesValues(session, row, time)) {
        countSession(before, session, -1);
        counted = false;
      }
      takeValues(session, row, time);
      extend(state, session, time);
      if (counted) {
        const { start, end, path } = before;
        const sameClass =
          path === session.path &&
          start === session.start &&
          before.bought === session.bought &&
          cellStart(end, BASE_CELL_MS) === cellStart(session.end, BASE_CELL_MS);
        if (sameClass) {
          if (end !== session.end) tally.addTotal(tally.bucketAt(end), COLUMNS.sessionMs, session.end - end);
          return;
        }
        countSession(before, session, -1);
      }
      countSession(session, session, 1);
    },
  };
}
