import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { type WireEvent } from '../../../src/pipeline/events/shop-event.ts';
import { createCatalogue } from '../../../src/pipeline/generator/catalogue.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { createTastes } from '../../../src/pipeline/generator/taste.ts';
import { countBy, DEFAULTS, generate, START } from './shop.ts';

const lines = (...args: Parameters<typeof generate>): string =>
  generate(...args)
    .map(({ value }) => value)
    .join('\n');

describe('reproducibility', () => {
  test('the same options give the same bytes', () => {
    const options = { dirty: 0.1, rhythm: 'daily' } as const;
    expect(lines(5000, options)).toBe(lines(5000, options));
  });

  test('each option makes a difference', () => {
    const texts = [{}, { seed: 'other' }, { rate: 99 }, { start: START + 1 }, { dirty: 0.01 }].map((o) =>
      lines(500, o),
    );
    expect(new Set(texts).size).toBe(texts.length);
  });

  test('the bytes are the same on every machine', () => {
    const digest = createHash('sha256')
      .update(lines(5000, { dirty: 0.3, rhythm: 'daily' }))
      .digest('hex');
    expect(digest).toBe('619da273ee1867240d0ad07be95304380fdd451e1cb0d6a2d6c275f00a51589e');
  });

  test('a generator that was started again repeats no id, and sells the same products', () => {
    const idsOf = (runId: string): Set<string> =>
      new Set(
        generate(20_000, { runId }).flatMap(({ value }) => {
          const event = JSON.parse(value) as WireEvent;
          return [
            event.id!,
            `session ${event.sessionId}`,
            ...(event.orderId === undefined ? [] : [`order ${event.orderId}`]),
          ];
        }),
      );
    const first = idsOf('a');
    expect(first.size).toBeGreaterThan(20_000);
    expect([...idsOf('b')].filter((id) => first.has(id))).toEqual([]);
    expect(createCatalogue('test', 1200).products).toEqual(createCatalogue('test', 1200).products);
  });
});

describe('a simulated shop', () => {
  const COUNT = 300_000;
  let events: WireEvent[];
  let sessions: Map<string, WireEvent[]>;
  const has = (session: WireEvent[], type: string): boolean => session.some((event) => event.type === type);
  const share = (holds: (session: WireEvent[]) => boolean): number =>
    [...sessions.values()].filter(holds).length / sessions.size;

  beforeAll(() => {
    const records = generate(COUNT);
    expect(records.filter(({ key, value }) => !value.includes(`Id":"${key}","sessionId"`))).toEqual([]);
    events = records.map(({ value }) => JSON.parse(value) as WireEvent);
    sessions = new Map();
    for (const event of events) {
      const session = sessions.get(event.sessionId!);
      if (session === undefined) sessions.set(event.sessionId!, [event]);
      else session.push(event);
    }
  });

  test('has events in the order of time, at its rate, each with an id of its own', () => {
    const times = events.map(({ time }) => time as number);
    expect(times.filter((time, i) => time < (times[i - 1] ?? START))).toEqual([]);
    expect((COUNT * 1000) / (times.at(-1)! - START)).toBeCloseTo(100, -0.5);
    expect(new Set(events.map(({ id }) => id)).size).toBe(COUNT);
  });

  test('converts, bounces and leaves carts as shops do', () => {
    expect(share((session) => has(session, 'purchase'))).toBeGreaterThan(0.02);
    expect(share((session) => has(session, 'purchase'))).toBeLessThan(0.04);
    expect(share((session) => session.length === 1)).toBeGreaterThan(0.35);
    expect(share((session) => session.length === 1)).toBeLessThan(0.45);
    const abandoned =
      share((session) => has(session, 'add_to_cart') && !has(session, 'purchase')) /
      share((session) => has(session, 'add_to_cart'));
    expect(abandoned).toBeGreaterThan(0.65);
    expect(abandoned).toBeLessThan(0.75);
  });

  test('has every type of event', () => {
    expect([...countBy(events, ({ type }) => type).keys()].sort()).toEqual([
      'add_payment_info',
      'add_shipping_info',
      'add_to_cart',
      'add_to_wishlist',
      'begin_checkout',
      'page_view',
      'purchase',
      'refund',
      'remove_from_cart',
      'search',
      'select_item',
      'view_cart',
      'view_item',
      'view_item_list',
    ]);
  });

  test('has sessions that walk the funnel in order and belong to one shopper', () => {
    const people = (session: WireEvent[]): Set<string> =>
      new Set(session.map((event) => `${event.userId} ${event.anonymousId} ${event.properties?.country}`));
    expect([...sessions.values()].filter((session) => people(session).size > 1)).toEqual([]);
    expect(
      events.filter(({ userId, anonymousId }) => (userId === undefined) === (anonymousId === undefined)),
    ).toEqual([]);
    for (const session of sessions.values()) {
      if (!has(session, 'add_to_cart')) {
        if (session.some(({ type }) => /cart|checkout|info|purchase/.test(type)))
          expect(session).toBe('without a cart');
        continue;
      }
      const first = (type: string): number => session.findIndex((event) => event.type === type);
      const steps = [
        'view_item',
        'add_to_cart',
        'begin_checkout',
        'add_shipping_info',
        'add_payment_info',
        'purchase',
      ];
      const reached = steps.map(first).filter((index) => index >= 0);
      expect(reached).toEqual([...reached].sort((a, b) => a - b));
      if (has(session, 'purchase')) expect(reached.length).toBe(steps.length);
      if (has(session, 'view_cart')) expect(first('view_cart')).toBeGreaterThan(first('add_to_cart'));
    }
  });

  test('sells what is in the cart, at the price of the catalogue, in one currency', () => {
    const { products, categories } = createCatalogue('test', 1200);
    const offer = new Map(
      products.map(({ id, name, brand, category, cents }) => [
        id,
        `${name} ${brand} ${categories[category]!.name} ${cents / 100}`,
      ]),
    );
    const items = events.flatMap((event) =>
      (event.items ?? []).map((item) => ({ ...item, currency: event.currency })),
    );
    const priced = items.filter(({ price }) => price !== undefined);
    expect(items.filter(({ productId }) => !offer.has(productId))).toEqual([]);
    expect(priced.length).toBeGreaterThan(COUNT / 2);
    expect(
      priced.filter(
        ({ productId, name, brand, category, price, currency }) =>
          currency !== 'EUR' || `${name} ${brand} ${category} ${price}` !== offer.get(productId),
      ),
    ).toEqual([]);
    for (const session of sessions.values()) {
      const order = session.find(({ type }) => type === 'purchase');
      if (order === undefined) continue;
      const cart = new Map<string, number>();
      for (const { type, items } of session) {
        const sign = type === 'add_to_cart' ? 1 : type === 'remove_from_cart' ? -1 : 0;
        for (const { productId, quantity } of sign === 0 ? [] : items!) {
          cart.set(productId, (cart.get(productId) ?? 0) + sign * quantity!);
        }
      }
      const held = [...cart].filter(([, quantity]) => quantity !== 0);
      expect(new Map(order.items!.map(({ productId, quantity }) => [productId, quantity]))).toEqual(
        new Map(held),
      );
    }
  });

  test('gives every order an id of its own, and takes some back later', () => {
    const orders = events.filter(({ type }) => type === 'purchase');
    const byId = new Map(orders.map((order) => [order.orderId, order]));
    expect(byId.size).toBe(orders.length);
    const refunds = events.filter(({ type }) => type === 'refund');
    expect(refunds.length / orders.length).toBeGreaterThan(0.005);
    expect(refunds.length / orders.length).toBeLessThan(0.1);
    for (const refund of refunds) {
      const order = byId.get(refund.orderId)!;
      expect(refund.time as number).toBeGreaterThan(order.time as number);
      expect([refund.userId, refund.anonymousId]).toEqual([order.userId, order.anonymousId]);
      for (const item of refund.items!) expect(order.items).toContainEqual(item);
    }
  });

  test('has a few products that are wanted by many', () => {
    const views = countBy(
      events.filter(({ type }) => type === 'view_item'),
      ({ items }) => items![0]!.productId,
    );
    const sorted = [...views.values()].sort((a, b) => b - a);
    const total = sorted.reduce((sum, n) => sum + n, 0);
    const top = (n: number): number => sorted.slice(0, n).reduce((sum, m) => sum + m, 0) / total;
    expect(views.size).toBeGreaterThan(1000);
    expect(top(12)).toBeGreaterThan(0.12); // 1 % of the products
    expect(top(240)).toBeGreaterThan(0.6); // 20 %
    expect(top(1)).toBeLessThan(0.08);
    // Zipf's law: views fall as a power of the rank, about 1.
    const slope = Math.log(sorted[19]! / sorted[399]!) / Math.log(400 / 20);
    expect(slope).toBeGreaterThan(0.6);
    expect(slope).toBeLessThan(1.4);
  });

  test('has shoppers who come back, with a taste of their own', () => {
    const shoppers = new Map<string, string[][]>();
    const catalogue = createCatalogue('test', 1200);
    const categoryOf = new Map(catalogue.products.map(({ id, category }) => [id, category]));
    for (const session of sessions.values()) {
      const id = (session[0]!.userId ?? session[0]!.anonymousId)!;
      const viewed = session
        .filter(({ type }) => type === 'view_item')
        .map(({ items }) => items![0]!.productId);
      shoppers.set(id, [...(shoppers.get(id) ?? []), viewed]);
    }
    const returning = [...shoppers.values()].filter((visits) => visits.length > 1);
    expect(returning.length / shoppers.size).toBeGreaterThan(0.1);
    const tasteOf = createTastes(catalogue, 'test');
    let views = 0;
    let favourite = 0;
    for (const [id, visits] of shoppers) {
      const { favourites } = tasteOf(id);
      for (const product of visits.flat()) {
        views += 1;
        if (favourites.includes(categoryOf.get(product)!)) favourite += 1;
      }
    }
    expect(favourite / views).toBeGreaterThan(0.6);
  });

  test('sells companions together far more often than chance would', () => {
    const { products } = createCatalogue('test', 1200);
    const companions = new Map(
      products.map(({ id, companions: indexes }) => [id, indexes.map((i) => products[i]!.id)]),
    );
    const baskets = events
      .filter(({ type, items }) => type === 'purchase' && items!.length > 1)
      .map(({ items }) => items!.map(({ productId }) => productId));
    const together = baskets.filter((ids) =>
      ids.some((id) => companions.get(id)!.some((other) => ids.includes(other))),
    );
    expect(baskets.length).toBeGreaterThan(300);
    expect(together.length / baskets.length).toBeGreaterThan(0.4);
  });

  test('tells what was searched for and how much was found', () => {
    const searches = events.filter(({ type }) => type === 'search');
    expect(
      searches.every(({ query, properties }) => query !== '' && typeof properties?.results === 'number'),
    ).toBe(true);
    expect(searches.some(({ properties }) => properties?.results === 0)).toBe(true);
    expect(countBy(searches, ({ query }) => query!).size).toBeGreaterThan(100);
  });

  test('keeps a shopper out of two sessions at once', () => {
    const open = new Map<string, string>();
    const left = new Map([...sessions].map(([id, session]) => [id, session.length]));
    let overlaps = 0;
    for (const { userId, anonymousId, sessionId } of events) {
      const person = (userId ?? anonymousId)!.slice(1);
      if ((open.get(person) ?? sessionId) !== sessionId) overlaps += 1;
      left.set(sessionId!, left.get(sessionId!)! - 1);
      if (left.get(sessionId!) === 0) open.delete(person);
      else open.set(person, sessionId!);
    }
    expect(overlaps).toBe(0);
  });
});

test('a change of pace and a jump ahead change neither ids nor order', () => {
  const generator = createGenerator({ ...DEFAULTS, rate: 1 });
  const ids = new Set<string>();
  let last = START;
  for (let i = 0; i < 6000; i += 1) {
    if (i === 2000) generator.setPace(500, 'flat');
    if (i === 4000) generator.skipTo(generator.peekTime() + 60_000);
    const peeked = generator.peekTime();
    const { time, value } = generator.next();
    expect(time).toBe(peeked);
    expect(time).toBeGreaterThanOrEqual(last);
    last = time;
    ids.add((JSON.parse(value) as WireEvent).id!);
  }
  expect(ids.size).toBe(6000);
});
