import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type OrderFacts } from '../events/event-marks.ts';
import { add, type Count } from '../events/money.ts';
import { AMOUNTS, ORDER_STATUSES, type OrderStatus } from '../events/shop-event.ts';

/** What somebody said of a whole order, and when. */
export interface Said {
  readonly text: string;
  readonly time: number;
  /** A refund said it: a purchase knows better. */
  readonly byRefund: boolean;
}

/** What an event says, beside items: texts that it leaves out are those of its order. */
export interface Statement {
  /** ms since the epoch */
  readonly time: number;
  readonly currency: string | undefined;
  /** What it is broken down by: which recommender made its list, then by property. */
  readonly values: readonly (string | undefined)[];
  readonly facts: OrderFacts;
}

/** Some units of a product in an order or a refund. */
export interface OrderItem {
  readonly product: string;
  readonly category: string | undefined;
  readonly brand: string | undefined;
  readonly quantity: number;
  /** Of all units, in 1/10 000 of the currency unit; undefined where nobody says. */
  readonly amount: Count | undefined;
}

/** Items that one event told of. */
export interface OrderPart extends Statement {
  readonly items: readonly OrderItem[];
}

/**
 * What is known of an order: enough to count it once, and to count it in another way when something becomes known that holds for
 * what was counted before.
 */
export interface OrderState {
  /** Whether a purchase was there: `lines` where others may follow, `whole` where each further one is a duplicate. */
  kind: 'refunds' | 'lines' | 'whole';
  /** The one that is furthest on. */
  status: OrderStatus | undefined;
  /** Another purchase said that it is worth something else. */
  isChanged: boolean;
  /** Of its earliest purchase, ms since the epoch; 0 for none. */
  time: number;
  /** When the first one said that it is refunded, ms since the epoch; 0 for never. */
  refundedAt: number;
  currency: Said | undefined;
  /** By place in `Statement.values`: that of the earliest purchase that has one. */
  readonly values: (Said | undefined)[];
  /** The greatest that was said of each. */
  readonly amounts: { -readonly [name in (typeof AMOUNTS)[number]]?: number | undefined };
  readonly purchases: OrderPart[];
  /** Items in `purchases`. */
  items: number;
  /** By currency, the empty text for none said: what came when there were too many items to remember. */
  readonly beyond: Map<string, Count>;
  readonly refunds: OrderPart[];
  /** Key of the state of whoever is named first: what rows say that name nobody, or another one, is counted for that shopper. */
  shopper: string | undefined;
  /** What shoppers were told that they have bought; undefined where that is all of it. */
  credited: Map<string, Count> | undefined;
  isCredited: boolean;
  /** What its recommended products were recommended by. */
  readonly arms: string[];
  /** What the live store has of it; undefined for nothing. */
  stored: Uint8Array | undefined;
}

/** Most items of an order, and most of its refunds, that are remembered one by one. */
const KEPT_ITEMS = 2000;
export const KEPT_REFUNDS = 500;

/** Key of an order's state in the live store. */
export function orderKey(orderId: string): string {
  return `o:${orderId}`;
}

export function newOrder(): OrderState {
  return {
    kind: 'refunds',
    status: undefined,
    isChanged: false,
    time: 0,
    refundedAt: 0,
    currency: undefined,
    values: [],
    amounts: {},
    purchases: [],
    items: 0,
    beyond: new Map(),
    refunds: [],
    shopper: undefined,
    credited: undefined,
    isCredited: false,
    arms: [],
    stored: undefined,
  };
}

/**
 * Takes what an event says of its order. Of two that say different things the earlier one knows it, of two at one time the one whose
 * text is less, so that the order of arrival does not matter.
 */
export function takeStatement(order: OrderState, said: Statement, byRefund: boolean): void {
  const { time, facts, values } = said;
  order.currency = betterSaid(order.currency, said.currency, time, byRefund);
  if (byRefund) return;
  for (let i = 0; i < values.length; i += 1)
    order.values[i] = betterSaid(order.values[i], values[i], time, false);
  if (order.time === 0 || time < order.time) order.time = time;
  for (const name of AMOUNTS) {
    const amount = facts[name];
    if (amount !== undefined) order.amounts[name] = Math.max(amount, order.amounts[name] ?? 0);
  }
  takeStatus(order, facts.status, time);
}

/** Whether taking what an event says would change how others of its order are counted. */
export function wouldChange(order: OrderState, said: Statement, byRefund: boolean): boolean {
  const { time, currency, values } = said;
  if (betterSaid(order.currency, currency, time, byRefund)?.text !== order.currency?.text) return true;
  if (byRefund) return false;
  const { status } = said.facts;
  if (status !== undefined && status !== order.status) return true;
  for (let i = 0; i < values.length; i += 1) {
    const known = order.values[i];
    if (betterSaid(known, values[i], time, false)?.text !== known?.text) return true;
  }
  return false;
}

/** Notes items of a purchase. @returns whether they are remembered one by one */
export function addPurchase(order: OrderState, part: OrderPart): boolean {
  if (order.items + part.items.length <= KEPT_ITEMS) {
    order.purchases.push(part);
    order.items += part.items.length;
    return true;
  }
  for (const { amount = 0 } of part.items) {
    const code = part.currency ?? '';
    order.beyond.set(code, add(order.beyond.get(code) ?? 0, amount));
  }
  return false;
}

/** Takes what became of an order: of several, what is furthest on. */
export function takeStatus(order: OrderState, status: OrderStatus | undefined, time: number): void {
  if (status === undefined) return;
  if (rankOf(status) > rankOf(order.status)) order.status = status;
  if (status === 'refunded' && (order.refundedAt === 0 || time < order.refundedAt)) order.refundedAt = time;
}

function rankOf(status: OrderStatus | undefined): number {
  return status === undefined ? -1 : ORDER_STATUSES.indexOf(status);
}

/** Whether a purchase of it is known, and it is neither unpaid nor called off. */
export function isCounted({ kind, status }: OrderState): boolean {
  return kind !== 'refunds' && status !== 'pending' && status !== 'cancelled';
}

function betterSaid(
  known: Said | undefined,
  text: string | undefined,
  time: number,
  byRefund: boolean,
): Said | undefined {
  if (text === undefined) return known;
  if (known !== undefined) {
    if (byRefund !== known.byRefund) {
      if (byRefund) return known;
    } else if (time > known.time || (time === known.time && text >= known.text)) return known;
  }
  return { text, time, byRefund };
}

/** Notes that a product of an order is put down to a recommender. @returns whether it is the first one */
export function addOrderArm({ arms }: OrderState, arm: string): boolean {
  if (arms.includes(arm)) return false;
  arms.push(arm);
  return true;
}

/** Of the layout in which an order is stored: the later one has a shopper at its end. */
const VERSION = 2;
const WITH_SHOPPER = 3;
/** Of the number that says a kind and a status. */
const CHANGED = 32;
const KINDS = ['refunds', 'lines', 'whole'] as const;
// How a text of a part is written.
const NOTHING = 0;
const AS_ORDER = 1;
const OWN = 2;
const writer = new ByteWriter();

/** The stored form. */
export function encodeOrderState(order: OrderState): Uint8Array {
  const { kind, status, time, refundedAt, currency, values, amounts, beyond, credited, isCredited } = order;
  writer.clear();
  writer.uint(order.shopper === undefined ? VERSION : WITH_SHOPPER);
  const said = status === undefined ? 0 : ORDER_STATUSES.indexOf(status) + 1;
  writer.uint(KINDS.indexOf(kind) + 4 * said + (order.isChanged ? CHANGED : 0));
  writer.uint(time);
  writer.uint(refundedAt);
  putSaid(currency);
  writer.uint(values.length);
  for (const value of values) putSaid(value);
  putFacts(amounts);
  writer.uint(order.purchases.length);
  for (const part of order.purchases) putPart(part, order);
  putSums(beyond);
  writer.uint(order.refunds.length);
  for (const part of order.refunds) putPart(part, order);
  writer.uint((isCredited ? 1 : 0) + (credited === undefined ? 0 : 2));
  if (credited !== undefined) putSums(credited);
  writer.texts(order.arms);
  if (order.shopper !== undefined) writer.text(order.shopper);
  return writer.slice();
}

function putSaid(said: Said | undefined): void {
  writer.uint(said === undefined ? 0 : said.byRefund ? 2 : 1);
  if (said === undefined) return;
  writer.uint(said.time);
  writer.text(said.text);
}

function putFacts(facts: OrderFacts): void {
  const { status } = facts;
  let bits = status === undefined ? 0 : ORDER_STATUSES.indexOf(status) + 1;
  AMOUNTS.forEach((name, i) => {
    if (facts[name] !== undefined) bits += 8 << i;
  });
  writer.uint(bits);
  for (const name of AMOUNTS) if (facts[name] !== undefined) writer.uint(facts[name]);
}

function putPart(part: OrderPart, order: OrderState): void {
  writer.int(part.time - order.time);
  putText(part.currency, order.currency);
  writer.uint(part.values.length);
  for (let i = 0; i < part.values.length; i += 1) putText(part.values[i], order.values[i]);
  putFacts(part.facts);
  writer.uint(part.items.length);
  for (const { product, category, brand, quantity, amount } of part.items) {
    writer.text(product);
    putText(category, undefined);
    putText(brand, undefined);
    writer.uint(quantity);
    putCount(amount);
  }
}

function putText(text: string | undefined, ofOrder: Said | undefined): void {
  writer.uint(text === undefined ? NOTHING : text === ofOrder?.text ? AS_ORDER : OWN);
  if (text !== undefined && text !== ofOrder?.text) writer.text(text);
}

/** Which of the three it is, then that: none, one that a double holds, a larger one. */
function putCount(count: Count | undefined): void {
  writer.uint(count === undefined ? 0 : typeof count === 'number' ? 1 : 2);
  if (typeof count === 'number') writer.int(count);
  else if (count !== undefined) writer.text(String(count));
}

function putSums(sums: ReadonlyMap<string, Count>): void {
  writer.uint(sums.size);
  for (const [code, sum] of sums) {
    writer.text(code);
    putCount(sum);
  }
}

/** @throws RangeError where the bytes, which it keeps, are no order */
export function decodeOrderState(bytes: Uint8Array): OrderState {
  const reader = new ByteReader(bytes);
  const hasShopper = reader.version(VERSION, WITH_SHOPPER) === WITH_SHOPPER;
  const order = newOrder();
  order.stored = bytes;
  const head = reader.uint();
  const kind = KINDS[head % 4];
  if (kind === undefined) throw new RangeError('a kind of order that is not known');
  order.kind = kind;
  order.status = statusAt((head % CHANGED) >> 2);
  order.isChanged = head >= CHANGED;
  order.time = reader.uint();
  order.refundedAt = reader.uint();
  order.currency = readSaid(reader);
  for (let left = reader.uint(); left > 0; left -= 1) order.values.push(readSaid(reader));
  const { status: _, ...amounts } = readFacts(reader);
  Object.assign(order.amounts, amounts);
  for (let left = reader.uint(); left > 0; left -= 1) {
    const part = readPart(reader, order);
    order.purchases.push(part);
    order.items += part.items.length;
  }
  readSums(reader, order.beyond);
  for (let left = reader.uint(); left > 0; left -= 1) order.refunds.push(readPart(reader, order));
  const credit = reader.uint();
  order.isCredited = credit % 2 === 1;
  if (credit > 1) {
    order.credited = new Map();
    readSums(reader, order.credited);
  }
  for (const arm of reader.texts()) order.arms.push(arm);
  if (hasShopper) order.shopper = reader.text();
  reader.finish();
  return order;
}

function statusAt(number: number): OrderStatus | undefined {
  return number === 0 ? undefined : ORDER_STATUSES[number - 1];
}

function readSaid(reader: ByteReader): Said | undefined {
  const mark = reader.uint();
  return mark === 0 ? undefined : { time: reader.uint(), text: reader.text(), byRefund: mark === 2 };
}

const NO_FACTS: OrderFacts = {};

function readFacts(reader: ByteReader): OrderFacts {
  const bits = reader.uint();
  if (bits === 0) return NO_FACTS;
  const facts: { -readonly [name in keyof OrderFacts]: OrderFacts[name] } = {};
  facts.status = statusAt(bits % 8);
  AMOUNTS.forEach((name, i) => {
    if (bits & (8 << i)) facts[name] = reader.uint();
  });
  return facts;
}

function readPart(reader: ByteReader, order: OrderState): OrderPart {
  const time = order.time + reader.int();
  const currency = readText(reader, order.currency);
  const values: (string | undefined)[] = [];
  for (let left = reader.uint(); left > 0; left -= 1)
    values.push(readText(reader, order.values[values.length]));
  const facts = readFacts(reader);
  const items: OrderItem[] = [];
  for (let left = reader.uint(); left > 0; left -= 1) {
    items.push({
      product: reader.text(),
      category: readText(reader, undefined),
      brand: readText(reader, undefined),
      quantity: reader.uint(),
      amount: readCount(reader),
    });
  }
  return { time, currency, values, facts, items };
}

function readText(reader: ByteReader, ofOrder: Said | undefined): string | undefined {
  const mark = reader.uint();
  if (mark === NOTHING) return undefined;
  if (mark === OWN) return reader.text();
  if (ofOrder === undefined) throw new RangeError('a text of an order that has none');
  return ofOrder.text;
}

function readCount(reader: ByteReader): Count | undefined {
  const mark = reader.uint();
  return mark === 0 ? undefined : mark === 1 ? reader.int() : BigInt(reader.text());
}

function readSums(reader: ByteReader, sums: Map<string, Count>): void {
  for (let left = reader.uint(); left > 0; left -= 1) sums.set(reader.text(), readCount(reader)!);
}
