import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LINE_TYPES } from '../../../src/pipeline/events/shop-event.ts';
import { decodeFacts, encodeFacts, type Fact } from '../../../src/pipeline/processor/facts.ts';
import { type Device, type Joined, noteTime, ownersOf } from '../../../src/pipeline/processor/links.ts';
import { decodeMessage, encodeMessage, type Message } from '../../../src/pipeline/processor/messages.ts';
import { decodeShopperState, encodeShopperState } from '../../../src/pipeline/processor/shopper-record.ts';
import { newPurchases, ShopperState } from '../../../src/pipeline/processor/shopper-state.ts';
import { isWholeState } from '../../../src/pipeline/processor/state-check.ts';

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom('', '产品-1', 'é', '😀'));
const texts = fc.array(text, { maxLength: 20 });
const time = fc.integer({ min: 631_152_000_000, max: 4_102_444_800_000 });
const times = fc.array(time, { maxLength: 20 }).map((list) => list.sort((a, b) => a - b));
const fact: fc.Arbitrary<Fact> = fc.record({
  time,
  type: fc.constantFrom(...LINE_TYPES),
  sessionId: fc.option(text, { nil: undefined }),
  list: fc.option(text, { nil: undefined }),
  values: fc
    .array(fc.option(text, { nil: undefined }), { maxLength: 9 })
    .map((values) => values.slice(0, values.findLastIndex((value) => value !== undefined) + 1)),
  spent: fc.option(
    fc.record({
      orders: fc.nat(1),
      amount: fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 2n ** 53n, max: 10n ** 40n })),
      code: fc.constantFrom('USD', 'EUR'),
    }),
    { nil: undefined },
  ),
});
const facts = fc.array(fact, { maxLength: 20 });

describe('what is known of links', () => {
  test('is stored with a state, and comes back as it was', () => {
    const device: fc.Arbitrary<Device> = fc.record({
      users: fc.array(
        fc.record({ id: text, asked: fc.boolean(), times, settledAt: fc.constantFrom(0, 1, 2 ** 50) }),
        { maxLength: 5 },
      ),
      owners: fc.array(fc.integer({ min: -1, max: 50 }), { maxLength: 20 }),
    });
    const joined: fc.Arbitrary<Joined> = fc.record({
      devices: fc.array(
        fc.record({
          id: text,
          told: fc.boolean(),
          asked: fc.boolean(),
          times,
          facts: facts.map(encodeFacts),
          recent: texts,
          bought: texts,
        }),
        { maxLength: 5 },
      ),
    });
    const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
    fc.assert(
      fc.property(facts, option(device), option(joined), fc.boolean(), (list, of, has, buys) => {
        const state = new ShopperState();
        state.trail.set(list);
        state.device = of;
        if (buys) state.purchases = newPurchases();
        if (has !== undefined) {
          state.join(has);
          state.hours.older = [3, 4, 700];
        }
        const bytes = encodeShopperState(state);
        const again = decodeShopperState(bytes);
        expect(again.trail.facts()).toEqual(list);
        expect(again.device).toEqual(of);
        expect(again.joined).toEqual(has);
        expect(again.hours.older).toEqual(has === undefined ? undefined : [3, 4, 700]);
        expect(isWholeState('u:x', bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('messages come out as they went in', () => {
    const message: fc.Arbitrary<Message> = fc.oneof(
      fc.record({ type: fc.constant('links' as const), to: text, user: text, times }),
      fc.record({ type: fc.constant('ask' as const), to: text, device: text }),
      fc.record({ type: fc.constant('settle' as const), to: text, user: text }),
      fc.record({
        ...{ type: fc.constant('part' as const), to: text, device: text, recent: texts, bought: texts },
        ...{ settled: facts.map(encodeFacts), facts: facts.map(encodeFacts) },
      }),
    );
    fc.assert(
      fc.property(message, (one) => {
        const again = decodeMessage(encodeMessage(one));
        expect(again).toEqual(one);
        if (again.type === 'part') expect(() => decodeFacts(again.facts)).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  test('an anonymous event is of who is linked next, else of who was linked last', () => {
    const device: Device = {
      users: [
        { id: 'v', asked: true, times: [10, 50], settledAt: 0 },
        { id: 'u', asked: true, times: [10, 30], settledAt: 0 },
      ],
      owners: [],
    };
    const of = (at: number) => device.users[ownersOf(device, [{ time: at }])[0]!]!.id;
    expect([0, 9, 10, 11, 30, 31, 50, 51, 99].map(of)).toEqual(['u', 'u', 'u', 'u', 'u', 'v', 'v', 'v', 'v']);
  });

  test('moments are kept in their order, each once, and the first and the latest where there are many', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 400, size: 'max' }), (list) => {
        const noted: number[] = [];
        for (const one of list) noteTime(noted, one);
        const distinct = [...new Set(list)].sort((a, b) => a - b);
        if (distinct.length <= 200) expect(noted).toEqual(distinct);
        expect([noted[0], noted.at(-1)]).toEqual([distinct[0], distinct.at(-1)]);
      }),
    );
  });
});
