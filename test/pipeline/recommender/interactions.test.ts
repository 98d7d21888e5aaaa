import { describe, expect, test } from 'vitest';
import { prepare } from '../../../src/ml/training-data.ts';
import { type EventType, type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import {
  createInteractionMemory,
  type InteractionMemory,
} from '../../../src/pipeline/recommender/interactions.ts';
import { addEvent } from '../../support/add-event.ts';

const MINUTE = 60_000;
let id = 0;

function event(type: EventType, products: readonly string[], fields: Partial<ShopEvent> = {}): ShopEvent {
  const items = products.map((productId) => ({ productId, quantity: 1 }));
  id += 1;
  return { id: `${id}`, type, time: 0, items, source: 'test', ...fields };
}

/** Products with their weights, by session. */
function sessionsOf(memory: InteractionMemory): Record<string, number>[] {
  const { itemIds, sessions } = prepare(memory.interactions());
  const { rows, starts, items, weights } = sessions;
  return Array.from({ length: rows }, (_, user) => {
    const entries: [string, number][] = [];
    for (let at = starts[user]!; at < starts[user + 1]!; at += 1)
      entries.push([itemIds[items[at]!]!, weights[at]!]);
    return Object.fromEntries(entries);
  });
}

describe('interaction memory', () => {
  test('weighs what shows interest, and nothing else', () => {
    const memory = createInteractionMemory();
    const userId = 'u';
    addEvent(memory, event('view_item', ['a', 'b', 'c', 'd'], { userId }));
    addEvent(memory, event('add_to_wishlist', ['b'], { userId }));
    addEvent(memory, event('add_to_cart', ['c'], { userId }));
    addEvent(memory, event('purchase', ['d'], { userId }));
    addEvent(memory, event('view_item_list', ['e'], { userId }));
    addEvent(memory, event('refund', ['f'], { userId }));
    addEvent(memory, event('page_view', [], { userId }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, b: 2, c: 3, d: 5 }]);
    expect([memory.added, memory.size]).toEqual([7, 7]);
  });

  test.each([
    ['many shoppers and products', (i: number) => [`product ${i}`, `user ${i}`]],
    ['ids of 1 000 characters', (i: number) => [`${i}`.padStart(1000, 'p'), `${i % 7}`.padStart(1000, 'u')]],
    ['one shopper', (i: number) => [`product ${i}`, 'u']],
  ] as const)('names take no more memory than they may: %s', (_, names) => {
    const [all, nameBytes] = [5000, 100_000];
    const memory = createInteractionMemory({ nameBytes, perDay: all });
    for (let i = 0; i < all; i += 1) {
      const [product, userId] = names(i);
      const item = { productId: product!, quantity: 1, name: `name of ${i}` };
      addEvent(memory, { ...event('view_item', [], { userId: userId!, time: i }), items: [item] });
    }
    const { length, items, itemIds, users, times } = memory.interactions();
    const userIds = memory.userIds();
    const texts = [...memory.texts()];
    const known = [...itemIds, ...userIds].filter((name) => name !== undefined);
    const bytes = [...known, ...texts.map(([, { name }]) => name!)].reduce(
      (sum, name) => sum + 2 * name.length,
      0,
    );
    expect(bytes).toBeLessThan(nameBytes);
    expect(memory.size).toBe(length);
    expect(memory.products).toBe(texts.length);
    expect(length).toBeGreaterThan(10);
    expect(length).toBeLessThan(all);
    // The latest are remembered, and whole.
    const expected = Array.from({ length }, (_, row) => all - length + row);
    expect([...(times as Float64Array)].sort((a, b) => a - b)).toEqual(expected);
    for (let row = 0; row < length; row += 1)
      expect([itemIds[items[row]!], userIds[users[row]!]]).toEqual([
        names(times[row]!)[0],
        `u:${names(times[row]!)[1]}`,
      ]);
  });

  test('a gap of over 30 minutes ends a session, before as well as after', () => {
    const memory = createInteractionMemory();
    for (const [product, minute] of [
      ['a', 100],
      ['b', 130],
      ['c', 161],
      ['d', 0],
    ] as const)
      addEvent(memory, event('view_item', [product], { userId: 'u', time: minute * MINUTE }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, b: 1 }, { c: 1 }, { d: 1 }]);
  });

  test('the source’s session wins, and belongs to one shopper', () => {
    const memory = createInteractionMemory();
    addEvent(memory, event('view_item', ['a'], { userId: 'u', sessionId: '1' }));
    addEvent(memory, event('view_item', ['b'], { userId: 'u', sessionId: '2' }));
    addEvent(memory, event('view_item', ['c'], { userId: 'u', sessionId: '1', time: 90 * MINUTE }));
    addEvent(memory, event('view_item', ['d'], { userId: 'v', sessionId: '1' }));
    addEvent(memory, event('view_item', ['e'], { sessionId: '1' }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, c: 1 }, { b: 1 }, { d: 1 }, { e: 1 }]);
  });

  test('an order of nobody is a basket, line by line; without an id it is none', () => {
    const memory = createInteractionMemory();
    addEvent(memory, event('purchase', ['a'], { orderId: 'o', partial: true }));
    addEvent(memory, event('purchase', ['z'], {}));
    addEvent(memory, event('purchase', ['b'], { orderId: 'o', partial: true, time: 99 * MINUTE }));
    expect(sessionsOf(memory)).toEqual([{ a: 5, b: 5 }]);
  });

  test('forgets the oldest, their products too', () => {
    const memory = createInteractionMemory({ interactions: 4 });
    for (let i = 0; i < 100; i += 1)
      addEvent(memory, event('view_item', [`p${i}`, 'always'], { userId: `u${i % 3}` }));
    expect(sessionsOf(memory)).toHaveLength(2);
    expect(prepare(memory.interactions()).itemIds).toEqual(['always', 'p98', 'p99']);
    expect([memory.added, memory.size]).toEqual([200, 4]);
  });

  test('a session that goes on for ever stays one of few', () => {
    const memory = createInteractionMemory({ interactions: 6 });
    for (let i = 0; i < 1000; i += 1) {
      addEvent(memory, event('view_item', [`p${i}`], { userId: 'robot', sessionId: 's' }));
      addEvent(memory, event('view_item', ['x'], { userId: `u${i}` }));
    }
    expect(sessionsOf(memory).length).toBeLessThanOrEqual(6);
    const robot = sessionsOf(memory).filter((session) => session.x === undefined);
    expect(robot.flatMap((session) => Object.keys(session)).sort()).toEqual(['p997', 'p998', 'p999']);
  });

  test('knows whose each is, and forgets shoppers with their last interaction', () => {
    const memory = createInteractionMemory({ interactions: 3 });
    addEvent(memory, event('view_item', ['a'], { userId: 'gone' }));
    addEvent(memory, event('view_item', ['a'], { userId: 'u' }));
    addEvent(memory, event('purchase', ['b'], { orderId: 'o' }));
    addEvent(memory, event('view_item', ['c'], { anonymousId: 'u' }));
    const { users, itemIds, items, length } = memory.interactions();
    const userIds = memory.userIds();
    const pairs = Array.from({ length }, (_, row) => `${userIds[users[row]!]} ${itemIds[items[row]!]}`);
    expect(pairs.sort()).toEqual(['a:u c', 'order o b', 'u:u a']);
  });

  test('remembers what products are called for as long as they occur', () => {
    const memory = createInteractionMemory({ interactions: 2 });
    const named = (productId: string, name: string): Partial<ShopEvent> => ({
      userId: 'u',
      items: [{ productId, name, brand: 'Acme', quantity: 1 }],
    });
    addEvent(memory, event('view_item', [], named('a', 'Old')));
    addEvent(memory, event('view_item', [], named('a', 'New')));
    addEvent(memory, event('view_item', ['b'], { userId: 'u' }));
    expect(memory.texts()).toEqual(new Map([['a', { name: 'New', category: undefined, brand: 'Acme' }]]));
    addEvent(memory, event('view_item', ['b'], { userId: 'u' }));
    expect(memory.texts()).toEqual(new Map());
  });

  test('passes over products that are none, and who does more than a person can', () => {
    const memory = createInteractionMemory({
      isIgnored: (id) => id === 'POST',
      perDay: 5,
      weights: { view_item: 2 },
    });
    addEvent(memory, event('purchase', ['a'], { userId: 'u' }));
    addEvent(memory, event('view_item', ['POST', 'a'], { userId: 'u' }));
    for (let i = 0; i < 9; i += 1) addEvent(memory, event('view_item', ['b'], { userId: 'robot' }));
    expect(sessionsOf(memory)).toEqual([{ a: 2 }, { b: 2 }]);
    expect(memory.added).toBe(6);
    const tomorrow = { userId: 'robot', time: 86_400_000 };
    addEvent(memory, event('view_item', ['c'], tomorrow));
    expect(memory.added).toBe(7);
  });
});
