import { type EventType } from '../events/shop-event.ts';

/** How much interest an event shows in its products, by its type. */
export type InteractionWeights = Readonly<Partial<Record<EventType, number>>>;

export const DEFAULT_WEIGHTS: InteractionWeights = {
  view_item: 1,
  add_to_wishlist: 2,
  add_to_cart: 3,
  purchase: 5,
};
