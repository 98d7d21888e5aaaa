import { type Count } from '../events/money.ts';
import { type Exposure, encodeExposure, loadExposure, type StoredExposure } from './exposure.ts';
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
  spent: Count;
  /** That of the first purchase. */
  readonly currency: string;
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

export function newPurchases(currency: string): Purchases {
  return { last: 0, orders: 0, spent: 0, currency, hours: newPresence(), days: newPresence() };
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

type StoredPresence = [last: number, mask: number, oldest: number];
type StoredPurchases = [
  last: number,
  orders: number,
  spent: number | string,
  currency: string,
  hours: StoredPresence,
  days: StoredPresence,
];
/** Times of steps, values and the first purchase count from the start. */
type StoredSession = [
  start: number,
  length: number,
  path: number,
  steps: number[],
  id?: string | 0,
  bought?: number,
  trimmed?: number,
  values?: (readonly [string, number] | 0)[],
  arm?: readonly [string, number],
];
type StoredState = [
  firstSeen: number,
  lastSeen: number,
  hours: StoredPresence,
  days: StoredPresence,
  kept: number,
  sessions: StoredSession[],
  recent: string[],
  bought: string[],
  purchases?: StoredPurchases | 0,
  exposure?: StoredExposure,
];

/** Compact, because a state is written for nearly every event; put together by hand, which takes half as long. */
export function encodeShopperState(state: ShopperState): string {
  const { firstSeen, lastSeen, hours, days, kept, purchases, sessions, recent, bought, exposure } = state;
  let runs = '';
  for (let i = 0; i < sessions.length; i += 1) runs += (i === 0 ? '' : ',') + encodeSession(sessions[i]!);
  const text = `[${firstSeen},${lastSeen},${encodePresence(hours)},${encodePresence(days)},${kept},[${runs}],${encodeStrings(recent)},${encodeStrings(bought)}`;
  if (purchases === undefined && exposure === undefined) return `${text}]`;
  const rest = purchases === undefined ? '0' : encodePurchases(purchases);
  return exposure === undefined ? `${text},${rest}]` : `${text},${rest},${encodeExposure(exposure)}]`;
}

function encodePurchases({ last, orders, spent, currency, hours, days }: Purchases): string {
  const sum = typeof spent === 'bigint' ? `"${spent}"` : String(spent);
  return `[${last},${orders},${sum},"${currency}",${encodePresence(hours)},${encodePresence(days)}]`;
}

function encodePresence({ last, mask, oldest }: Presence): string {
  return `[${last},${mask},${oldest}]`;
}

function encodeSession({ id, start, end, path, trimmed, steps, bought, values }: Session): string {
  let offsets = '';
  for (let i = 0; i < steps.length; i += 3) {
    offsets += `${i === 0 ? '' : ','}${steps[i]!},${steps[i + 1]! - start},${steps[i + 2]! - start}`;
  }
  const arm = values[0];
  let valued = '';
  for (let i = 1; i < values.length; i += 1) {
    const value = values[i];
    valued += i === 1 ? '' : ',';
    valued += value === undefined ? '0' : encodeValue(value, start);
  }
  let rest = '';
  const more = valued !== '' || arm !== undefined;
  if (more || trimmed !== 0 || bought !== 0 || id !== undefined) {
    rest = `,${id === undefined ? '0' : encodeString(id)}`;
  }
  if (more || trimmed !== 0 || bought !== 0) rest += `,${bought === 0 ? -1 : bought - start}`;
  if (more || trimmed !== 0) rest += `,${trimmed}`;
  if (more) rest += `,[${valued}]`;
  if (arm !== undefined) rest += `,${encodeValue(arm, start)}`;
  return `[${start},${end - start},${path},[${offsets}]${rest}]`;
}

function encodeValue([value, time]: SessionValue, start: number): string {
  return `[${encodeString(value)},${time - start}]`;
}

function encodeStrings(list: readonly string[]): string {
  let text = '';
  for (let i = 0; i < list.length; i += 1) text += (i === 0 ? '' : ',') + encodeString(list[i]!);
  return `[${text}]`;
}

/** Nearly every id is plain. */
const PLAIN = /^[\w.:@ -]*$/;

function encodeString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

export function decodeShopperState(text: string): ShopperState {
  const [firstSeen, lastSeen, hours, days, kept, sessions, recent, bought, purchases, exposure] = JSON.parse(
    text,
  ) as StoredState;
  return {
    firstSeen,
    lastSeen,
    hours: loadPresence(hours),
    days: loadPresence(days),
    kept,
    purchases: purchases ? loadPurchases(purchases) : undefined,
    sessions: sessions.map(loadSession),
    recent,
    bought,
    exposure: exposure && loadExposure(exposure),
  };
}

function loadPresence([last, mask, oldest]: StoredPresence): Presence {
  return { last, mask, oldest };
}

function loadPurchases([last, orders, spent, currency, hours, days]: StoredPurchases): Purchases {
  return {
    last,
    orders,
    spent: typeof spent === 'string' ? BigInt(spent) : spent,
    currency,
    hours: loadPresence(hours),
    days: loadPresence(days),
  };
}

function loadSession([
  start,
  length,
  path,
  offsets,
  id,
  bought,
  trimmed,
  values,
  arm,
]: StoredSession): Session {
  const loadValue = (value: readonly [string, number] | 0 | undefined): SessionValue | undefined =>
    value ? [value[0], value[1] + start] : undefined;
  return {
    id: id === 0 ? undefined : id,
    start,
    end: start + length,
    path,
    trimmed: trimmed ?? 0,
    steps: offsets.map((value, i) => (i % 3 === 0 ? value : value + start)),
    bought: bought === undefined || bought < 0 ? 0 : bought + start,
    values: values === undefined ? [] : [arm, ...values].map(loadValue),
  };
}
