import { type RawEvent } from './format.ts';

/** Orders that are remembered: those that came last. */
const MOST_ORDERS = 50_000;

/** What the orders of a source say that holds for their lines and refunds in records of their own, by their ids. */
export class KnownOrders {
  private readonly orders = new Map<string, RawEvent>();

  /** @param order what the events of it have in common */
  add(id: unknown, order: RawEvent): void {
    const key = String(id);
    this.orders.delete(key);
    this.orders.set(key, order);
    if (this.orders.size <= MOST_ORDERS) return;
    const [oldest] = this.orders.keys();
    this.orders.delete(oldest!);
  }

  find(id: unknown): RawEvent | undefined {
    return this.orders.get(String(id));
  }
}
