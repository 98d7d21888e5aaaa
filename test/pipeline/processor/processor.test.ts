import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_TYPES, type ShopEvent, shopperOf } from '../../../src/pipeline/events/shop-event.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { type Stats } from '../../../src/pipeline/stats/types.ts';
import {
  BERLIN,
  createGroup,
  expectReference,
  expectStretch,
  keyOf,
  newStores,
  processAll,
  processWithCrashes,
  statsOf,
  wire,
} from '../../support/counted-shop.ts';
import { NO_DELTAS } from '../../support/deltas.ts';
import { SETTINGS, type Stores } from '../../support/stores.ts';

// Six days before the clock goes back.
const START = Date.UTC(2025, 9, 20);

interface Step {
  type: (typeof EVENT_TYPES)[number];
  wait: number;
  shopper: number;
  order: number;
  items: { productId: string; price: number; quantity: number }[];
  country: string | undefined;
  /** The list of recommendations that it belongs to. */
  list: string | undefined;
  again: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.constantFrom(...EVENT_TYPES, 'view_item', 'add_to_cart', 'purchase'),
  wait: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 60 }) },
    fc.integer({ min: 600, max: 9000 }),
    fc.integer({ min: 20_000, max: 400_000 }),
  ),
  shopper: fc.integer({ min: 0, max: 5 }),
  order: fc.integer({ min: 0, max: 20 }),
  items: fc.array(
    fc.record({
      productId: fc.constantFrom('p1', 'p2', 'p3'),
      price: fc.integer({ min: 0, max: 9_999_999 }),
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
    { maxLength: 3 },
  ),
  country: fc.constantFrom(undefined, 'DE', 'FR'),
  list: fc.constantFrom(undefined, undefined, 'als.1.x', 'hybrid.1.x', 'hybrid.1.y'),
  again: fc.boolean(),
});

/** An order or a refund that says nothing of money is none. */
const FREE = { productId: 'p1', price: 0, quantity: 1 };

/** Events by time. Shopper 0 is nobody, the others are known, and none gives a session id. */
function eventsOf(steps: readonly Step[]): ShopEvent[] {
  let time = START;
  return steps.map(({ type, wait, shopper, order, items, country, list }, i) => {
    time += wait * 1000;
    const user =
      shopper === 0 ? {} : shopper % 2 === 0 ? { anonymousId: `a${shopper}` } : { userId: `u${shopper}` };
    const orderId = type === 'purchase' && order > 0 ? { orderId: `${shopper}-${order}` } : {};
    const source = shopper % 3 === 1 ? 'generator' : 'test';
    const properties = {
      ...(country === undefined ? {} : { country }),
      ...(list === undefined ? {} : { recommendation_id: list }),
    };
    const isTold = items.length > 0 || (type !== 'purchase' && type !== 'refund');
    return {
      id: `e${i}`,
      type,
      time,
      ...user,
      ...orderId,
      items: isTold ? items : [FREE],
      properties,
      source,
    };
  });
}

const HOUR = 3_600_000;

describe('processor', () => {
  test('counts what the reference counts, up to now and in days that are over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 70 }),
        fc.tuple(fc.nat(30), fc.nat(30)),
        async (steps, batch, [a, b]) => {
          const stores = await newStores('reference', BERLIN);
          const events = eventsOf(steps);
          const lines = events.flatMap((event, i) => (steps[i]!.again ? [event, event] : [event]));
          await stores.log.append(lines.map((event) => ({ key: keyOf(event), value: wire(event) })));
          await processAll(stores, batch, { ...SETTINGS, ...BERLIN });
          const newest = events.at(-1)!.time;
          const now = newest + 15 * 60_000;
          const duplicates = lines.length - events.length;
          const stats = await expectReference(stores, events, 'all', { from: 0, to: now + 1, asOf: now });
          expect(stats.freshness).toMatchObject({ duplicates, late: 0, rejected: 0, received: lines.length });

          const zone = timeZone(BERLIN.timeZone);
          const day = (back: number): number => zone.dayStart(zone.dayOf(newest) - back);
          const past = { from: day(Math.max(a, b) + 1), to: day(Math.min(a, b)) };
          await expectStretch(stores, events, past, now);
          const hours = { from: zone.hourStart(newest) - 90 * HOUR, to: zone.hourStart(newest) - a * HOUR };
          await expectStretch(stores, events, hours, now);
          await stores.close();
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test('counts the same in whatever order events arrive', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.nat(3600)), { minLength: 1, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 20 }),
        async (steps, batch) => {
          const stores = await newStores('late', BERLIN);
          // Every order once: of two with one number, the one that comes first counts.
          const events = eventsOf(steps.map(([one], i) => ({ ...one, order: i + 1 })));
          const due = new Map(events.map((event, i) => [event, event.time + steps[i]![1] * 1000]));
          const arrived = [...events].sort((a, b) => due.get(a)! - due.get(b)!);
          await stores.log.append(arrived.map((event) => ({ key: keyOf(event), value: wire(event) })));
          await processAll(stores, batch, { ...SETTINGS, ...BERLIN });
          const now = events.at(-1)!.time + 15 * 60_000;
          await expectReference(stores, arrived, 'all', { from: 0, to: now + 1, asOf: now });
          const zone = timeZone(BERLIN.timeZone);
          const past = { from: zone.dayStart(zone.dayOf(START)), to: zone.dayStart(zone.dayOf(now)) };
          if (past.from < past.to) await expectStretch(stores, arrived, past, now);
          await stores.close();
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test('gives the same numbers for any batches and any crashes', async () => {
    const jumble = fc.record({
      steps: fc.array(fc.tuple(step, fc.integer({ min: -7200, max: 7200 })), {
        minLength: 1,
        maxLength: 60,
        size: 'max',
      }),
      batches: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }),
      crashes: fc.array(fc.constantFrom('none', 'append', 'apply', 'commit'), {
        minLength: 1,
        maxLength: 20,
      }),
    });
    await fc.assert(
      fc.asyncProperty(jumble, async ({ steps, batches, crashes }) => {
        // Late, early, twice, malformed: whatever is in the log, in whatever order.
        const events = eventsOf(steps.map(([one]) => one)).map((event, i) => ({
          ...event,
          time: event.time + steps[i]![1] * 1000,
        }));
        const lines = events.flatMap((event, i) => [
          { key: keyOf(event), value: wire(event) },
          ...(steps[i]![0].again
            ? [{ key: keyOf(event), value: i % 2 === 0 ? wire(event) : wire(event).slice(0, -3) }]
            : []),
        ]);
        const [calm, stormy] = [await newStores('calm'), await newStores('stormy')];
        await calm.log.append(lines);
        await stormy.log.append(lines);
        await processAll(calm, 1000);
        await processWithCrashes(stormy, batches, crashes);
        const now = Date.now();
        const strip = ({ asOf: _, ...stats }: Stats) => ({ ...stats, window: stats.window.label });
        expect(strip(await statsOf(stormy, now))).toEqual(strip(await statsOf(calm, now)));
        const letters = async ({ documents }: Stores) =>
          (await documents.deadLetters({ limit: 1000 })).map(({ time: _, ...letter }) => letter);
        const byPlace = (list: Awaited<ReturnType<typeof letters>>) =>
          list.map((letter) => JSON.stringify(letter)).sort();
        expect(byPlace(await letters(stormy))).toEqual(byPlace(await letters(calm)));
        await Promise.all([calm.close(), stormy.close()]);
      }),
      { numRuns: 40 },
    );
  });

  test('two processors on one partition count it once', async () => {
    const stores = await newStores('rivals');
    const lines = Array.from({ length: 500 }, (_, i) => {
      const event = {
        id: `e${i}`,
        type: 'view_item',
        time: START + i * 1000,
        userId: `u${i % 7}`,
        items: [],
      };
      return { key: event.userId, value: JSON.stringify(event) };
    });
    await stores.log.append(lines);
    const rivals = [1, 2].map(() => createProcessor({ ...stores, settings: SETTINGS, batch: 9 }));
    await Promise.all(
      rivals.map(async (processor) => {
        while ((await processor.step()) > 0);
      }),
    );
    const { kpis, freshness } = await statsOf(stores, Date.now());
    expect(kpis).toMatchObject({ events: 500, users: 7 });
    expect(freshness).toMatchObject({ duplicates: 0, backlog: 0 });
    await stores.close();
  });

  test('gives the same numbers while partitions move among processors, some of which do not know yet', async () => {
    const moves = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ step: fc.nat(2) }) },
        fc.record({ deal: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)) }),
        fc.record({ learn: fc.nat(2) }),
      ),
      { minLength: 1, maxLength: 120, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 80, size: 'max' }),
        moves,
        async (steps, moved) => {
          const events = eventsOf(steps);
          const lines = events.flatMap((event, i) => {
            const line = { key: keyOf(event), value: wire(event) };
            return steps[i]!.again ? [line, line] : [line];
          });
          const [calm, shared] = [await newStores('alone'), await newStores('shared')];
          await calm.log.append(lines);
          await shared.log.append(lines);
          await processAll(calm, 1000);

          const group = createGroup(shared.log);
          const processors = [0, 1, 2].map((member) =>
            createProcessor({ ...shared, log: group.logOf(member), settings: SETTINGS, batch: 2 }),
          );
          for (const move of moved) {
            if ('step' in move) await processors[move.step]!.step();
            else if ('deal' in move) group.deal(move.deal);
            else group.learn(move.learn);
          }
          group.deal([0, 0, 0]);
          for (const member of [0, 1, 2]) group.learn(member);
          while ((await processors[0]!.step()) > 0);
          const now = Date.now();
          const strip = ({ asOf: _, ...stats }: Stats) => ({ ...stats, window: stats.window.label });
          expect(strip(await statsOf(shared, now))).toEqual(strip(await statsOf(calm, now)));
          const keys = events.flatMap((event) => shopperOf(event) ?? []);
          expect(await shared.live.states(keys)).toEqual(await calm.live.states(keys));
          await Promise.all([calm.close(), shared.close()]);
        },
      ),
      { numRuns: 60, endOnFailure: true },
    );
  });

  test('refuses a log that is shorter than what was counted of it', async () => {
    const stores = await newStores('shorter');
    const advances = [{ partition: 1, from: 0, to: 7, watermark: 0 }];
    const nothing = { ...NO_DELTAS, claims: [], states: new Map(), products: new Map() };
    await stores.live.apply({ advances, ...nothing });
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    await expect(processor.step()).rejects.toThrow(/partition 1 of the log ends at 0, but 7/);
    await stores.close();
  });
});
