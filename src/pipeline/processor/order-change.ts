import { add, type Count, compareCounts } from '../events/money.ts';
import { type OrderItem, type OrderPart, type OrderState } from './order-state.ts';

/**
 * Whether a purchase of a known order says that it is worth something else, as where it was edited: another `revenue` or `total`
 * than was said, or, of two that are whole and state neither, items of another worth.
 * @param isWhole whether it is a whole order, and no line of one
 */
export function saysOther(order: OrderState, { facts, items }: OrderPart, isWhole: boolean): boolean {
  let isCompared = false;
  for (const name of ['total', 'revenue'] as const) {
    const [said, known] = [facts[name], order.amounts[name]];
    if (said === undefined || known === undefined) continue;
    if (said !== known) return true;
    isCompared = true;
  }
  const [first] = order.purchases;
  if (isCompared || !isWhole || order.kind !== 'whole' || first === undefined) return false;
  const [said, known] = [worthOf(items), worthOf(first.items)];
  return said !== undefined && known !== undefined && compareCounts(said, known) !== 0;
}

/** `undefined` where one of the items says no amount, or there is none. */
function worthOf(items: readonly OrderItem[]): Count | undefined {
  if (items.length === 0) return undefined;
  let sum: Count = 0;
  for (const { amount } of items) {
    if (amount === undefined) return undefined;
    sum = add(sum, amount);
  }
  return sum;
}
