import { ByteText } from '../events/byte-text.ts';
import { type Count } from '../events/money.ts';
import { type StepRuns } from '../metrics/funnel.ts';
import { type Exposure } from './exposure.ts';
import { Trail } from './facts.ts';
import { type Device, type Joined } from './links.ts';
import { newPresence, type Presence, rememberOlder } from './presence.ts';
import { RecentTexts } from './recent-texts.ts';

/** A run of a shopper's events. */
export class Session {
  /** Whether the source gave an id, and that. */
  hasId = false;
  readonly id = new ByteText();
  /** Times of the first and the last event, ms since the epoch. */
  start = 0;
  end = 0;
  /** Which steps were taken in which order, and whether there is more than one event: see funnel.ts. */
  path = 0;
  /** The path of steps that are not in `steps` any more. */
  trimmed = 0;
  /** In the order of time. */
  readonly steps: StepRuns = [];
  /** Time of the first purchase; 0 for none. */
  bought = 0;
  /** How many of `values` there are. */
  width = 0;
  /**
   * What made the first list of recommendations of the session, then by property that numbers are broken down by: its value in
   * the earliest event that has one, and that event's time.
   */
  readonly values: SessionValue[] = [];

  /** Makes it new. */
  reset(): void {
    this.hasId = false;
    this.start = this.end = this.path = this.trimmed = this.bought = this.width = 0;
    this.steps.length = 0;
  }

  /** The value with a number; those before it are there too, absent if they were not there yet. */
  valueAt(i: number): SessionValue {
    for (; this.width <= i; this.width += 1) {
      this.values[this.width] ??= new SessionValue();
      this.values[this.width]!.has = false;
    }
    return this.values[i]!;
  }
}

export class SessionValue {
  has = false;
  readonly text = new ByteText();
  time = 0;
  /** Its number among the keys that are counted for; below 0 where nobody has looked for it. */
  key = -1;

  set(bytes: Uint8Array, start: number, size: number, time: number): void {
    this.text.set(bytes, start, size);
    this.has = true;
    this.time = time;
    this.key = -1;
  }
}

export interface Purchases {
  /** Time of the newest one, ms since the epoch. */
  last: number;
  /**
   * Those that count now. Who has none is no buyer, but stays known: what is told of an order by several messages adds up in
   * whatever order they come, below zero meanwhile.
   */
  orders: number;
  /** Before refunds, in 1/10 000 of each currency. */
  readonly spent: Map<string, Count>;
  /** Hours and days with purchases. */
  readonly hours: Presence;
  readonly days: Presence;
}

/** Most products that are remembered as recent, and as bought. */
export const RECENT_PRODUCTS = 20;
const BOUGHT_PRODUCTS = 50;
const KEPT_SESSIONS = 4;
/** The same of a user whose devices may tell of an earlier time. */
const JOINED_SESSIONS = 100;

/**
 * What the processor remembers of a shopper; its key in the live store is what `shopperOf` gives. One object is used for one
 * shopper after the other, so that none has to be made.
 */
export class ShopperState {
  /** Times of the earliest and the newest event, ms since the epoch; 0 for none. */
  firstSeen = 0;
  lastSeen = 0;
  /** Hours and days with events. */
  readonly hours: Presence = newPresence();
  readonly days: Presence = newPresence();
  /** Bit k is set where the shopper was there k days after the first day, up to 30. */
  kept = 0;
  /** What was bought; undefined before the first purchase. */
  purchases: Purchases | undefined = undefined;
  /** Ordered by end. */
  readonly sessions: Session[] = [];
  /** How many sessions are remembered, so that a late event can join them. */
  mostSessions = KEPT_SESSIONS;
  /** Products viewed, put into the cart or bought, each once, the latest last. */
  readonly recent = new RecentTexts(RECENT_PRODUCTS);
  /** Products bought, each once, the latest last. */
  readonly bought = new RecentTexts(BOUGHT_PRODUCTS);
  /** Undefined before the first list of recommendations that the shop's events tell of. */
  exposure: Exposure | undefined = undefined;
  /** Of a device: what was done on it, as far as it can still be given to a user. */
  readonly trail = new Trail();
  /** Of a device that is linked to a user: it counts for nothing by itself. */
  device: Device | undefined = undefined;
  /** Of a user who was named on a device. */
  joined: Joined | undefined = undefined;
  private readonly spare: Session[] = [];

  /** Makes it that of a new shopper. */
  reset(): void {
    this.forgetCounts();
    this.exposure = undefined;
    this.recent.clear();
    this.bought.clear();
    this.trail.clear();
    this.device = undefined;
    this.joined = undefined;
    this.mostSessions = KEPT_SESSIONS;
  }

  /** Goes on as that of a user with devices, which may tell of an earlier time. */
  join(joined: Joined = { devices: [] }): Joined {
    this.joined = joined;
    this.mostSessions = JOINED_SESSIONS;
    rememberOlder(this.hours);
    rememberOlder(this.days);
    if (this.purchases !== undefined) {
      rememberOlder(this.purchases.hours);
      rememberOlder(this.purchases.days);
    }
    return joined;
  }

  /** Forgets all that the shopper is counted by. */
  forgetCounts(): void {
    this.firstSeen = this.lastSeen = this.kept = 0;
    this.purchases = undefined;
    for (const presence of [this.hours, this.days]) {
      presence.last = -1;
      presence.mask = presence.oldest = 0;
      presence.older = undefined;
    }
    while (this.sessions.length > 0) this.spare.push(this.sessions.pop()!);
  }

  /** Adds a new session as the last one. */
  addSession(): Session {
    const session = this.spare.pop() ?? new Session();
    session.reset();
    this.sessions.push(session);
    return session;
  }

  dropSession(session: Session): void {
    this.sessions.splice(this.sessions.indexOf(session), 1);
    this.spare.push(session);
  }
}

export function newPurchases(): Purchases {
  return { last: 0, orders: 0, spent: new Map(), hours: newPresence(), days: newPresence() };
}
