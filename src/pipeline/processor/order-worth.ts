import { type OrderFacts } from '../events/event-marks.ts';
import { add, type Count, compareCounts, subtract } from '../events/money.ts';
import { type OrderStatus } from '../events/shop-event.ts';
import { isCounted, type OrderItem, type OrderPart, type OrderState } from './order-state.ts';

/** How an order is counted by what is known of it. */
export interface Reading {
  /** Whether a purchase of it is known. */
  readonly isKnown: boolean;
  /** Whether its status lets it count. */
  readonly isCounted: boolean;
  readonly status: OrderStatus | undefined;
  /** When it counts as an order, ms since the epoch. */
  readonly time: number;
  /** Its currency. */
  readonly code: string;
  /** What parts that do not say it are broken down by. */
  readonly values: readonly (string | undefined)[];
  /** What its items are worth, by currency. */
  readonly sums: Map<string, Count>;
  /** Times at which its products were bought first. */
  readonly products: Map<string, number>;
  /** Whether an item says no amount, or there is none. */
  readonly lacksAmounts: boolean;
  /** Whether it is stated what the whole order is worth. */
  readonly isStated: boolean;
  /** What the order is said to be worth beyond its items, in its currency. */
  readonly rest: Count;
}

/** @param own the currency of what names none */
export function readOrder(order: OrderState, own: string): Reading {
  const { beyond, currency, kind, status, values } = order;
  const code = currency?.text ?? own;
  const sums = new Map<string, Count>();
  const products = new Map<string, number>();
  let lacksAmounts = order.items === 0;
  for (const part of order.purchases) lacksAmounts = addPart(sums, products, part, code) || lacksAmounts;
  for (const [of, amount] of beyond) addTo(sums, of === '' ? code : of, amount);
  return {
    isKnown: kind !== 'refunds',
    isCounted: isCounted(order),
    status,
    code,
    values: values.map((said) => said?.text),
    sums,
    products,
    lacksAmounts,
    ...markOf(order, code, sums, lacksAmounts),
  };
}

/**
 * The reading of an order after a part that changes nothing of how the others are counted.
 * @returns `before` itself, brought up to date, where the order as a whole counts as before
 */
export function readMore(order: OrderState, before: Reading, part: OrderPart): Reading {
  const { code, sums, products } = before;
  const isFirst = order.items === part.items.length;
  const lacks = addPart(sums, products, part, code) || part.items.length === 0;
  const lacksAmounts = isFirst ? lacks : before.lacksAmounts || (lacks && part.items.length > 0);
  const isStated = before.isStated || part.facts.revenue !== undefined || part.facts.total !== undefined;
  if (!isStated && lacksAmounts === before.lacksAmounts && order.time === before.time) return before;
  return { ...before, lacksAmounts, ...markOf(order, code, sums, lacksAmounts) };
}

function markOf(
  { amounts, time }: OrderState,
  code: string,
  sums: ReadonlyMap<string, Count>,
  lacksAmounts: boolean,
): Pick<Reading, 'time' | 'isStated' | 'rest'> {
  const isStated = amounts.revenue !== undefined || amounts.total !== undefined;
  return { time, isStated, rest: isStated ? restOf(sums.get(code) ?? 0, lacksAmounts, amounts) : 0 };
}

/** @returns whether an item says no amount */
function addPart(
  sums: Map<string, Count>,
  products: Map<string, number>,
  { currency, items, time }: OrderPart,
  code: string,
): boolean {
  let lacks = false;
  for (const { product, amount } of items) {
    if (amount === undefined) lacks = true;
    else addTo(sums, currency ?? code, amount);
    const since = products.get(product);
    if (since === undefined || time < since) products.set(product, time);
  }
  return lacks;
}

function addTo(sums: Map<string, Count>, code: string, amount: Count): void {
  const before = sums.get(code);
  sums.set(code, before === undefined ? amount : add(before, amount));
}

/**
 * What is stated beyond what items say, before tax and shipping. It makes up for items without an amount. Where all have one, only
 * `revenue` can be more, as where a product is left out, and only by more than tax and shipping would explain.
 */
function restOf(
  sum: Count,
  lacksAmounts: boolean,
  { revenue, total, tax = 0, shipping = 0 }: OrderFacts,
): Count {
  const stated = revenue ?? (total === undefined ? undefined : Math.max(0, total - tax - shipping));
  if (stated === undefined || compareCounts(stated, sum) <= 0) return 0;
  const rest = subtract(stated, sum);
  if (lacksAmounts) return rest;
  return revenue !== undefined && compareCounts(rest, tax + shipping) > 0 ? rest : 0;
}

/** What an order adds to what was bought, by currency. */
export function goodsOf({ isCounted: counts, code, sums, rest }: Reading): Map<string, Count> {
  if (!counts) return new Map();
  const goods = new Map(sums);
  if (rest !== 0) addTo(goods, code, rest);
  return goods;
}

/** What of a refund counts. */
export interface Settled {
  readonly time: number;
  readonly code: string;
  readonly values: readonly (string | undefined)[];
  /** With what is given back of each. */
  readonly items: readonly { readonly item: OrderItem; readonly amount: Count }[];
  /** What is given back for no item in particular. */
  readonly rest: Count;
  /** There was less left of the order than it says, or nobody says how much it is. */
  readonly isExcess: boolean;
}

/**
 * What the refunds of an order give back: the earliest first, those that say how much it is so far after the others, up to what the order was worth, tax and shipping included. An order
 * whose purchase is not known has no bound.
 */
export function settle(order: OrderState, reading: Reading): Settled[] {
  const { code, isKnown, values } = reading;
  const goods = goodsOf(reading);
  const left = new Map(goods);
  if (reading.isCounted) left.set(code, worthWithAll(order, goods.get(code) ?? 0));
  const given = new Map<string, Count>();
  const settled: Settled[] = [];

  function settleOne(part: OrderPart): Settled {
    const of = part.currency ?? code;
    const isBounded = isKnown && (of === code || !reading.isCounted || goods.has(of));
    const isAll = givesAllBack(part);
    const wanted = isSoFar(part) ? moreThan(given.get(of) ?? 0, part) : wantedOf(part, order);
    let room: Count | undefined = isBounded ? (left.get(of) ?? 0) : undefined;
    // Who gives all back does not say how much: what was bought, without tax and shipping.
    if (isAll) room = isBounded ? positive(subtract(goods.get(of) ?? 0, given.get(of) ?? 0)) : 0;
    let isShort = false;
    function take(amount: Count): Count {
      if (room === undefined || compareCounts(amount, room) <= 0) {
        if (room !== undefined) room = subtract(room, amount);
        return amount;
      }
      isShort = true;
      const rest = room;
      room = 0;
      return rest;
    }
    const items = isAll ? [] : wanted.items.map(({ item, amount }) => ({ item, amount: take(amount) }));
    const rest = isAll ? take(room!) : take(wanted.rest);
    const taken = items.reduce((sum, { amount }) => add(sum, amount), rest);
    addTo(given, of, taken);
    if (isBounded) left.set(of, positive(subtract(left.get(of) ?? 0, taken)));
    const isExcess = isAll
      ? taken === 0 && !(isKnown && part.facts.status === 'cancelled')
      : isShort || wanted.isUnclear;
    return {
      time: part.time,
      code: of,
      values: part.values.map((text, i) => text ?? (i === 0 ? undefined : values[i])),
      items,
      rest,
      isExcess,
    };
  }

  const parts = inOrder(order.refunds);
  for (const part of parts) if (!isSoFar(part)) settled.push(settleOne(part));
  // What was given back so far holds whatever else is said: what is more in it is added, by whoever says so first.
  for (const part of parts) if (isSoFar(part)) settled.push(settleOne(part));
  if (order.refundedAt > 0 && reading.isCounted) {
    for (const [of, amount] of goods) {
      const rest = positive(subtract(amount, given.get(of) ?? 0));
      if (rest !== 0)
        settled.push({ time: order.refundedAt, code: of, values, items: [], rest, isExcess: false });
    }
  }
  return settled;
}

function positive(amount: Count): Count {
  return amount < 0 ? 0 : amount;
}

function worthWithAll({ amounts }: OrderState, goods: Count): Count {
  const { total, tax = 0, shipping = 0 } = amounts;
  const all = total ?? add(goods, tax + shipping);
  return compareCounts(all, goods) > 0 ? all : goods;
}

/** Whether a refund takes back whatever is left: a cancellation does, and one that says nothing else. */
function givesAllBack({ facts, items }: OrderPart): boolean {
  if (facts.refunded !== undefined) return false;
  if (facts.status === 'cancelled') return true;
  return items.length === 0 && facts.revenue === undefined && facts.total === undefined;
}

/** Whether a refund says what all refunds of its order have given back until then. */
export function isSoFar({ facts }: OrderPart): boolean {
  return facts.refunded !== undefined;
}

/** What such a refund asks for beyond what was given back before it, for no item in particular. */
function moreThan(given: Count, { facts }: OrderPart): ReturnType<typeof wantedOf> {
  return { items: [], rest: positive(subtract(facts.refunded!, given)), isUnclear: false };
}

/** What a refund asks for: items without an amount at the price at which they were bought. */
function wantedOf(
  { facts, items }: OrderPart,
  order: OrderState,
): { items: { item: OrderItem; amount: Count }[]; rest: Count; isUnclear: boolean } {
  const isStated = facts.revenue !== undefined || facts.total !== undefined;
  let lacksAmounts = items.length === 0;
  let sum: Count = 0;
  const wanted = items.map((item) => {
    // What is stated for all of them makes up for what is missing.
    const amount = item.amount ?? (isStated ? undefined : boughtFor(order, item));
    if (amount === undefined) lacksAmounts = true;
    else sum = add(sum, amount);
    return { item, amount: amount ?? 0 };
  });
  return { items: wanted, rest: restOf(sum, lacksAmounts, facts), isUnclear: lacksAmounts && !isStated };
}

/** What so many units of a product of an order were bought for; undefined where that is not known. */
function boughtFor(order: OrderState, { product, quantity }: OrderItem): Count | undefined {
  let units = 0;
  let paid: Count = 0;
  for (const { items } of order.purchases) {
    for (const item of items) {
      if (item.product !== product || item.amount === undefined) continue;
      units += item.quantity;
      paid = add(paid, item.amount);
    }
  }
  if (units === 0) return undefined;
  const exact = (2n * BigInt(paid) * BigInt(quantity) + BigInt(units)) / (2n * BigInt(units));
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** By time; those of one time in an order that does not depend on which came first. */
function inOrder(parts: readonly OrderPart[]): readonly OrderPart[] {
  if (parts.length < 2) return parts;
  return [...parts].sort((a, b) => a.time - b.time || (textOf(a) < textOf(b) ? -1 : 1));
}

/** Of parts while they are in memory: an order is settled anew with each of its refunds. */
const texts = new WeakMap<OrderPart, string>();

function textOf(part: OrderPart): string {
  let text = texts.get(part);
  if (text === undefined) {
    text = JSON.stringify(part, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    texts.set(part, text);
  }
  return text;
}
