import { type ShopEvent, shopperOf } from '../../src/pipeline/events/shop-event.ts';

const GAP = 30 * 60_000;
const STEPS = [
  ['view', ['view_item']],
  ['cart', ['add_to_cart']],
  ['checkout', ['begin_checkout', 'add_shipping_info', 'add_payment_info']],
  ['purchase', ['purchase']],
] as const;

interface ReferenceSession {
  readonly events: ShopEvent[];
}

/** Everything that happened before `to` and from `from` on, ms since the epoch. */
export interface ReferencePeriod {
  readonly from: number;
  readonly to: number;
  /** When it is asked. */
  readonly asOf: number;
  /** IANA name. */
  readonly timeZone: string;
}

/**
 * Whose an event is. It is the user's whom it names. An anonymous one is the user's who is named next on its device, by whatever
 * has both ids: at that moment, or after it. Where nobody is named any more, it is the user's who was named last; where nobody
 * ever is, the device is somebody by itself. Of two users who are named at the same moment, the one who comes first by the alphabet was first.
 */
export function peopleOf(events: readonly ShopEvent[]): (event: ShopEvent) => string | undefined {
  const links = new Map<string, { time: number; user: string }[]>();
  for (const { userId, anonymousId, time } of events) {
    if (userId === undefined || anonymousId === undefined) continue;
    links.set(anonymousId, [...(links.get(anonymousId) ?? []), { time, user: userId }]);
  }
  for (const list of links.values()) list.sort((a, b) => a.time - b.time || (a.user < b.user ? -1 : 1));
  return (event) => {
    const list = event.userId === undefined ? links.get(event.anonymousId ?? '') : undefined;
    if (list === undefined) return shopperOf(event);
    return `u:${(list.find(({ time }) => time >= event.time) ?? list.at(-1)!).user}`;
  };
}

/**
 * The numbers the slow and obvious way: the whole history in memory, one pass a question.
 * @param lines in the order of arrival, each once, all in one currency
 */
export function referenceNumbers(lines: readonly ShopEvent[], { from, to, asOf, timeZone }: ReferencePeriod) {
  const personOf = peopleOf(lines);
  const arrived = lines.filter(({ type }) => type !== 'identify');
  const known = new Set<string>();
  const repeated = new Set<ShopEvent>();
  for (const event of arrived) {
    // Lines of an order are one, however many they are.
    if (event.type !== 'purchase' || event.orderId === undefined || event.partial === true) continue;
    if (known.has(event.orderId)) repeated.add(event);
    else known.add(event.orderId);
  }
  const stepOf = ({ type }: ShopEvent): number =>
    STEPS.findIndex(([, types]) => (types as readonly string[]).includes(type));
  const all = [...arrived].sort((a, b) => a.time - b.time || stepOf(a) - stepOf(b));
  const isPurchase = (event: ShopEvent): boolean => event.type === 'purchase' && !repeated.has(event);
  const inside = (time: number): boolean => time >= from && time < to;

  const events = all.filter(({ time }) => inside(time));
  const purchases = events.filter(isPurchase);
  const shoppers = [...groupBy(all, personOf).values()];
  const there = shoppers.filter((list) => list.some(({ time }) => inside(time)));
  const buyers = shoppers.filter((list) => list.some((event) => isPurchase(event) && inside(event.time)));
  const sessions = shoppers.flatMap(sessionsOf);
  const ended = sessions.filter((session) => inside(session.events.at(-1)!.time));
  const closed = ended.filter(
    (session) => session.events.at(-1)!.time < Math.floor((asOf - GAP) / 10_000) * 10_000,
  );
  const stepsOf = (session: ReferenceSession): string[] =>
    session.events
      .filter((event) => stepOf(event) >= 0 && !repeated.has(event))
      .map((event) => STEPS[stepOf(event)]![0]);
  const has = (session: ReferenceSession, step: string): boolean => stepsOf(session).includes(step);
  const present = STEPS.filter((_, step) => all.some((event) => stepOf(event) === step));
  const waits = ended.flatMap((session) => {
    const first = session.events.find(isPurchase);
    return first === undefined ? [] : [first.time - session.events[0]!.time];
  });
  const dateOf = (time: number): string => new Date(time).toLocaleDateString('sv-SE', { timeZone });
  const dayNumber = (time: number): number => Date.parse(dateOf(time)) / 86_400_000;
  const kept = new Map<string, number>();
  for (const list of shoppers) {
    const first = dayNumber(list[0]!.time);
    for (const day of new Set(list.map(({ time }) => dayNumber(time) - first))) {
      const key = `${dateOf(list[0]!.time)}+${day}`;
      if (day <= 30) kept.set(key, (kept.get(key) ?? 0) + 1);
    }
  }
  return {
    events: events.length,
    simulated: events.filter(({ source }) => source === 'generator').length,
    users: there.length,
    newUsers: shoppers.filter((list) => inside(list[0]!.time)).length,
    buyers: buyers.length,
    repeatBuyers: shoppers.filter((list) => ordersIn(list.filter(isPurchase)) > 1).length,
    sessions: ended.length,
    bounced: ended.filter((session) => session.events.length === 1).length,
    sessionMs: sum(ended.map((session) => session.events.at(-1)!.time - session.events[0]!.time)),
    convertedSessions: ended.filter((session) => has(session, 'purchase')).length,
    waits,
    orders: ordersIn(purchases),
    duplicateOrders: events.filter((event) => repeated.has(event)).length,
    units: sum(purchases.flatMap(({ items }) => items).map(({ quantity }) => quantity)),
    gross: worth(purchases),
    refunds: worth(events.filter(({ type }) => type === 'refund')),
    active30m: shoppers.filter(
      (list) => list.at(-1)!.time >= Math.floor(asOf / 10_000) * 10_000 + 10_000 - GAP,
    ).length,
    closedWithCart: closed.filter((session) => has(session, 'cart')).length,
    closedWithCartAndPurchase: closed.filter((session) => has(session, 'cart') && has(session, 'purchase'))
      .length,
    funnel: present.map(([step], i) => ({
      step,
      sessions: ended.filter((session) =>
        isSubsequence(
          present.slice(0, i + 1).map(([name]) => name),
          stepsOf(session),
        ),
      ).length,
    })),
    unitsByProduct: new Map(
      [...new Set(purchases.flatMap(({ items }) => items.map(({ productId }) => productId)))].map(
        (productId) => [
          productId,
          sum(
            purchases.flatMap(({ items }) =>
              items.filter((item) => item.productId === productId).map(({ quantity }) => quantity),
            ),
          ),
        ],
      ),
    ),
    byProperty: (name: string) =>
      by(({ properties }) => {
        const value = properties?.[name];
        return value === undefined || value === null ? undefined : String(value);
      }),
    /** By what made the lists of recommendations: the same of their own events, and what came of them. */
    byRecommender() {
      const own = by(armOf);
      const found = new Map(
        [...own].map(([arm, numbers]) => [arm, { ...numbers, impressions: 0, clicks: 0 }]),
      );
      const seen = new Set<string>();
      const clicks = new Map<string, { arm: string; time: number }>();
      for (const event of arrived) {
        const [shopper, arm, { type, time, items }] = [shopperOf(event), armOf(event), event];
        const isClick =
          /^(select_item|view_item|add_to_cart|add_to_wishlist)$/.test(type) && items.length > 0;
        if (arm !== undefined && (isClick || type === 'view_item_list')) {
          const key = `${shopper ?? event.id} ${event.properties!.recommendation_id} ${isClick}`;
          if (!seen.has(key) && inside(time)) found.get(arm)![isClick ? 'clicks' : 'impressions'] += 1;
          seen.add(key);
        }
        if (shopper === undefined) continue;
        if (arm !== undefined && isClick) {
          for (const { productId } of items) {
            const key = `${shopper} ${productId}`;
            if (time >= (clicks.get(key)?.time ?? 0)) clicks.set(key, { arm, time });
          }
        }
        if (arm !== undefined || !isPurchase(event) || !inside(time)) continue;
        const arms = items.map(({ productId }) => {
          const click = clicks.get(`${shopper} ${productId}`);
          const counts = click !== undefined && click.time <= time && time <= click.time + 7 * 86_400_000;
          return counts ? click.arm : undefined;
        });
        for (const credited of new Set(arms)) {
          if (credited === undefined) continue;
          const numbers = found.get(credited)!;
          numbers.orders += 1;
          numbers.events += 1;
          const bought = { ...event, items: items.filter((_, i) => arms[i] === credited) };
          numbers.gross += worth([bought]);
          numbers.units += unitsOf([bought]);
        }
      }
      return found;
    },
    /** Shoppers of a first day, `2026-11-01`, who were there so many days later: by `2026-11-01+3`. */
    kept,
  };

  /** By what events say: events, orders, money, and sessions by what the earliest event that says anything says. */
  function by(saidBy: (event: ShopEvent) => string | undefined) {
    const sessionValue = (session: ReferenceSession): string | undefined => {
      const first = session.events.find((event) => saidBy(event) !== undefined);
      const tied = session.events
        .filter(({ time }) => time === first?.time)
        .flatMap((event) => saidBy(event) ?? []);
      return tied.sort()[0];
    };
    const values = new Set(all.flatMap((event) => saidBy(event) ?? []));
    return new Map(
      [...values].map((value) => {
        const own = ended.filter((session) => sessionValue(session) === value);
        const bought = purchases.filter((event) => saidBy(event) === value);
        return [
          value,
          {
            events: events.filter((event) => saidBy(event) === value).length,
            sessions: own.length,
            converted: own.filter((session) => has(session, 'purchase')).length,
            orders: ordersIn(bought),
            gross: worth(bought),
            units: unitsOf(bought),
          },
        ] as const;
      }),
    );
  }
}

function armOf({ properties }: ShopEvent): string | undefined {
  const id = properties?.recommendation_id;
  return id === undefined ? undefined : String(id).split('.')[0];
}

function worth(list: readonly ShopEvent[]): bigint {
  return list
    .flatMap(({ items }) => items)
    .reduce((total, { price = 0, quantity }) => total + BigInt(price) * BigInt(quantity), 0n);
}

function ordersIn(purchases: readonly ShopEvent[]): number {
  return new Set(purchases.map(({ orderId, id }) => orderId ?? id)).size;
}

function unitsOf(list: readonly ShopEvent[]): number {
  return sum(list.flatMap(({ items }) => items.map(({ quantity }) => quantity)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function groupBy(
  events: readonly ShopEvent[],
  personOf: (event: ShopEvent) => string | undefined,
): Map<string, ShopEvent[]> {
  const groups = new Map<string, ShopEvent[]>();
  for (const event of events) {
    const shopper = personOf(event);
    if (shopper !== undefined) groups.set(shopper, [...(groups.get(shopper) ?? []), event]);
  }
  return groups;
}

function sessionsOf(events: readonly ShopEvent[]): ReferenceSession[] {
  const sessions: ReferenceSession[] = [];
  for (const event of events) {
    const last = sessions.at(-1);
    if (last !== undefined && event.time - last.events.at(-1)!.time <= GAP) last.events.push(event);
    else sessions.push({ events: [event] });
  }
  return sessions;
}

function isSubsequence(chain: readonly string[], steps: readonly string[]): boolean {
  let found = 0;
  for (const step of steps) if (step === chain[found]) found += 1;
  return found === chain.length;
}
