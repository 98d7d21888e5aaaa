import { type Count } from '../events/money.ts';

/** Buyers with more orders than this are one class. */
export const MOST_ORDERS = 20;

/**
 * The class of a buyer: how many orders so far, and how much was spent so far, in steps of half an octave of currency units.
 * With the cell of the newest purchase, which is the recency, it is all that RFM segments take.
 */
export function buyerClass(orders: number, spent: Count): string {
  return `${Math.min(orders, MOST_ORDERS)}.${spentClass(spent)}`;
}

function spentClass(spent: Count): number {
  return Math.floor(2 * Math.log2(Number(spent) / 10_000 + 1));
}

/** @returns number of orders (`MOST_ORDERS` for more), and the least that a buyer of the class has spent, in currency units */
export function readBuyerClass(name: string): { orders: number; spentClass: number; leastSpent: number } {
  const [orders, spent] = name.split('.').map(Number) as [number, number];
  return { orders, spentClass: spent, leastSpent: 2 ** (spent / 2) - 1 };
}
