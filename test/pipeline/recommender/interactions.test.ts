import { describe, expect, test } from 'vitest';
import { type EventType, type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import {
  createInteractionMemory,
  type InteractionMemory,
} from '../../../src/pipeline/recommender/interactions.ts';

const MINUTE = 60_000;
let id = 0;

function event(type: EventType, products: readonly string[], fields: Partial<ShopEvent> = {}): ShopEvent {
  const items = products.map((productId) => ({ productId, quantity: 1 }));
  id += 1;
  return { id: `${id}`, type, time: 0, items, source: 'test', ...fields };
}

/** Products with their weights, by session. */
function sessionsOf(memory: InteractionMemory): Record<string, number>[] {
  const { itemIds, users, starts, items, weights } = memory.matrix();
  return Array.from({ length: users }, (_, user) => {
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
    memory.add(event('view_item', ['a', 'b', 'c', 'd'], { userId }));
    memory.add(event('add_to_wishlist', ['b'], { userId }));
    memory.add(event('add_to_cart', ['c'], { userId }));
    memory.add(event('purchase', ['d'], { userId }));
    memory.add(event('view_item_list', ['e'], { userId }));
    memory.add(event('refund', ['f'], { userId }));
    memory.add(event('page_view', [], { userId }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, b: 2, c: 3, d: 5 }]);
    expect([memory.added, memory.size]).toEqual([7, 7]);
  });

  test('a gap of over 30 minutes ends a session, before as well as after', () => {
    const memory = createInteractionMemory();
    for (const [product, minute] of [
      ['a', 100],
      ['b', 130],
      ['c', 161],
      ['d', 0],
    ] as const)
      memory.add(event('view_item', [product], { userId: 'u', time: minute * MINUTE }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, b: 1 }, { c: 1 }, { d: 1 }]);
  });

  test('the source’s session wins, and belongs to one shopper', () => {
    const memory = createInteractionMemory();
    memory.add(event('view_item', ['a'], { userId: 'u', sessionId: '1' }));
    memory.add(event('view_item', ['b'], { userId: 'u', sessionId: '2' }));
    memory.add(event('view_item', ['c'], { userId: 'u', sessionId: '1', time: 90 * MINUTE }));
    memory.add(event('view_item', ['d'], { userId: 'v', sessionId: '1' }));
    memory.add(event('view_item', ['e'], { sessionId: '1' }));
    expect(sessionsOf(memory)).toEqual([{ a: 1, c: 1 }, { b: 1 }, { d: 1 }, { e: 1 }]);
  });

  test('an order of nobody is a basket, line by line; without an id it is none', () => {
    const memory = createInteractionMemory();
    memory.add(event('purchase', ['a'], { orderId: 'o', partial: true }));
    memory.add(event('purchase', ['z'], {}));
    memory.add(event('purchase', ['b'], { orderId: 'o', partial: true, time: 99 * MINUTE }));
    expect(sessionsOf(memory)).toEqual([{ a: 5, b: 5 }]);
  });

  test('forgets the oldest, their products too', () => {
    const memory = createInteractionMemory({ interactions: 4 });
    for (let i = 0; i < 100; i += 1)
      memory.add(event('view_item', [`p${i}`, 'always'], { userId: `u${i % 3}` }));
    expect(sessionsOf(memory)).toHaveLength(2);
    expect(memory.matrix().itemIds).toEqual(['always', 'p98', 'p99']);
    expect([memory.added, memory.size]).toEqual([200, 4]);
  });

  test('a session that goes on for ever stays one of few', () => {
    const memory = createInteractionMemory({ interactions: 6 });
    for (let i = 0; i < 1000; i += 1) {
      memory.add(event('view_item', [`p${i}`], { userId: 'robot', sessionId: 's' }));
      memory.add(event('view_item', ['x'], { userId: `u${i}` }));
    }
    expect(memory.matrix().users).toBeLessThanOrEqual(6);
    const robot = sessionsOf(memory).filter((session) => session.x === undefined);
    expect(robot.flatMap((session) => Object.keys(session)).sort()).toEqual(['p997', 'p998', 'p999']);
  });
});
