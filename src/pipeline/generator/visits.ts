import { type EventType } from '../events/shop-event.ts';
import { type Catalogue } from './catalogue.ts';
import { type Dirt } from './dirt.ts';
import { createEncoder } from './encoder.ts';
import { createJourneys } from './journey.ts';
import { type Random } from './random.ts';
import { type Return, type Session } from './session.ts';
import { createShoppers } from './shoppers.ts';
import { createTastes } from './taste.ts';

export interface VisitsOptions {
  readonly catalogue: Catalogue;
  readonly random: Random;
  readonly seed: string;
  /** Mean events a second: the busier the shop, the more people know it. */
  readonly rate: number;
  readonly runId: string;
  readonly currency: string;
  readonly dirt: Pick<Dirt, 'reloads' | 'delay'>;
}

/** An event as it happened. */
export interface Happening {
  readonly key: string;
  /** One line of JSON. */
  readonly value: string;
  readonly type: EventType;
  readonly late: boolean;
  /** A purchase that was sent before, under another event id. */
  readonly reloaded: boolean;
}

/** All that goes on in the shop at the same time. */
export interface Visits {
  /**
   * The next event, of whichever session.
   * @param time when it arrives, ms since the epoch
   * @param rate events a second at present
   */
  next(time: number, rate: number): Happening;
}

/** Mean events of a session. */
const SESSION_LENGTH = 4.6;
/** Mean time between two events of a session while the shop can hold them all, s. */
const PAUSE = 30;
/** Most sessions at the same time: at a rate that asks for more, shoppers are in a hurry. */
const MAX_SESSIONS = 50_000;
const PERSONS_PER_RATE = 200;
const RETURN_SHARE = 0.06;
const RETURN_AFTER_MS = 20 * 60_000;
const MAX_RETURNS = 1000;

/**
 * Chooses for every event whether a session begins or one of those under way goes on. As every event begins a session with
 * the same probability however full the shop is, the mix of events is true from the first second on; the probability only
 * leans towards the number of sessions that the rate asks for. Any session may be the next to go on, so pauses are
 * exponential.
 */
export function createVisits(options: VisitsOptions): Visits {
  const { catalogue, random, rate, runId, dirt } = options;
  const nextOrderId = createIds(`o${runId}`);
  const nextSessionId = createIds(`s${runId}`);
  const nextEventId = createIds(runId);
  const persons = Math.min(1_000_000, Math.max(2000, Math.round(rate * PERSONS_PER_RATE)));
  const shoppers = createShoppers(random, persons, runId);
  const tasteOf = createTastes(catalogue, options.seed);
  const journeys = createJourneys({ catalogue, random, reloads: dirt.reloads, nextOrderId });
  const encode = createEncoder(catalogue, options.currency);
  const active: Session[] = [];
  const returns: Return[] = [];

  function enter(time: number): Session {
    const due = returns[0];
    if (due !== undefined && due.due <= time && shoppers.comeBack(due.visitor)) {
      returns.shift();
      return journeys.beginReturn(nextSessionId(), due, tasteOf(due.visitor.id));
    }
    const visitor = shoppers.arrive();
    return journeys.begin(nextSessionId(), visitor, tasteOf(visitor.id), dirt.delay());
  }
  /** Index of the session that has the next event. */
  function choose(time: number, rateNow: number): number {
    const aim = Math.max(2, Math.min(MAX_SESSIONS, rateNow * PAUSE));
    const lean = Math.max(0, Math.min(2, 2 - active.length / aim));
    if (active.length === 0 || random.chance(lean / SESSION_LENGTH)) return active.push(enter(time)) - 1;
    return random.below(active.length);
  }
  function leave(index: number): void {
    shoppers.leave(active[index]!.visitor);
    const last = active.pop()!;
    if (index < active.length) active[index] = last;
  }
  function planReturn({ visitor, orderId, cart, reloaded }: Session, time: number): void {
    if (reloaded || returns.length >= MAX_RETURNS || !random.chance(RETURN_SHARE)) return;
    returns.push({ visitor, orderId, lines: [...cart], due: time + RETURN_AFTER_MS });
  }
  return {
    next(time, rateNow) {
      const index = choose(time, rateNow);
      const session = active[index]!;
      const { step: type, reloaded, delay } = session;
      const value = encode(session, nextEventId(), time - delay);
      if (type === 'purchase') planReturn(session, time);
      if (!journeys.goOn(session)) leave(index);
      return { key: session.visitor.id, value, type, late: delay > 0, reloaded };
    },
  };
}

function createIds(prefix: string): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `${prefix}-${last.toString(36)}`;
  };
}
