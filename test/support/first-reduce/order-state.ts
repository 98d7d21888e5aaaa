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
