import { decodeOrderState, encodeOrderState, orderKey } from './order-state.ts';
import { decodeShopperState, encodeShopperState } from './shopper-state.ts';

const ORDER = orderKey('');

/** Whether a text of the live store is the state of a shopper or an order as it was written. */
export function isWholeState(key: string, text: string): boolean {
  try {
    const again = key.startsWith(ORDER)
      ? encodeOrderState(decodeOrderState(text))
      : encodeShopperState(decodeShopperState(text));
    return again === text;
  } catch {
    return false;
  }
}
