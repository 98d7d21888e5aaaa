import { type Interaction } from '../../ml/recommender.ts';
import { type EventType, type ShopEvent, shopperOf } from '../events/shop-event.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';

/** How much interest an event shows in its products. */
const WEIGHTS: Readonly<Partial<Record<EventType, number>>> = {
  view_item: 1,
  add_to_wishlist: 2,
  add_to_cart: 3,
  purchase: 5,
};

/** Most sessions that are remembered, the latest, and most products of each. */
const SESSIONS = 100_000;
const PRODUCTS = 50;

interface Basket {
  /** Greatest weight and newest time by product. */
  readonly products: Map<string, { weight: number; time: number }>;
}

/** The interactions of the latest sessions, in bounded memory. */
export interface InteractionMemory {
  add(event: ShopEvent): void;
  interactions(): Iterable<Interaction>;
  /** Number of interactions added so far, those that were forgotten too. */
  readonly added: number;
}

/**
 * Groups interactions by session: the source's session id, else what a shopper does without a gap of 30 minutes, else the
 * order, for an order of nobody is still a basket.
 */
export function createInteractionMemory(sessions = SESSIONS): InteractionMemory {
  const baskets = new Map<string, Basket>();
  /** The running session of each shopper whose source gives none. */
  const running = new Map<string, { name: string; lastTime: number }>();
  let added = 0;

  function basketName(event: ShopEvent): string | undefined {
    const { time, sessionId, orderId } = event;
    const shopper = shopperOf(event);
    if (shopper === undefined) return orderId === undefined ? undefined : `order ${orderId}`;
    if (sessionId !== undefined) return `${shopper} ${sessionId}`;
    const last = running.get(shopper);
    const name =
      last !== undefined && time - last.lastTime <= SESSION_GAP_MS ? last.name : `${shopper} at ${time}`;
    running.delete(shopper);
    running.set(shopper, { name, lastTime: Math.max(time, last?.lastTime ?? 0) });
    if (running.size > sessions) running.delete(running.keys().next().value!);
    return name;
  }
  function touch(name: string): Basket {
    const basket = baskets.get(name) ?? { products: new Map() };
    baskets.delete(name);
    baskets.set(name, basket);
    if (baskets.size > sessions) baskets.delete(baskets.keys().next().value!);
    return basket;
  }
  return {
    add(event) {
      const weight = WEIGHTS[event.type];
      if (weight === undefined || event.items.length === 0) return;
      const name = basketName(event);
      if (name === undefined) return;
      const { products } = touch(name);
      for (const { productId } of event.items) {
        added += 1;
        const known = products.get(productId);
        products.delete(productId);
        products.set(productId, {
          weight: Math.max(weight, known?.weight ?? 0),
          time: Math.max(event.time, known?.time ?? 0),
        });
        if (products.size > PRODUCTS) products.delete(products.keys().next().value!);
      }
    },
    *interactions() {
      for (const [user, { products }] of baskets) {
        for (const [item, { weight, time }] of products) yield { user, item, weight, time };
      }
    },
    get added() {
      return added;
    },
  };
}
