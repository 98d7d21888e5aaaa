import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES, LINK_TYPE, type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
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
  device: fc.nat(3),
  user: fc.nat(3),
  price: fc.integer({ min: 0, max: 9_999_999 }),
  country: fc.constantFrom(undefined, 'DE', 'FR'),
  list: fc.constantFrom(undefined, undefined, 'als.1.x', 'hybrid.1.x'),
  /** When it arrives among the others. */
  place: fc.nat(),
});
const actions = fc.array(action, { minLength: 1, maxLength: 40, size: 'max' });

/** In the order of arrival. Device and user 0 are unknown. */
function eventsOf(list: readonly (typeof action extends fc.Arbitrary<infer T> ? T : never)[]): ShopEvent[] {
  const events = list.map(
    ({ type, visit, second, device, user, price, country, list: made }, i): ShopEvent => {
      const isLink = device > 0 && user > 0;
      const properties = {
        ...(country === undefined ? {} : { country }),
        ...(made === undefined ? {} : { recommendation_id: made }),
      };
      return {
        id: `e${i}`,
        type: type === LINK_TYPE && !isLink ? 'view_item' : type,
        time: START + visit * 10 * HOUR + second * 1000,
        ...(user > 0 && { userId: `u${user}` }),
        ...(device > 0 && { anonymousId: `a${device}` }),
        ...(type === 'purchase' && { orderId: `o${i}` }),
        items: [{ productId: 'p', price, quantity: 1 }],
        properties,
        source: 'test',
      };
    },
  );
  const places = new Map(events.map((event, i) => [event, list[i]!.place]));
  return events.sort((a, b) => places.get(a)! - places.get(b)!);
}

const lines = (events: readonly ShopEvent[]) =>
  events.map((event) => ({ key: keyOf(event), value: wire(event) }));

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
