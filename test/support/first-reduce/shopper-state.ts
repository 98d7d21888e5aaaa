import { type Count } from '../../../src/pipeline/events/money.ts';
import { type Exposure } from './exposure.ts';
import { type StepRuns } from './funnel.ts';
import { newPresence, type Presence } from './presence.ts';

/** A run of a shopper's events. */
export interface Session {
  /** The source's session id, if it gave one. */
  id: string | undefined;
  /** Times of the first and the last event, ms since the epoch. */
  start: number;
  end: number;
  /** Which steps were taken in which order, and whether there is more than one event: see funnel.ts. */
  path: number;
  /** The path of steps that are not in `steps` any more. */
  trimmed: number;
  /** In the order of time. */
  steps: StepRuns;
  /** Time of the first purchase; 0 for none. */
  bought: number;
  /**
   * What made the first list of recommendations of the session, then by property that numbers are broken down by: its value in
   * the earliest event that has one, and that event's time.
   */
  values: (SessionValue | undefined)[];
}

export type SessionValue = readonly [value: string, time: number];

/** What the processor remembers of a shopper; its key in the live store is what `shopperOf` gives. */
export interface ShopperState {
  /** Times of the earliest and the newest event, ms since the epoch; 0 for none. */
  firstSeen: number;
  lastSeen: number;
  /** Hours and days with events. */
  readonly hours: Presence;
  readonly days: Presence;
  /** Bit k is set where the shopper was there k days after the first day, up to 30. */
  kept: number;
  /** What was bought; undefined before the first purchase. */
  purchases: Purchases | undefined;
  /** Ordered by end. */
  sessions: Session[];
  /** Products viewed, put into the cart or bought, each once, the latest last. */
  recent: string[];
  /** Products bought, each once, the latest last. */
  bought: string[];
  /** Undefined before the first list of recommendations that the shop's events tell of. */
  exposure: Exposure | undefined;
}

export interface Purchases {
  /** Time of the newest one, ms since the epoch. */
  last: number;
  orders: number;
  /** Before refunds, in 1/10 000 of the currency; what is bought in others is left out. */
  readonly spent: Map<string, Count>;
  /** Hours and days with purchases. */
  readonly hours: Presence;
  readonly days: Presence;
}

/** Most products that are remembered as recent, and as bought. */
export const RECENT_PRODUCTS = 20;
const BOUGHT_PRODUCTS = 50;

export function newShopper(): ShopperState {
  return {
    firstSeen: 0,
    lastSeen: 0,
    hours: newPresence(),
    days: newPresence(),
    kept: 0,
    purchases: undefined,
    sessions: [],
    recent: [],
    bought: [],
    exposure: undefined,
  };
}

export function newPurchases(): Purchases {
  return { last: 0, orders: 0, spent: new Map(), hours: newPresence(), days: newPresence() };
}

/** Notes that a shopper was interested in a product, or bought it. */
export function noteProduct(state: ShopperState, productId: string, bought: boolean): void {
  moveToEnd(state.recent, productId, RECENT_PRODUCTS);
  if (bought) moveToEnd(state.bought, productId, BOUGHT_PRODUCTS);
}

function moveToEnd(list: string[], value: string, most: number): void {
  if (list.at(-1) === value) return;
  const place = list.indexOf(value);
  if (place >= 0) list.splice(place, 1);
  list.push(value);
  if (list.length > most) list.shift();
}
