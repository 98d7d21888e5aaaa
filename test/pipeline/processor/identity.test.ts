import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ALIAS_PROPERTY,
  EVENT_TYPES,
  LINK_TYPE,
  type ShopEvent,
} from '../../../src/pipeline/events/shop-event.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import {
  BERLIN,
  createGroup,
  expectReference,
  expectStretch,
  keyOf,
  newStores,
  processAll,
  processWithCrashes,
  wire,
} from '../../support/counted-shop.ts';
import { SETTINGS, type Stores } from '../../support/stores.ts';

const START = Date.UTC(2025, 9, 20, 3);
const HOUR = 3_600_000;

const action = fc.record({
  type: fc.constantFrom(...EVENT_TYPES, 'view_item', 'add_to_cart', 'purchase', LINK_TYPE, LINK_TYPE),
  // Visits lie hours apart and are short, so that those of a shopper are remembered in whatever order they arrive.
  visit: fc.nat(3),
  second: fc.nat(1500),
  device: fc.nat(5),
  user: fc.nat(3),
  /** What is written where there is no id. */
  placeholder: fc.constantFrom(undefined, undefined, 'undefined', '(not set)', '00000000-0000'),
  /** Of an order; several come line by line. */
  lines: fc.constantFrom(1, 1, 2, 3),
  /** Whether the second line of an order names the device only, and the third the user only. */
  apart: fc.boolean(),
  price: fc.integer({ min: 0, max: 9_999_999 }),
  country: fc.constantFrom(undefined, 'DE', 'FR'),
  list: fc.constantFrom(undefined, undefined, 'als.1.x', 'hybrid.1.x'),
  /** When it arrives among the others. */
  place: fc.nat(),
});
const actions = fc.array(action, { minLength: 1, maxLength: 40, size: 'max' });

/** Some devices have the id that a user has, or had before an alias: so aliases make chains and rings. */
const DEVICES = [undefined, 'a1', 'a2', 'a3', 'u1', 'u2'] as const;
/** What stands on the wire where an event has no id. */
const placeholders = new WeakMap<ShopEvent, string>();

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** In the order of arrival. Device and user 0 are unknown. */
function eventsOf(list: readonly Action[]): ShopEvent[] {
  const placed = list.flatMap((one, i) =>
    partsOf(one, i).map((event, part) => ({ event, at: placeOf(one, part) })),
  );
  return placed.sort((a, b) => a.at - b.at).map(({ event }) => event);
}

function partsOf(one: Action, i: number): ShopEvent[] {
  const { type, visit, second, device, user, price, country, list: made, placeholder } = one;
  const anonymousId = DEVICES[device];
  const isLink = anonymousId !== undefined && user > 0;
  const isAlias = type === LINK_TYPE && isLink && anonymousId.startsWith('u');
  const count = type === 'purchase' ? one.lines : 1;
  return Array.from({ length: count }, (_, part) => {
    const event: ShopEvent = {
      id: `e${i}.${part}`,
      type: type === LINK_TYPE && !isLink ? 'view_item' : type,
      time: START + visit * 10 * HOUR + second * 1000,
      ...(user > 0 && !(one.apart && isLink && part === 1) && { userId: `u${user}` }),
      ...(anonymousId !== undefined && !(one.apart && isLink && part === 2) && { anonymousId }),
      ...(type === 'purchase' && { orderId: `o${i}` }),
      ...(count > 1 && { partial: true as const }),
      // Nobody was led to what comes line by line.
      items: [{ productId: count > 1 ? 'q' : 'p', price: price + part, quantity: 1 }],
      properties: {
        ...(country === undefined ? {} : { country }),
        ...(made === undefined || count > 1 ? {} : { recommendation_id: made }),
        ...(isAlias && { [ALIAS_PROPERTY]: true }),
      },
      source: 'test',
    };
    if (placeholder !== undefined && user === 0) placeholders.set(event, placeholder);
    return event;
  });
}

/** Lines of one order arrive anywhere. */
function placeOf({ place }: Action, part: number): number {
  return part === 0 ? place : Math.imul(place + part, 0x9e37_79b1) >>> 1;
}

const lines = (events: readonly ShopEvent[]) =>
  events.map((event) => {
    const userId = event.userId ?? placeholders.get(event);
    return { key: keyOf(event), value: wire(userId === undefined ? event : { ...event, userId }) };
  });

/** All that is asked of the reference, up to now and in stretches that are over. */
async function expectPeople(stores: Stores, events: readonly ShopEvent[]): Promise<void> {
  const shop = events.filter(({ type }) => type !== LINK_TYPE);
  const newest = Math.max(...shop.map(({ time }) => time), START);
  const now = newest + 15 * 60_000;
  if (shop.length > 0) {
    const stats = await expectReference(stores, events, 'all', { from: 0, to: now + 1, asOf: now });
    expect(stats.freshness).toMatchObject({
      ...{
        links: events.length - shop.length,
        aliases: events.filter(({ properties }) => properties?.[ALIAS_PROPERTY] === true).length,
        placeholderIds: events.filter((event) => placeholders.has(event)).length,
        unjoined: 0,
        rejected: 0,
        received: events.length,
        backlog: 0,
      },
    });
    const zone = timeZone(BERLIN.timeZone);
    const past = { from: zone.dayStart(zone.dayOf(START)), to: newest - (newest % HOUR) };
    if (shop.some(({ time }) => time < past.to)) await expectStretch(stores, events, past, now);
  }
}

describe('people', () => {
  test('are the same whatever arrives first, however it is cut into batches', async () => {
    await fc.assert(
      fc.asyncProperty(actions, fc.integer({ min: 1, max: 50 }), async (list, batch) => {
        const stores = await newStores('people', BERLIN);
        const events = eventsOf(list);
        await stores.log.append(lines(events));
        await processAll(stores, batch, { ...SETTINGS, ...BERLIN });
        await expectPeople(stores, events);
        await stores.close();
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('are the same while they arrive between batches', async () => {
    await fc.assert(
      fc.asyncProperty(
        actions,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (list, pieces) => {
          const stores = await newStores('pieces', BERLIN);
          const events = eventsOf(list);
          const processor = createProcessor({ ...stores, settings: { ...SETTINGS, ...BERLIN } });
          for (let at = 0, i = 0; at < events.length; i += 1) {
            const end = at + pieces[i % pieces.length]!;
            await stores.log.append(lines(events.slice(at, end)));
            await processor.step();
            at = end;
          }
          while ((await processor.step()) > 0);
          await expectPeople(stores, events);
          await stores.close();
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test('are the same after any crashes', async () => {
    const crashes = fc.array(fc.constantFrom('none', 'append', 'apply', 'commit'), { minLength: 1 });
    const batches = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(actions, batches, crashes, async (list, sizes, faults) => {
        const stores = await newStores('crashes', BERLIN);
        const events = eventsOf(list);
        await stores.log.append(lines(events));
        await processWithCrashes(stores, sizes, faults, { ...SETTINGS, ...BERLIN });
        await expectPeople(stores, events);
        await stores.close();
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  test('are the same while partitions move among processors, some of which do not know yet', async () => {
    const moves = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ step: fc.nat(2) }) },
        fc.record({ deal: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)) }),
        fc.record({ learn: fc.nat(2) }),
      ),
      { maxLength: 60, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(actions, moves, async (list, moved) => {
        const stores = await newStores('moves', BERLIN);
        const events = eventsOf(list);
        await stores.log.append(lines(events));
        const group = createGroup(stores.log);
        const settings = { ...SETTINGS, ...BERLIN };
        const processors = [0, 1, 2].map((member) =>
          createProcessor({ ...stores, log: group.logOf(member), settings, batch: 3 }),
        );
        for (const move of moved) {
          if ('step' in move) await processors[move.step]!.step();
          else if ('deal' in move) group.deal(move.deal);
          else group.learn(move.learn);
        }
        group.deal([0, 0, 0]);
        for (const member of [0, 1, 2]) group.learn(member);
        while ((await processors[0]!.step()) > 0);
        await expectPeople(stores, events);
        await stores.close();
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
