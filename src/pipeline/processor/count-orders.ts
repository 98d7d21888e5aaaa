import { type EventColumns, FLAG, ITEM_TEXT, TEXT } from '../events/columns.ts';
import { add, type Count, multiply } from '../events/money.ts';
import { COLUMNS, FAMILIES } from '../metrics/column-numbers.ts';
import { type ItemCounter } from './count-items.ts';
import { type DecodedBatch } from './decoded-batch.ts';
import { type EventKeys } from './event-keys.ts';
import { addOrderLine, encodeOrderState, newOrder, type OrderState, orderKey } from './order-state.ts';
import { type Tally } from './tally.ts';

/** What a purchase adds to what its shopper has bought. */
export interface Spent {
  /** 0 for a further line of an order. */
  readonly orders: number;
  readonly amount: Count;
  /** Its currency. */
  readonly code: string;
  /** What is known of its order now. */
  readonly order: OrderState;
}

/** Counts purchases and refunds. */
export interface OrderCounter {
  /** Begins with a micro-batch. @param states by key, brought up to date in place */
  begin(states: Map<string, OrderState>): void;
  /**
   * @param before what of the shoppers has to be counted before a line of an order that another one has begun
   * @returns undefined where the order was counted before
   */
  countPurchase(batch: DecodedBatch, row: number, bucket: number, before: () => void): Spent | undefined;
  countRefund(batch: DecodedBatch, row: number, bucket: number): void;
  /** Keys of orders that are new. */
  claims(): string[];
  /** Encoded states of those that have changed, by key. */
  changed(): [key: string, state: Uint8Array][];
}

/** @param currency of what names none */
export function createOrderCounter(
  tally: Tally,
  keys: EventKeys,
  items: ItemCounter,
  currency: string,
): OrderCounter {
  let orders = new Map<string, OrderState>();
  const claims = new Set<string>();
  const touched = new Set<string>();
  /** Who sent the last line of an order that comes line by line. */
  const lastShopper = new Map<string, number>();

  /** @returns the price of a line */
  function countLine(columns: EventColumns, row: number, item: number, code: string, bucket: number): Count {
    const price = columns.price(item);
    const quantity = columns.quantity(item);
    const revenue = FAMILIES.gross.of(code);
    const amount = price === undefined ? 0 : multiply(price, quantity);
    items.take(columns, item);
    tally.addTotal(bucket, COLUMNS.units, quantity);
    tally.addTotal(bucket, revenue, amount);
    items.count(row, bucket, COLUMNS.units, quantity);
    items.count(row, bucket, revenue, amount);
    return amount;
  }

  return {
    begin(states) {
      orders = states;
      claims.clear();
      touched.clear();
      lastShopper.clear();
    },
    countPurchase({ columns, shoppers }, row, bucket, before) {
      const orderId = columns.text(row, TEXT.orderId);
      const partial = columns.is(row, FLAG.partial);
      const key = orderId === undefined ? undefined : orderKey(orderId);
      const known = key === undefined ? undefined : orders.get(key);
      if (known !== undefined && !(known.partial && partial)) {
        tally.addTotal(bucket, COLUMNS.duplicateOrders, 1);
        return undefined;
      }
      if (partial) {
        const shopper = shoppers[row]!;
        if ((lastShopper.get(key!) ?? shopper) !== shopper) before();
        lastShopper.set(key!, shopper);
      }
      const order = known ?? newOrder(partial);
      const code = columns.text(row, TEXT.currency) ?? currency;
      if (known === undefined) {
        tally.addTotal(bucket, FAMILIES.orders.of(code), 1);
        keys.count(row, bucket, COLUMNS.orders, 1);
      }
      let amount: Count = 0;
      const first = columns.firstItem(row);
      for (let item = first; item < first + columns.items(row); item += 1) {
        amount = add(amount, countLine(columns, row, item, code, bucket));
        const isFirstLine = addOrderLine(order, columns.itemText(item, ITEM_TEXT.productId)!);
        if (isFirstLine) items.countProduct(bucket, COLUMNS.orders, 1);
      }
      if (key !== undefined) {
        orders.set(key, order);
        touched.add(key);
        if (known === undefined) claims.add(key);
      }
      return { orders: known === undefined ? 1 : 0, amount, code, order };
    },
    countRefund({ columns }, row, bucket) {
      const column = FAMILIES.refunds.of(columns.text(row, TEXT.currency) ?? currency);
      const first = columns.firstItem(row);
      for (let item = first; item < first + columns.items(row); item += 1) {
        const price = columns.price(item);
        if (price === undefined) continue;
        const amount = multiply(price, columns.quantity(item));
        items.take(columns, item);
        tally.addTotal(bucket, column, amount);
        items.count(row, bucket, column, amount);
      }
    },
    claims: () => [...claims],
    changed: () => [...touched].map((key) => [key, encodeOrderState(orders.get(key)!)]),
  };
}
