import { type ShopEvent, shopperOf } from '../../src/pipeline/events/shop-event.ts';

const GAP = 30 * 60_000;
const STEPS = [
  ['view', ['view_item']],
  ['cart', ['add_to_cart']],
  ['checkout', ['begin_checkout', 'add_shipping_info', 'add_payment_info']],
  ['purchase', ['purchase']],
] as const;

interface ReferenceSession {
  end: number;
  steps: string[];
}

/**
 * The numbers of the whole history, the slow and obvious way: all events in memory, one pass a question.
 * @param events by time, each once, all in one currency
 */
export function referenceNumbers(events: readonly ShopEvent[], asOf: number) {
  const orders = new Map<string, ShopEvent>();
  const repeated = new Set<ShopEvent>();
  for (const event of events) {
    if (event.type !== 'purchase' || event.orderId === undefined) continue;
    if (orders.has(event.orderId)) repeated.add(event);
    else orders.set(event.orderId, event);
  }
  const purchases = events.filter((event) => event.type === 'purchase' && !repeated.has(event));
  const refunds = events.filter(({ type }) => type === 'refund');
  const worth = (list: readonly ShopEvent[]): bigint =>
    list
      .flatMap(({ items }) => items)
      .reduce((sum, { price = 0, quantity }) => sum + BigInt(price) * BigInt(quantity), 0n);
  const shoppers = groupBy(events);
  const sessions = [...shoppers.values()].flatMap((list) => sessionsOf(list, repeated));
  const closed = sessions.filter(({ end }) => end < Math.floor((asOf - GAP) / 10_000) * 10_000);
  const has = ({ steps }: ReferenceSession, step: string): boolean => steps.includes(step);
  const present = STEPS.filter(([, types]) =>
    events.some(({ type }) => (types as readonly string[]).includes(type)),
  );
  return {
    events: events.length,
    users: shoppers.size,
    buyers: [...shoppers.values()].filter((list) => list.some((event) => purchases.includes(event))).length,
    sessions: sessions.length,
    convertedSessions: sessions.filter((session) => has(session, 'purchase')).length,
    orders: purchases.length,
    duplicateOrders: repeated.size,
    units: purchases.flatMap(({ items }) => items).reduce((sum, { quantity }) => sum + quantity, 0),
    gross: worth(purchases),
    refunds: worth(refunds),
    active30m: [...shoppers.values()].filter(
      (list) => list.at(-1)!.time >= Math.floor(asOf / 10_000) * 10_000 + 10_000 - GAP,
    ).length,
    closedWithCart: closed.filter((session) => has(session, 'cart')).length,
    closedWithCartAndPurchase: closed.filter((session) => has(session, 'cart') && has(session, 'purchase'))
      .length,
    funnel: present.map(([step], i) => ({
      step,
      sessions: sessions.filter(({ steps }) =>
        isSubsequence(
          present.slice(0, i + 1).map(([name]) => name),
          steps,
        ),
      ).length,
    })),
    unitsByProduct: purchases
      .flatMap(({ items }) => items)
      .reduce(
        (units, { productId, quantity }) => units.set(productId, (units.get(productId) ?? 0) + quantity),
        new Map<string, number>(),
      ),
  };
}

function groupBy(events: readonly ShopEvent[]): Map<string, ShopEvent[]> {
  const groups = new Map<string, ShopEvent[]>();
  for (const event of events) {
    const shopper = shopperOf(event);
    if (shopper !== undefined) groups.set(shopper, [...(groups.get(shopper) ?? []), event]);
  }
  return groups;
}

function sessionsOf(events: readonly ShopEvent[], repeated: ReadonlySet<ShopEvent>): ReferenceSession[] {
  const sessions: ReferenceSession[] = [];
  for (const event of events) {
    let session = sessions.at(-1);
    if (session === undefined || event.time - session.end > GAP) {
      session = { end: event.time, steps: [] };
      sessions.push(session);
    }
    session.end = event.time;
    const step = STEPS.find(([, types]) => (types as readonly string[]).includes(event.type))?.[0];
    if (step !== undefined && !repeated.has(event)) session.steps.push(step);
  }
  return sessions;
}

function isSubsequence(chain: readonly string[], steps: readonly string[]): boolean {
  let found = 0;
  for (const step of steps) if (step === chain[found]) found += 1;
  return found === chain.length;
}
