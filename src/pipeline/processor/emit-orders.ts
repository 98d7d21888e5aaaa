import { type Count, subtract } from '../events/money.ts';
import { COLUMNS, FAMILIES } from '../metrics/column-numbers.ts';
import { type EventKeys } from './event-keys.ts';
import { type OrderItem, type OrderPart, type OrderState } from './order-state.ts';
import { type Reading, settle } from './order-worth.ts';
import { BRAND, CATEGORY, PRODUCT, type Tally } from './tally.ts';

/** 1 to count, −1 to take back what was counted. */
export type Sign = 1 | -1;

/** Adds to counters what is known of an order, each part of it in the cell of its own time, or takes it back. */
export interface OrderEmitter {
  /** All of it. */
  emitOrder(order: OrderState, reading: Reading, sign: Sign): void;
  /** The order as one, with what it is worth beyond its items. */
  emitMark(reading: Reading, sign: Sign): void;
  /** The items of one of its purchases. */
  emitPart(reading: Reading, part: OrderPart, sign: Sign): void;
  /** Counts the order for the products of a part that is about to be read, where it is not counted for them by then. */
  emitProducts(reading: Reading, part: OrderPart): void;
  emitRefunds(order: OrderState, reading: Reading, sign: Sign): void;
}

export function createOrderEmitter(tally: Tally, keys: EventKeys): OrderEmitter {
  function signed(amount: Count, sign: Sign): Count {
    return sign > 0 ? amount : subtract(0, amount);
  }
  function addToValues(
    values: readonly (string | undefined)[],
    bucket: number,
    column: number,
    amount: Count,
  ): void {
    for (let i = 0; i < values.length; i += 1) {
      const text = values[i];
      if (text === undefined) continue;
      const slot = keys.slot(i);
      tally.add(bucket, slot, tally.keyOf(slot, text), column, amount);
    }
  }
  function addToItem(item: OrderItem, bucket: number, column: number, amount: Count): void {
    const { product, category, brand } = item;
    tally.add(bucket, PRODUCT, tally.keyOf(PRODUCT, product), column, amount);
    if (category !== undefined) tally.add(bucket, CATEGORY, tally.keyOf(CATEGORY, category), column, amount);
    if (brand !== undefined) tally.add(bucket, BRAND, tally.keyOf(BRAND, brand), column, amount);
  }
  function addForProduct(product: string, time: number, sign: Sign): void {
    tally.add(tally.bucketAt(time), PRODUCT, tally.keyOf(PRODUCT, product), COLUMNS.orders, sign);
  }

  const emitter: OrderEmitter = {
    emitOrder(order, reading, sign) {
      emitter.emitMark(reading, sign);
      for (const part of order.purchases) emitter.emitPart(reading, part, sign);
      if (reading.isCounted)
        for (const [product, time] of reading.products) addForProduct(product, time, sign);
      emitter.emitRefunds(order, reading, sign);
    },
    emitMark({ isKnown, isCounted, isStated, status, lacksAmounts, time, code, values, rest }, sign) {
      if (!isKnown) return;
      const bucket = tally.bucketAt(time);
      if (!isCounted) {
        tally.addTotal(bucket, status === 'pending' ? COLUMNS.pendingOrders : COLUMNS.cancelledOrders, sign);
        return;
      }
      tally.addTotal(bucket, FAMILIES.orders.of(code), sign);
      addToValues(values, bucket, COLUMNS.orders, sign);
      if (lacksAmounts && !isStated) tally.addTotal(bucket, COLUMNS.unpricedOrders, sign);
      if (rest === 0) return;
      const revenue = FAMILIES.gross.of(code);
      tally.addTotal(bucket, revenue, signed(rest, sign));
      addToValues(values, bucket, revenue, signed(rest, sign));
    },
    emitPart(reading, part, sign) {
      if (!reading.isCounted) return;
      const bucket = tally.bucketAt(part.time);
      const revenue = FAMILIES.gross.of(part.currency ?? reading.code);
      const values = part.values.map((text, i) => text ?? (i === 0 ? undefined : reading.values[i]));
      for (const item of part.items) {
        const amount = signed(item.amount ?? 0, sign);
        const units = sign * item.quantity;
        tally.addTotal(bucket, COLUMNS.units, units);
        tally.addTotal(bucket, revenue, amount);
        addToItem(item, bucket, COLUMNS.units, units);
        addToItem(item, bucket, revenue, amount);
        addToValues(values, bucket, COLUMNS.units, units);
        addToValues(values, bucket, revenue, amount);
      }
    },
    emitProducts({ products }, { items, time }) {
      items.forEach(({ product }, i) => {
        const since = products.get(product);
        if (since !== undefined && since <= time) return;
        if (items.findIndex((item) => item.product === product) < i) return;
        if (since !== undefined) addForProduct(product, since, -1);
        addForProduct(product, time, 1);
      });
    },
    emitRefunds(order, reading, sign) {
      if (order.refunds.length === 0 && order.refundedAt === 0) return;
      for (const { time, code, values, items, rest, isExcess } of settle(order, reading)) {
        const bucket = tally.bucketAt(time);
        const column = FAMILIES.refunds.of(code);
        for (const { item, amount } of items) {
          tally.addTotal(bucket, column, signed(amount, sign));
          addToItem(item, bucket, column, signed(amount, sign));
          addToValues(values, bucket, column, signed(amount, sign));
        }
        if (rest !== 0) {
          tally.addTotal(bucket, column, signed(rest, sign));
          addToValues(values, bucket, column, signed(rest, sign));
        }
        if (isExcess) tally.addTotal(bucket, COLUMNS.excessRefunds, sign);
      }
    },
  };
  return emitter;
}
