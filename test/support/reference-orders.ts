import { type ShopEvent } from '../../src/pipeline/events/shop-event.ts';

/** Something that counts, in the currency and for the values that it has once all is known of its order. */
export interface Posting {
  readonly kind:
    | 'order'
    | 'units'
    | 'gross'
    | 'refund'
    | 'excess'
    | 'orderless'
    | 'unpriced'
    | 'pending'
    | 'cancelled'
    | 'changed';
  readonly time: number;
  readonly amount: bigint;
  readonly currency?: string;
  readonly country?: string | undefined;
  readonly product?: string;
}

type Item = ShopEvent['items'][number];

const RANKS = ['pending', 'paid', 'refunded', 'cancelled'];

/**
 * What purchases and refunds are worth, the slow and obvious way: with all that is ever known of each order. An order has either
 * one purchase or only partial ones, and each event an order id.
 * @param own the currency of what names none
 */
export function referenceOrders(events: readonly ShopEvent[], own: string): Posting[] {
  const ids = new Set(events.map(({ orderId }) => orderId));
  return [...ids].flatMap((id) =>
    postingsOf(
      events.filter((event) => event.orderId === id && event.type === 'purchase'),
      events.filter((event) => event.orderId === id && event.type === 'refund'),
      own,
    ),
  );
}

function postingsOf(purchases: readonly ShopEvent[], refunds: readonly ShopEvent[], own: string): Posting[] {
  const currency = earliest(purchases, currencyOf) ?? earliest(refunds, currencyOf) ?? own;
  const country = earliest(purchases, countryOf);
  const status = purchases.map((event) => event.status).sort((a, b) => rank(b) - rank(a))[0];
  const known = purchases.length > 0;
  const counted = known && status !== 'pending' && status !== 'cancelled';
  const since = least(purchases.map(({ time }) => time));
  const greatest = (name: 'revenue' | 'total' | 'tax' | 'shipping'): bigint | undefined =>
    purchases
      .flatMap((event) => event[name] ?? [])
      .map(BigInt)
      .sort((a, b) => (a < b ? 1 : -1))[0];
  const postings: Posting[] = [];
  if (!known) for (const { time } of refunds) postings.push({ kind: 'orderless', time, amount: 1n });

  const worth = new Map<string, bigint>();
  const add = (code: string, amount: bigint): unknown => worth.set(code, (worth.get(code) ?? 0n) + amount);
  if (known && !counted)
    postings.push({ kind: status === 'pending' ? 'pending' : 'cancelled', time: since, amount: 1n });
  if (counted) {
    const items = purchases.flatMap((event) => event.items.map((item) => ({ event, item })));
    const lacks = items.length === 0 || items.some(({ item }) => saidOf(item) === undefined);
    const facts = [greatest('revenue'), greatest('total'), greatest('tax'), greatest('shipping')] as const;
    for (const { event, item } of items) {
      const where = {
        time: event.time,
        currency: event.currency ?? currency,
        country: countryOf(event) ?? country,
        product: item.productId,
      };
      postings.push({ kind: 'units', ...where, amount: BigInt(item.quantity) });
      postings.push({ kind: 'gross', ...where, amount: saidOf(item) ?? 0n });
      if (saidOf(item) !== undefined) add(where.currency, saidOf(item)!);
    }
    const rest = beyond(worth.get(currency) ?? 0n, lacks, ...facts);
    if (rest > 0n) {
      postings.push({ kind: 'gross', time: since, currency, country, amount: rest });
      add(currency, rest);
    }
    postings.push({ kind: 'order', time: since, currency, country, amount: 1n });
    for (const product of new Set(items.map(({ item }) => item.productId))) {
      const time = least(
        items.filter(({ item }) => item.productId === product).map(({ event }) => event.time),
      );
      postings.push({ kind: 'order', time, product, amount: 1n });
    }
    if (lacks && facts[0] === undefined && facts[1] === undefined)
      postings.push({ kind: 'unpriced', time: since, amount: 1n });
  }

  const statements = (['revenue', 'total'] as const).map(
    (name) => new Set(purchases.flatMap((event) => event[name] ?? [])),
  );
  if (statements.some(({ size }) => size > 1)) postings.push({ kind: 'changed', time: since, amount: 1n });

  const goods = new Map(worth);
  const left = new Map(worth);
  if (counted) {
    const all =
      greatest('total') ??
      (goods.get(currency) ?? 0n) + (greatest('tax') ?? 0n) + (greatest('shipping') ?? 0n);
    left.set(currency, max(all, goods.get(currency) ?? 0n));
  }
  const given = new Map<string, bigint>();
  const give = (code: string, amount: bigint): void => {
    given.set(code, (given.get(code) ?? 0n) + amount);
    if (left.has(code)) left.set(code, max(0n, left.get(code)! - amount));
  };
  for (const refund of [...refunds].sort((a, b) => a.time - b.time)) {
    if (refund.refunded !== undefined) continue;
    const code = refund.currency ?? currency;
    const bounded = known && (!counted || code === currency || goods.has(code));
    const where = {
      kind: 'refund',
      time: refund.time,
      currency: code,
      country: countryOf(refund) ?? country,
    } as const;
    const stated = refund.revenue !== undefined || refund.total !== undefined;
    if (refund.status === 'cancelled' || (refund.items.length === 0 && !stated)) {
      const rest = bounded ? max(0n, (goods.get(code) ?? 0n) - (given.get(code) ?? 0n)) : 0n;
      postings.push({ ...where, amount: rest });
      give(code, rest);
      if (rest === 0n && !(known && refund.status === 'cancelled'))
        postings.push({ kind: 'excess', time: refund.time, amount: 1n });
      continue;
    }
    const wanted = refund.items.map(
      (item) => saidOf(item) ?? (stated ? undefined : paidFor(purchases, item)),
    );
    const lacks = wanted.length === 0 || wanted.includes(undefined);
    const sum = wanted.reduce<bigint>((total, amount) => total + (amount ?? 0n), 0n);
    const facts = [refund.revenue, refund.total, refund.tax, refund.shipping].map((amount) =>
      amount === undefined ? undefined : BigInt(amount),
    );
    let short = lacks && !stated;
    const take = (amount: bigint, product?: string): void => {
      const room = bounded ? (left.get(code) ?? 0n) : amount;
      const taken = amount < room ? amount : room;
      if (taken < amount) short = true;
      postings.push({ ...where, amount: taken, ...(product !== undefined && { product }) });
      give(code, taken);
    };
    for (const [i, item] of refund.items.entries()) take(wanted[i] ?? 0n, item.productId);
    take(beyond(sum, lacks, ...(facts as [bigint?, bigint?, bigint?, bigint?])));
    if (short) postings.push({ kind: 'excess', time: refund.time, amount: 1n });
  }
  // What was given back so far: what of it no refund has said, at the first moment that says as much.
  for (const refund of [...refunds].sort((a, b) => a.time - b.time)) {
    if (refund.refunded === undefined) continue;
    const code = refund.currency ?? currency;
    const bounded = known && (!counted || code === currency || goods.has(code));
    const more = max(0n, BigInt(refund.refunded) - (given.get(code) ?? 0n));
    const room = bounded ? (left.get(code) ?? 0n) : more;
    const amount = more < room ? more : room;
    const where = { time: refund.time, currency: code, country: countryOf(refund) ?? country };
    postings.push({ kind: 'refund', ...where, amount });
    give(code, amount);
    if (amount < more) postings.push({ kind: 'excess', time: refund.time, amount: 1n });
  }
  const refundedAt = least(purchases.filter((event) => event.status === 'refunded').map(({ time }) => time));
  if (counted && Number.isFinite(refundedAt)) {
    for (const [code, amount] of goods)
      postings.push({
        kind: 'refund',
        time: refundedAt,
        currency: code,
        country,
        amount: max(0n, amount - (given.get(code) ?? 0n)),
      });
  }
  return postings;
}

/** What is stated beyond what items say. */
function beyond(
  sum: bigint,
  lacks: boolean,
  revenue?: bigint,
  total?: bigint,
  tax = 0n,
  shipping = 0n,
): bigint {
  const stated = revenue ?? (total === undefined ? 0n : max(0n, total - tax - shipping));
  if (stated <= sum) return 0n;
  if (lacks) return stated - sum;
  return revenue !== undefined && stated - sum > tax + shipping ? stated - sum : 0n;
}

function saidOf({ price, quantity, total }: Item): bigint | undefined {
  if (total !== undefined) return BigInt(total);
  return price === undefined ? undefined : BigInt(price) * BigInt(quantity);
}

/** What so many units were bought for, rounded half up. */
function paidFor(purchases: readonly ShopEvent[], { productId, quantity }: Item): bigint | undefined {
  const same = purchases
    .flatMap(({ items }) => items)
    .filter((item) => item.productId === productId && saidOf(item) !== undefined);
  const units = BigInt(same.reduce((sum, item) => sum + item.quantity, 0));
  const paid = same.reduce((sum, item) => sum + saidOf(item)!, 0n);
  return units === 0n ? undefined : (2n * paid * BigInt(quantity) + units) / (2n * units);
}

/** What the earliest event says that says anything; of several at one time the least. */
function earliest(
  events: readonly ShopEvent[],
  said: (event: ShopEvent) => string | undefined,
): string | undefined {
  const saying = events.filter((event) => said(event) !== undefined);
  const time = least(saying.map((event) => event.time));
  return saying
    .filter((event) => event.time === time)
    .map((event) => said(event)!)
    .sort()[0];
}

function currencyOf({ currency }: ShopEvent): string | undefined {
  return currency;
}

function countryOf({ properties }: ShopEvent): string | undefined {
  return properties?.country as string | undefined;
}

function rank(status: string | undefined): number {
  return status === undefined ? -1 : RANKS.indexOf(status);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
