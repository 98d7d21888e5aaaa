import { type EventColumns, FLAG, TEXT } from '../events/columns.ts';
import { add, type Count, subtract } from '../events/money.ts';
import { COLUMNS, FAMILIES } from '../metrics/column-numbers.ts';
import { type ItemCounter } from './count-items.ts';
import { type DecodedBatch, NOBODY } from './decoded-batch.ts';
import { type OrderEmitter } from './emit-orders.ts';
import { type EventKeys } from './event-keys.ts';
import { type Spending } from './facts.ts';
import { type Message } from './messages.ts';
import { saysOther } from './order-change.ts';
import { createOrderLines, shopperKeyOf } from './order-lines.ts';
import { partOf } from './order-part.ts';
import {
  addPurchase,
  encodeOrderState,
  KEPT_REFUNDS,
  newOrder,
  type OrderPart,
  type OrderState,
  orderKey,
  takeStatement,
  takeStatus,
  wouldChange,
} from './order-state.ts';
import { goodsOf, isSoFar, type Reading, readMore, readOrder } from './order-worth.ts';
import { type Tally } from './tally.ts';

/** What a purchase adds to what its shopper has bought. */
export interface Spent extends Spending {
  /** What is known of its order now. */
  readonly order: OrderState;
}

/** Counts purchases and refunds. */
export interface OrderCounter {
  /** Begins with a micro-batch. @param states by key, brought up to date in place */
  begin(states: Map<string, OrderState>): void;
  /**
   * @param before what of the shoppers has to be counted before a line of an order that another one has begun
   * @returns undefined where the order was counted before, or does not count
   */
  countPurchase(batch: DecodedBatch, row: number, before: () => void): Spent | undefined;
  countRefund(batch: DecodedBatch, row: number): void;
  /** Keys of orders that are new. */
  claims(): string[];
  /** What the store has to have of the others that have changed. */
  expects(): Map<string, Uint8Array>;
  /** What lines that name nobody have added for whoever their orders are of. */
  messages(): Message[];
  /** Encoded states of those that have changed, by key. */
  changed(): [key: string, state: Uint8Array][];
}

/** @param currency of what names none */
export function createOrderCounter(
  tally: Tally,
  keys: EventKeys,
  items: ItemCounter,
  emitter: OrderEmitter,
  currency: string,
): OrderCounter {
  let orders = new Map<string, OrderState>();
  const touched = new Set<string>();
  /** How orders are counted, while they are in memory. */
  const readings = new Map<OrderState, Reading>();
  /** Who sent the last line of an order that comes line by line. */
  const lastShopper = new Map<string, number>();

  function readingOf(order: OrderState): Reading {
    let reading = readings.get(order);
    if (reading === undefined) {
      reading = readOrder(order, currency);
      readings.set(order, reading);
    }
    return reading;
  }

  const lines = createOrderLines();

  /** The order that an event names, or one of its own. */
  function orderOf(columns: EventColumns, row: number): OrderState {
    const orderId = columns.text(row, TEXT.orderId);
    if (orderId === undefined) return newOrder();
    const key = orderKey(orderId);
    touched.add(key);
    const known = orders.get(key);
    if (known !== undefined) return known;
    const order = newOrder();
    orders.set(key, order);
    return order;
  }

  /** Counts what an order is after a change in the place of what it was. */
  function recount(order: OrderState, before: Reading, change: () => void): Reading {
    emitter.emitOrder(order, before, -1);
    change();
    readings.delete(order);
    const after = readingOf(order);
    emitter.emitOrder(order, after, 1);
    return after;
  }

  /** Counts a part that says itself all that it is counted for. */
  function countPart(
    columns: EventColumns,
    row: number,
    part: OrderPart,
    code: string,
    bucket: number,
  ): void {
    const revenue = FAMILIES.gross.of(part.currency ?? code);
    let item = columns.firstItem(row);
    for (const { quantity, amount = 0 } of part.items) {
      items.take(columns, item);
      tally.addTotal(bucket, COLUMNS.units, quantity);
      tally.addTotal(bucket, revenue, amount);
      items.count(row, bucket, COLUMNS.units, quantity);
      items.count(row, bucket, revenue, amount);
      item += 1;
    }
  }

  /** Adds a purchase to an order, whose reading is brought up to date in place. @returns how it is counted now */
  function addPart(columns: EventColumns, row: number, order: OrderState, part: OrderPart): Reading {
    const before = readingOf(order);
    if (!before.isKnown || wouldChange(order, part, false)) {
      if (!before.isKnown) for (const refund of order.refunds) countUnknown(refund, -1);
      return recount(order, before, () => {
        order.kind = columns.is(row, FLAG.partial) ? 'lines' : 'whole';
        takeStatement(order, part, false);
        // One that is not remembered is counted once, as it is.
        if (!addPurchase(order, part)) emitter.emitPart(before, part, 1);
      });
    }
    emitter.emitRefunds(order, before, -1);
    if (before.isCounted) {
      if (saysAll(part, before)) countPart(columns, row, part, before.code, tally.bucketAt(part.time));
      else emitter.emitPart(before, part, 1);
      emitter.emitProducts(before, part);
    }
    takeStatement(order, part, false);
    addPurchase(order, part);
    const after = readMore(order, before, part);
    if (after !== before) {
      emitter.emitMark(before, -1);
      emitter.emitMark(after, 1);
      readings.set(order, after);
    }
    emitter.emitRefunds(order, after, 1);
    return after;
  }

  /** Tells a refund of an order of which no purchase is known. */
  function countUnknown({ time }: OrderPart, sign: 1 | -1): void {
    tally.addTotal(tally.bucketAt(time), COLUMNS.refundsWithoutOrder, sign);
  }

  /** What the shopper has bought beside what was told before. @param before all of it, where nothing is owed */
  function credit(
    order: OrderState,
    before: ReadonlyMap<string, Count>,
    after: Reading,
    bought: boolean,
  ): Spent | undefined {
    const known = order.credited ?? before;
    const goods = goodsOf(after);
    const { code } = after;
    const moreOf = (of: string): Count => subtract(goods.get(of) ?? 0, known.get(of) ?? 0);
    const codes = [...new Set([...known.keys(), ...goods.keys()])].filter((of) => of !== code);
    const others = codes.map((of) => [of, moreOf(of)] as const).filter(([, more]) => more !== 0);
    const orders = (after.isCounted ? 1 : 0) - (order.isCredited ? 1 : 0);
    const amount = moreOf(code);
    order.credited = undefined;
    order.isCredited = after.isCounted;
    if (!bought && orders === 0 && amount === 0 && others.length === 0) return undefined;
    return { orders, amount, code, others, corrects: !bought, order };
  }

  /** Tells, once an order, that it is said to be worth something else. */
  function noteChange(order: OrderState, part: OrderPart, isWhole: boolean): void {
    if (order.isChanged || !saysOther(order, part, isWhole)) return;
    order.isChanged = true;
    tally.addTotal(tally.bucketAt(part.time), COLUMNS.changedOrders, 1);
  }

  /** A second purchase with the id of a whole order says nothing new but what became of it. */
  function countAgain(
    { columns, shoppers }: DecodedBatch,
    row: number,
    order: OrderState,
  ): Spent | undefined {
    const time = columns.time(row);
    tally.addTotal(tally.bucketAt(time), COLUMNS.duplicateOrders, 1);
    noteChange(order, partOf(columns, row, keys), !columns.is(row, FLAG.partial));
    const { status } = columns.orderFacts(row);
    if (status === undefined) return undefined;
    const before = readingOf(order);
    const goods = goodsOf(before);
    const after = recount(order, before, () => takeStatus(order, status, time));
    const bought = after.isCounted && !before.isCounted;
    const named = shoppers[row] === NOBODY ? undefined : shopperKeyOf(columns, row);
    order.shopper ??= named;
    if (named !== undefined && named === order.shopper) return credit(order, goods, after, bought);
    // Whoever says it, the order is of whom it was counted for.
    if (order.shopper !== undefined)
      lines.add(order.shopper, time, credit(order, goods, after, bought), NO_PARTS);
    else order.credited ??= goods;
    return undefined;
  }

  return {
    begin(states) {
      orders = states;
      touched.clear();
      readings.clear();
      lastShopper.clear();
      lines.begin();
    },
    countPurchase(batch, row, before) {
      const { columns } = batch;
      const shopper = batch.shoppers[row]!;
      const partial = columns.is(row, FLAG.partial);
      const order = orderOf(columns, row);
      const isRepeated = order.kind === 'whole' || (order.kind === 'lines' && !partial);
      if (isRepeated) return countAgain(batch, row, order);
      if (partial) {
        const orderId = columns.text(row, TEXT.orderId)!;
        if ((lastShopper.get(orderId) ?? shopper) !== shopper) before();
        lastShopper.set(orderId, shopper);
      }
      if (shopper !== NOBODY && order.shopper === undefined && columns.has(row, TEXT.orderId)) {
        const named = shopperKeyOf(columns, row)!;
        order.shopper = named;
        if (order.purchases.length > 0) lines.add(named, columns.time(row), undefined, order.purchases);
      }
      const part = partOf(columns, row, keys);
      if (partial) noteChange(order, part, false);
      const reading = readingOf(order);
      const owesNothing = order.isCredited && order.credited === undefined;
      const isOneMore = owesNothing && shopper !== NOBODY && isPlain(order, reading, part);
      const goods = isOneMore || order.credited !== undefined ? NOTHING : goodsOf(reading);
      const after = addPart(columns, row, order, part);
      if (isOneMore) return { orders: 0, ...sumOf(part, after.code), order };
      if (shopper !== NOBODY) return credit(order, goods, after, after.isCounted);
      if (order.shopper !== undefined)
        lines.add(order.shopper, part.time, credit(order, goods, after, after.isCounted), [part]);
      else order.credited ??= goods;
      return undefined;
    },
    countRefund({ columns }, row) {
      const order = orderOf(columns, row);
      const part = partOf(columns, row, keys);
      const isUnknown = order.kind === 'refunds' && columns.text(row, TEXT.orderId) !== undefined;
      if (isUnknown) countUnknown(part, 1);
      if (order.refunds.length >= KEPT_REFUNDS) {
        const alone = newOrder();
        alone.refunds.push(part);
        if (order.kind === 'refunds' && !isSoFar(part))
          emitter.emitRefunds(alone, readOrder(alone, currency), 1);
        else tally.addTotal(tally.bucketAt(part.time), COLUMNS.excessRefunds, 1);
        return;
      }
      const before = readingOf(order);
      const change = (): void => {
        takeStatement(order, part, true);
        order.refunds.push(part);
      };
      if (wouldChange(order, part, true)) {
        recount(order, before, change);
        return;
      }
      if (!before.isKnown && !isSoFar(part) && !order.refunds.some(isSoFar)) {
        // Without a purchase there is nothing that these share: each counts as it says.
        change();
        emitter.emitRefunds({ ...order, refunds: [part] }, before, 1);
        return;
      }
      emitter.emitRefunds(order, before, -1);
      change();
      emitter.emitRefunds(order, before, 1);
    },
    claims: () => [...touched].filter((key) => orders.get(key)!.stored === undefined),
    expects() {
      const expected = new Map<string, Uint8Array>();
      for (const key of touched) {
        const { stored } = orders.get(key)!;
        if (stored !== undefined) expected.set(key, stored);
      }
      return expected;
    },
    messages: lines.messages,
    changed: () => [...touched].map((key) => [key, encodeOrderState(orders.get(key)!)]),
  };
}

const NOTHING: Map<string, Count> = new Map();
const NO_PARTS: readonly OrderPart[] = [];

/** Whether a purchase adds just what its items say. */
function isPlain(order: OrderState, { isStated }: Reading, part: OrderPart): boolean {
  const { revenue, total } = part.facts;
  return !isStated && revenue === undefined && total === undefined && !wouldChange(order, part, false);
}

/** Whether a part leaves out nothing that is known of its order. */
function saysAll({ values }: OrderPart, reading: Reading): boolean {
  for (let i = 1; i < reading.values.length; i += 1)
    if (values[i] === undefined && reading.values[i] !== undefined) return false;
  return true;
}

function sumOf({ items, currency }: OrderPart, code: string): Pick<Spent, 'amount' | 'code'> {
  let sum: Count = 0;
  for (const { amount = 0 } of items) sum = add(sum, amount);
  return { amount: sum, code: currency ?? code };
}
