import { type OrderStatus } from '../shop-event.ts';
import { BadRow, firstOf, list, object, type RawEvent } from './format.ts';
import { plainAmount } from './plain-amount.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** What becomes of an order, by a source's own word for it, lower case. */
export function statusReader(
  words: Readonly<Record<OrderStatus, readonly string[]>>,
): (word: unknown) => unknown {
  const statuses = new Map<string, OrderStatus>();
  for (const [status, all] of Object.entries(words) as [OrderStatus, readonly string[]][])
    for (const word of all) statuses.set(word, status);
  // An unknown word stays, for the validation to refuse.
  return (word) => (typeof word === 'string' ? (statuses.get(word.trim().toLowerCase()) ?? word) : undefined);
}

/** Why an order whose status is there and says nothing is none: it may be one that was never placed. @param names of its status */
export function statusFault(order: Fields, ...names: readonly string[]): BadRow | undefined {
  const isThere = names.some((name) => name in order);
  if (!isThere || names.some((name) => firstOf(order[name]) !== undefined)) return undefined;
  return new BadRow('bad status', `${names[0]} says nothing`);
}

/** An amount that a source writes below 0 where it is given back or taken off; what is no number stays as it is. */
export function withoutSign(amount: unknown): unknown {
  if (typeof amount === 'number') return Math.abs(amount);
  return typeof amount === 'string' ? amount.trim().replace(/^-/, '') : amount;
}

/** Whether an amount is above 0. */
export function isAmount(amount: unknown): boolean {
  return numberOf(amount) > 0;
}

/** A sum of decimals, exact to 1/10 000; `undefined` where none of them is a number. */
export function sumOf(amounts: readonly unknown[]): string | undefined {
  const numbers = amounts.map(numberOf).filter((amount) => !Number.isNaN(amount));
  if (numbers.length === 0) return undefined;
  return (numbers.reduce((sum, amount) => sum + Math.round(amount * 10_000), 0) / 10_000).toFixed(4);
}

/** NaN for what is no number; an object's own way to become one is a stranger's. */
function numberOf(amount: unknown): number {
  if (typeof amount === 'number') return amount;
  return typeof amount === 'string' && amount.trim() !== '' ? Number(amount) : Number.NaN;
}

/** The orders of an answer of an API: a list under one of some names, or the value itself. */
export function ordersOf(value: unknown, names: readonly string[]): readonly Fields[] {
  const fields = object(value);
  for (const name of names) {
    const orders = fields[name];
    if (Array.isArray(orders)) return orders.map(object);
  }
  return [fields];
}

/** What GraphQL has as `edges` of `node`s, as `nodes`, or as a list. */
export function nodesOf(connection: unknown): readonly Fields[] {
  if (Array.isArray(connection)) return connection.map(object);
  const { nodes, edges } = object(connection);
  return Array.isArray(nodes) ? nodes.map(object) : list(edges).map((edge) => object(object(edge).node));
}

/** Names what a source says of an order, until it says something else: who reads it again finds a duplicate. */
export function idOf(...parts: readonly unknown[]): Pick<RawEvent, 'id'> {
  const isText = (part: unknown): boolean => typeof part === 'string' || typeof part === 'number';
  return { id: parts.map((part) => (isText(part) ? String(part) : '')).join(':') };
}

/**
 * What a row of a table says of a whole order as an event of its own, then the line of the order: so the line stays the same event
 * when the order is paid or paid back, and another export of the table does not count it again. A line that comes after what
 * became of its order makes no visit a buyer's where nothing was bought.
 */
export function lineAndOrder(source: string, line: RawEvent, order: RawEvent): readonly RawEvent[] {
  const { status, revenue, total, tax, shipping, discount } = order;
  // An event of a whole order has to say what it is worth.
  if (firstOf(revenue, total) === undefined) return [{ ...line, ...order }];
  const id = idOf(
    `${source}-order`,
    line.orderId,
    status,
    plainAmount(revenue),
    plainAmount(total),
    plainAmount(tax),
    plainAmount(shipping),
    plainAmount(discount),
  );
  return [{ ...line, ...order, items: [], ...id }, line];
}

/**
 * The refund of an order of which a source tells only how much was paid back so far: a later export, or another source, that
 * tells more adds what is more.
 */
export function refundedSoFar(
  source: string,
  order: RawEvent,
  refunded: unknown,
  time: unknown = order.time,
): RawEvent {
  const amount = plainAmount(typeof refunded === 'number' ? String(refunded) : refunded);
  const id = idOf(`${source}-refund`, order.orderId, amount);
  return { ...order, type: 'refund', time, refunded: amount, items: [], ...id };
}
