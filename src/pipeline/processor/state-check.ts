import { decodeOrderState, encodeOrderState, orderKey } from './order-state.ts';
import { decodeShopperState, encodeShopperState } from './shopper-record.ts';

const ORDER = orderKey('');

/** Whether bytes of the live store are the state of a shopper or an order as it was written. */
export function isWholeState(key: string, bytes: Uint8Array): boolean {
  try {
    const again = key.startsWith(ORDER)
      ? encodeOrderState(decodeOrderState(bytes))
      : encodeShopperState(decodeShopperState(bytes));
    return Buffer.compare(again, bytes) === 0;
  } catch {
    return false;
  }
}
