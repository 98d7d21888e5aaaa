import { firstOf } from './format.ts';

const DIGITS = /^\d+$/;

/**
 * An order of Shopify as its shop calls it, `#7001`: where a source leaves the sign out, or gives the number alone, it is the usual one.
 * @param name as `Name` of an export @param number as `order_number`, where there is no name
 */
export function shopifyOrderName(name: unknown, number?: unknown): unknown {
  const called = firstOf(name, number);
  const text = typeof called === 'number' ? String(called) : called;
  return typeof text === 'string' && DIGITS.test(text.trim()) ? `#${text.trim()}` : text;
}

/** The number of an order of WooCommerce, without the sign that its pages show before it. */
export function woocommerceOrderNumber(number: unknown): unknown {
  return typeof number === 'string' ? number.replace(/^\s*#\s*(?=\S)/, '') : number;
}
