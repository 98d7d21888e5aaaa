import { type Count } from '../events/money.ts';

/** Buyers with more orders than this are one class. */
export const MOST_ORDERS = 20;

/**
 * The class of a buyer: how many orders so far, and how much was spent so far, in steps of half an octave of currency units;
 * of several currencies, by the one with the most units.
 * With the cell of the newest purchase, which is the recency, it is all that RFM segments take.
 */
export function buyerClass(orders: number, spent: Iterable<Count>): string {
  let greatest = 0;
  for (const sum of spent) greatest = Math.max(greatest, spentClass(sum));
  return `${Math.min(orders, MOST_ORDERS)}.${greatest}`;
}

function spentClass(spent: Count): number {
  return Math.floor(2 * Math.log2(Math.max(0, Number(spent)) / 10_000 + 1));
}

/** What `buyerClass` has named. `spent` only orders classes. */
export function readBuyerClass(name: string): { orders: number; spent: number } {
  const [orders, spent] = name.split('.').map(Number) as [number, number];
  return { orders, spent };
}
