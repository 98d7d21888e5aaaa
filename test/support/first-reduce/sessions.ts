import { joinPaths, MANY_EVENTS, NO_STEPS, noteStep, pathOf, trimRuns } from './funnel.ts';
import { type Session, type SessionValue, type ShopperState } from './shopper-state.ts';

/** A gap longer than this between two events of a shopper ends a session, ms. */
export const SESSION_GAP_MS = 30 * 60_000;

/** A shopper's sessions that a late event can still join. */
const KEPT_SESSIONS = 4;

/** What happened to the sessions of a shopper because of one event. */
export interface SessionMatch {
  /** The session that the event belongs to; its `end` and `path` are still those before the event. */
  readonly session: Session;
  readonly created: boolean;
  /** A session that this event has joined to `session`: it is counted no more. */
  readonly absorbed: Session | undefined;
}

/**
 * Finds or opens the session of an event: the source's id wins where it gives one; else the session whose events are not
 * over 30 minutes away, and two such sessions become one.
 */
export function matchSession(state: ShopperState, time: number, sessionId: string | undefined): SessionMatch {
  const { sessions } = state;
  const last = sessions.at(-1);
  if (last !== undefined && time >= last.start) {
    if (sessionId === undefined ? time <= last.end + SESSION_GAP_MS : last.id === sessionId) {
      return { session: last, created: false, absorbed: undefined };
    }
  }
  if (sessionId !== undefined) {
    const known = sessions.find(({ id }) => id === sessionId);
    return known === undefined
      ? open(state, time, sessionId)
      : { session: known, created: false, absorbed: undefined };
  }
  const near = sessions.filter(
    ({ start, end }) => time >= start - SESSION_GAP_MS && time <= end + SESSION_GAP_MS,
  );
  const [session, second] = near;
  if (session === undefined) return open(state, time, undefined);
  if (second === undefined || session.id !== undefined || second.id !== undefined) {
    return { session, created: false, absorbed: undefined };
  }
  return { session, created: false, absorbed: second };
}

function open(state: ShopperState, time: number, id: string | undefined): SessionMatch {
  const session: Session = {
    id,
    start: time,
    end: time,
    path: NO_STEPS,
    trimmed: NO_STEPS,
    steps: [],
    bought: 0,
    values: [],
  };
  const { sessions } = state;
  sessions.push(session);
  for (let i = sessions.length - 1; i > 0 && sessions[i - 1]!.end > time; i -= 1) {
    sessions[i] = sessions[i - 1]!;
    sessions[i - 1] = session;
  }
  // The oldest is forgotten, not uncounted.
  if (sessions.length > KEPT_SESSIONS) sessions.shift();
  return { session, created: true, absorbed: undefined };
}

/** Takes note of an event's time in its session, and keeps the sessions in order. */
export function extend(state: ShopperState, session: Session, time: number): void {
  if (time < session.start) session.start = time;
  if (time <= session.end) return;
  session.end = time;
  if (state.sessions.at(-1) !== session) state.sessions.sort((a, b) => a.end - b.end);
}

/** Takes note of a step of the funnel. */
export function step(session: Session, taken: number, time: number): void {
  if (!noteStep(session.steps, taken, time)) return;
  session.trimmed = trimRuns(session.steps, session.trimmed);
  session.path = pathOf(session.steps, session.trimmed) | (session.path & MANY_EVENTS);
}

/** Of the same time, the value that comes first by the alphabet is the earlier one: the order of arrival must not matter. */
export function isEarlier(value: string, time: number, other: SessionValue): boolean {
  return time < other[1] || (time === other[1] && value < other[0]);
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
  later.values.forEach((value, i) => {
    if (value === undefined) return;
    const own = session.values[i];
    if (own === undefined || isEarlier(value[0], value[1], own)) session.values[i] = value;
  });
  state.sessions.splice(state.sessions.indexOf(later), 1);
}
