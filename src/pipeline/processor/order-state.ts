/** What is remembered of an order, so that it counts once. */
export interface OrderState {
  /** The source sends it line by line. */
  readonly partial: boolean;
  /** Products counted so far, where more lines may follow. */
  readonly products: string[];
}

/** An order with more products than this counts a product that comes again as one more order of it. */
const KEPT_PRODUCTS = 2000;

/** Key of an order's state in the live store. */
export function orderKey(orderId: string): string {
  return `o:${orderId}`;
}

export function newOrder(partial: boolean): OrderState {
  return { partial, products: [] };
}

/** Notes a product of an order. @returns whether it is the product's first line */
export function addOrderLine(order: OrderState, productId: string): boolean {
  if (order.products.includes(productId)) return false;
  if (order.products.length < KEPT_PRODUCTS) order.products.push(productId);
  return true;
}

export function encodeOrderState({ partial, products }: OrderState): string {
  // A whole order never gets another line: that it was there is all there is to know.
  return partial ? JSON.stringify(products) : '';
}

export function decodeOrderState(text: string): OrderState {
  return text === '' ? newOrder(false) : { partial: true, products: JSON.parse(text) as string[] };
}
