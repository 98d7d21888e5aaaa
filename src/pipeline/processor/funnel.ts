import { type EventType } from '../events/shop-event.ts';

/** The steps in their order. */
export const FUNNEL = ['view', 'cart', 'checkout', 'purchase'] as const;

/** Place in `FUNNEL` of the step that an event takes; `undefined` for an event that takes none. */
export const STEP_OF: Readonly<Partial<Record<EventType, number>>> = {
  view_item: 0,
  add_to_cart: 1,
  begin_checkout: 2,
  add_shipping_info: 2,
  add_payment_info: 2,
  purchase: 3,
};

/**
 * A path tells which steps a session has taken in which order, as a set of chains: bit `c` is set where the steps in `c`
 * (bit `i` of it for step `i`) were taken one after the other, in the funnel's order. With it, whichever steps a shop
 * sends, one counter a session answers how far it came, whether it had a cart and whether it bought.
 */
export const NO_STEPS = 0;

/** The path after one more step. */
export function takeStep(path: number, step: number): number {
  const bit = 1 << step;
  let next = path | (1 << bit);
  // Chains that end before this step go on with it.
  for (let chain = 1; chain < bit; chain += 1) {
    if (path & (1 << chain)) next |= 1 << (chain | bit);
  }
  return next;
}

/** The path of two runs of events, one after the other. */
export function joinPaths(first: number, second: number): number {
  let path = first | second;
  for (let a = 1; a < 16; a += 1) {
    if (!(first & (1 << a))) continue;
    for (let b = 1; b < 16; b += 1) {
      const after = (b & -b) > a; // the first step of b comes after the last of a
      if (after && second & (1 << b)) path |= 1 << (a | b);
    }
  }
  return path;
}

/** Whether the path holds the steps, taken one after the other. */
export function hasTaken(path: number, steps: readonly number[]): boolean {
  const chain = steps.reduce((bits, step) => bits | (1 << step), 0);
  return (path & (1 << chain)) !== 0;
}
