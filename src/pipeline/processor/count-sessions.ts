import { TEXT } from '../events/columns.ts';
import { BASE_CELL_MS, cellStart } from '../live-store/cells.ts';
import { COLUMNS, FAMILIES } from './column-numbers.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { durationClass } from './durations.ts';
import { type EventKeys, NO_KEY } from './event-keys.ts';
import { MANY_EVENTS, STEP_OF } from './funnel.ts';
import { absorb, extend, isEarlier, matchSession, step } from './sessions.ts';
import { type Session, type ShopperState } from './shopper-state.ts';
import { type Tally } from './tally.ts';

/** Counts the sessions of shoppers. */
export interface SessionCounter {
  /** @param bought whether the event is an order that counts */
  followSession(batch: DecodedBatch, row: number, state: ShopperState, bought: boolean): void;
}

export function createSessionCounter(tally: Tally, keys: EventKeys): SessionCounter {
  /** A session has the values of its earliest event that has one. Where that changes, the list is another one. */
  function takeValues(session: Session, row: number, time: number): void {
    for (let i = 0; i < keys.width; i += 1) {
      const key = keys.key(row, i);
      if (key === NO_KEY) continue;
      const known = session.values[i];
      if (known !== undefined && time > known[1]) continue;
      const value = keys.textOf(i, key);
      if (known !== undefined && !isEarlier(value, time, known)) continue;
      const changed = known === undefined || known[0] !== value;
      if (changed) session.values = [...session.values];
      session.values[i] = [value, time];
    }
  }

  function countSession(
    { start, end, path, bought, values: of }: Pick<Session, 'start' | 'end' | 'path' | 'bought' | 'values'>,
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
    for (let i = 0; i < of.length; i += 1) {
      const value = of[i];
      if (value === undefined) continue;
      const slot = keys.slot(i);
      tally.add(bucket, slot, tally.keyOf(slot, value[0]), column, amount);
    }
  }

  return {
    followSession({ columns }, row, state, bought) {
      const time = columns.time(row);
      const type = columns.type(row);
      const { session, created, absorbed } = matchSession(state, time, columns.text(row, TEXT.sessionId));
      const { start, end, path, bought: boughtAt, values: known } = session;
      if (absorbed !== undefined) {
        countSession(absorbed, -1);
        if (!created) countSession(session, -1);
        absorb(state, session, absorbed);
      }
      // An order that is told again, on another day perhaps, makes no session a buyer's.
      const taken = type === 'purchase' && !bought ? undefined : STEP_OF[type];
      if (taken !== undefined) step(session, taken, time);
      if (!created) session.path |= MANY_EVENTS;
      if (bought && (session.bought === 0 || time < session.bought)) session.bought = time;
      takeValues(session, row, time);
      extend(state, session, time);
      if (created || absorbed !== undefined) {
        countSession(session, 1);
        return;
      }
      const sameClass =
        path === session.path &&
        start === session.start &&
        boughtAt === session.bought &&
        known === session.values &&
        cellStart(end, BASE_CELL_MS) === cellStart(session.end, BASE_CELL_MS);
      if (sameClass) {
        if (end !== session.end) tally.addTotal(tally.bucketAt(end), COLUMNS.sessionMs, session.end - end);
        return;
      }
      countSession({ start, end, path, bought: boughtAt, values: known }, -1);
      countSession(session, 1);
    },
  };
}
