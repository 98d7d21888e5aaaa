import { ByteReader, ByteWriter } from '../events/bytes.ts';

/** What is remembered of an order, so that it counts once. */
export interface OrderState {
  /** The source sends it line by line. */
  readonly partial: boolean;
  /** Products counted so far, where more lines may follow. */
  readonly products: string[];
  /** What its recommended products were recommended by. */
  readonly arms: string[];
}

/** An order with more products than this counts a product that comes again as one more order of it. */
const KEPT_PRODUCTS = 2000;

/** Key of an order's state in the live store. */
export function orderKey(orderId: string): string {
  return `o:${orderId}`;
}

export function newOrder(partial: boolean): OrderState {
  return { partial, products: [], arms: [] };
}

/** Notes a product of an order. @returns whether it is the product's first line */
export function addOrderLine(order: OrderState, productId: string): boolean {
  if (order.products.includes(productId)) return false;
  if (order.products.length < KEPT_PRODUCTS) order.products.push(productId);
  return true;
}

/** Notes that a product of an order is put down to a recommender. @returns whether it is the first one */
export function addOrderArm({ arms }: OrderState, arm: string): boolean {
  if (arms.includes(arm)) return false;
  arms.push(arm);
  return true;
}

/** Of the layout in which an order is stored. */
const VERSION = 1;
/** A whole order never gets another line: that it was there is all there is to know. */
const WHOLE = new Uint8Array();

/** The stored form: nothing, or the layout's version, products and arms. */
export function encodeOrderState({ partial, products, arms }: OrderState): Uint8Array {
  if (!partial) return WHOLE;
  const writer = new ByteWriter();
  writer.uint(VERSION);
  writer.texts(products);
  writer.texts(arms);
  return writer.slice();
}

/** @throws RangeError where the bytes are no order */
export function decodeOrderState(bytes: Uint8Array): OrderState {
  if (bytes.length === 0) return newOrder(false);
  const reader = new ByteReader(bytes);
  reader.version(VERSION);
  const order = { partial: true, products: reader.texts(), arms: reader.texts() };
  reader.finish();
  return order;
}
