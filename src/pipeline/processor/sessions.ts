import { joinPaths, MANY_EVENTS, noteStep, pathOf, trimRuns } from '../metrics/funnel.ts';
import { type Session, type SessionValue, type ShopperState } from './shopper-state.ts';

/** A gap longer than this between two events of a shopper ends a session, ms. */
export const SESSION_GAP_MS = 30 * 60_000;

/** The source's id of an event's session: `size` bytes from `start` on. */
export interface SessionId {
  bytes: Uint8Array;
  start: number;
  size: number;
}

/** What happened to the sessions of a shopper because of one event. */
export interface SessionMatch {
  /** The session that the event belongs to; its `end` and `path` are still those before the event. */
  session: Session;
  created: boolean;
  /** A session that this event has joined to `session`: it is counted no more. */
  absorbed: Session | undefined;
}

/**
 * Finds or opens the session of an event: the source's id wins where it gives one; else the session whose events are not
 * over 30 minutes away, and two such sessions become one.
 * @param match is told what happened
 */
export function matchSession(
  state: ShopperState,
  time: number,
  id: SessionId | undefined,
  match: SessionMatch,
): void {
  const { sessions } = state;
  match.created = false;
  match.absorbed = undefined;
  const last = sessions[sessions.length - 1];
  if (last !== undefined && time >= last.start) {
    if (id === undefined ? time <= last.end + SESSION_GAP_MS : hasId(last, id)) {
      match.session = last;
      return;
    }
  }
  if (id !== undefined) findById(state, time, id, match);
  else findByTime(state, time, match);
}

function findById(state: ShopperState, time: number, id: SessionId, match: SessionMatch): void {
  for (const session of state.sessions) {
    if (!hasId(session, id)) continue;
    match.session = session;
    return;
  }
  match.created = true;
  match.session = open(state, time);
  match.session.hasId = true;
  match.session.id.set(id.bytes, id.start, id.size);
}

function hasId(session: Session, { bytes, start, size }: SessionId): boolean {
  return session.hasId && session.id.equals(bytes, start, size);
}

function findByTime(state: ShopperState, time: number, match: SessionMatch): void {
  let first: Session | undefined;
  for (const session of state.sessions) {
    if (time < session.start - SESSION_GAP_MS || time > session.end + SESSION_GAP_MS) continue;
    if (first === undefined) first = session;
    else {
      if (!first.hasId && !session.hasId) match.absorbed = session;
      break;
    }
  }
  match.created = first === undefined;
  match.session = first ?? open(state, time);
}

function open(state: ShopperState, time: number): Session {
  const session = state.addSession();
  session.start = session.end = time;
  const { sessions } = state;
  for (let i = sessions.length - 1; i > 0 && sessions[i - 1]!.end > time; i -= 1) {
    sessions[i] = sessions[i - 1]!;
    sessions[i - 1] = session;
  }
  // The oldest is forgotten, not uncounted. It may be the new one, which is in hand still.
  if (sessions.length > state.mostSessions) sessions.shift();
  return session;
}

/** Takes note of an event's time in its session, and keeps the sessions in order. */
export function extend({ sessions }: ShopperState, session: Session, time: number): void {
  if (time < session.start) session.start = time;
  if (time <= session.end) return;
  session.end = time;
  if (sessions[sessions.length - 1] !== session) sessions.sort((a, b) => a.end - b.end);
}

/** Takes note of a step of the funnel. */
export function step(session: Session, taken: number, time: number): void {
  if (!noteStep(session.steps, taken, time)) return;
  session.trimmed = trimRuns(session.steps, session.trimmed);
  session.path = pathOf(session.steps, session.trimmed) | (session.path & MANY_EVENTS);
}

/** Of the same time, the value that comes first by the alphabet is the earlier one: the order of arrival must not matter. */
export function isEarlier(value: string, time: number, other: SessionValue): boolean {
  return time < other.time || (time === other.time && value < other.text.toString());
}

/** Makes two sessions one: the earlier gets the later's events. */
export function absorb(state: ShopperState, session: Session, later: Session): void {
  const { steps } = session;
  for (let i = 0; i < later.steps.length; i += 3) {
    // The two ends of a run are all that is known of it.
    noteStep(steps, later.steps[i]!, later.steps[i + 1]!);
    noteStep(steps, later.steps[i]!, later.steps[i + 2]!);
  }
  session.trimmed = trimRuns(steps, joinPaths(session.trimmed, later.trimmed));
  session.path = pathOf(steps, session.trimmed) | MANY_EVENTS;
  session.end = Math.max(session.end, later.end);
  if (later.bought !== 0 && (session.bought === 0 || later.bought < session.bought))
    session.bought = later.bought;
  for (let i = 0; i < later.width; i += 1) {
    const value = later.values[i]!;
    if (!value.has) continue;
    const own = session.valueAt(i);
    if (!own.has || isEarlier(value.text.toString(), value.time, own))
      own.set(value.text.bytes, 0, value.text.size, value.time);
  }
  state.dropSession(later);
}
