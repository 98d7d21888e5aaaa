import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader } from '../../../src/pipeline/events/bytes.ts';
import { ORDER_STATUSES } from '../../../src/pipeline/events/shop-event.ts';
import {
  addPurchase,
  decodeOrderState,
  encodeOrderState,
  newOrder,
  type OrderState,
  orderKey,
  takeStatement,
} from '../../../src/pipeline/processor/order-state.ts';
import { newPresence, SPAN } from '../../../src/pipeline/processor/presence.ts';
import {
  decodeShopperState,
  encodeShopperState,
  readShopperState,
} from '../../../src/pipeline/processor/shopper-record.ts';
import { newPurchases, type Purchases, ShopperState } from '../../../src/pipeline/processor/shopper-state.ts';
import { isWholeState } from '../../../src/pipeline/processor/state-check.ts';

const text = fc
  .oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('', '产品-1', 'é', '😀'),
  )
  .map((any) => Buffer.from(any).toString());
const texts = fc.array(text, { maxLength: 60 });
const time = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 631_152_000_000, max: 4_102_444_800_000 }),
  fc.maxSafeNat(),
);
const presence = fc.record({
  last: fc.integer({ min: -1, max: 600_000 }),
  mask: fc.oneof(
    fc.integer({ min: 0, max: 2 ** SPAN - 1 }),
    fc.constantFrom(2 ** 31, 2 ** 32, 2 ** SPAN - 1),
  ),
  oldest: fc.nat(600_000),
});
const count = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n, max: 10n ** 60n }));

const runs = (start: number) =>
  fc
    .array(fc.tuple(fc.nat(3), fc.nat(10 ** 10), fc.nat(10 ** 10)), { maxLength: 16 })
    .map((steps) => steps.flatMap(([step, first, last]) => [step, start + first, start + first + last]));
const session = fc.integer({ min: 631_152_000_000, max: 4_102_444_800_000 }).chain((start) =>
  fc.record({
    id: fc.option(text, { nil: undefined }),
    start: fc.constant(start),
    end: fc.nat(10 ** 10).map((length) => start + length),
    path: fc.nat(2 ** 16 - 1),
    trimmed: fc.oneof(fc.constant(0), fc.nat(2 ** 16 - 1)),
    steps: runs(start),
    bought: fc.oneof(
      fc.constant(0),
      time.map((at) => at || 1),
    ),
    values: fc.array(fc.option(fc.tuple(text, time), { nil: undefined }), { maxLength: 9 }),
  }),
);
const purchases: fc.Arbitrary<Purchases> = fc.record({
  last: time,
  orders: fc.integer({ min: -9 }),
  spent: fc
    .uniqueArray(fc.tuple(fc.constantFrom('USD', 'EUR', 'JPY'), count), { selector: ([code]) => code })
    .map((sums) => new Map(sums.filter(([, sum]) => sum !== 0))),
  hours: presence,
  days: presence,
});
const plainState = fc.record({
  firstSeen: time,
  lastSeen: time,
  hours: presence,
  days: presence,
  kept: fc.nat(2 ** 31 - 1),
  purchases: fc.option(purchases, { nil: undefined }),
  sessions: fc.array(session, { maxLength: 4 }),
  recent: fc.uniqueArray(text, { maxLength: 20 }),
  bought: fc.uniqueArray(text, { maxLength: 50 }),
  exposure: fc.option(
    fc.record({
      lists: fc.array(fc.record({ id: text, shown: fc.boolean(), clicked: fc.boolean() }), { maxLength: 20 }),
      clicks: fc.array(fc.record({ productId: text, arm: text, time }), { maxLength: 20 }),
    }),
    { nil: undefined },
  ),
});

type PlainState = typeof plainState extends fc.Arbitrary<infer T> ? T : never;

function bytesOf(value: string): [bytes: Uint8Array, start: number, size: number] {
  const bytes = Buffer.from(value);
  return [bytes, 0, bytes.length];
}

function stateOf({ hours, days, sessions, recent, bought, ...plain }: PlainState): ShopperState {
  const result = Object.assign(new ShopperState(), plain);
  Object.assign(result.hours, hours);
  Object.assign(result.days, days);
  for (const { id, values, steps, ...numbers } of sessions) {
    const one = Object.assign(result.addSession(), numbers);
    one.steps.push(...steps);
    one.hasId = id !== undefined;
    if (id !== undefined) one.id.set(...bytesOf(id));
    values.forEach((value, i) => {
      const own = one.valueAt(i);
      if (value !== undefined) own.set(...bytesOf(value[0]), value[1]);
    });
  }
  for (const id of recent) result.recent.note(...bytesOf(id));
  for (const id of bought) result.bought.note(...bytesOf(id));
  return result;
}

function plainOf(one: ShopperState): PlainState {
  return {
    firstSeen: one.firstSeen,
    lastSeen: one.lastSeen,
    hours: { ...one.hours },
    days: { ...one.days },
    kept: one.kept,
    purchases: one.purchases,
    exposure: one.exposure as PlainState['exposure'],
    sessions: one.sessions.map((of) => ({
      id: of.hasId ? of.id.toString() : undefined,
      start: of.start,
      end: of.end,
      path: of.path,
      trimmed: of.trimmed,
      steps: [...of.steps],
      bought: of.bought,
      values: of.values
        .slice(0, of.width)
        .map((value): [string, number] | undefined =>
          value.has ? [value.text.toString(), value.time] : undefined,
        ),
    })),
    recent: one.recent.texts(),
    bought: one.bought.texts(),
  };
}

const state = plainState.map(stateOf);

describe('the bytes of a shopper', () => {
  test('give back any state', () => {
    fc.assert(
      fc.property(plainState, plainState, (one, other) => {
        const bytes = encodeShopperState(stateOf(one));
        expect(plainOf(decodeShopperState(bytes))).toEqual(one);
        expect(isWholeState('u:1', bytes)).toBe(true);
        // Whoever was in the same object before leaves nothing behind.
        const used = stateOf(other);
        readShopperState(new ByteReader(bytes), used);
        expect(plainOf(used)).toEqual(one);
        used.reset();
        expect(plainOf(used)).toEqual(plainOf(new ShopperState()));
      }),
      { numRuns: 1000 },
    );
  });

  test('give back a new one, and one that has just bought', () => {
    const shopper = new ShopperState();
    expect(plainOf(decodeShopperState(encodeShopperState(shopper)))).toEqual(plainOf(shopper));
    shopper.purchases = newPurchases();
    expect(plainOf(decodeShopperState(encodeShopperState(shopper)))).toEqual(plainOf(shopper));
    expect(shopper.hours).toEqual(newPresence());
  });

  test('are found damaged where some are missing, too many, or of another layout', () => {
    fc.assert(
      fc.property(state, fc.nat(), (one, place) => {
        const bytes = encodeShopperState(one);
        const cut = bytes.subarray(0, place % bytes.length);
        expect(() => decodeShopperState(cut)).toThrow(RangeError);
        expect(() => decodeShopperState(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(RangeError);
        const other = Uint8Array.from(bytes);
        other[0] = 2;
        expect(() => decodeShopperState(other)).toThrow(/layout/);
        expect(isWholeState('u:1', cut)).toBe(false);
      }),
    );
  });

  test('that are any bytes give a state or an error, and no state that would be written otherwise passes as whole', () => {
    fc.assert(
      fc.property(state, fc.nat(), fc.nat(255), (one, place, byte) => {
        const bytes = encodeShopperState(one);
        bytes[place % bytes.length] = byte;
        let again: Uint8Array | undefined;
        try {
          again = encodeShopperState(decodeShopperState(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
        expect(isWholeState('u:1', bytes)).toBe(again !== undefined && Buffer.compare(again, bytes) === 0);
      }),
      { numRuns: 1000 },
    );
  });
});

const amount = fc.nat(1e9);
const moment = fc.integer({ min: 1, max: 2e12 });
const maybeText = fc.option(fc.string(), { nil: undefined });
const sums = fc.dictionary(fc.string(), fc.oneof(amount, fc.bigInt({ min: 2n ** 60n, max: 2n ** 70n })));
const facts = fc
  .record({
    status: fc.constantFrom(undefined, ...ORDER_STATUSES),
    revenue: fc.option(amount, { nil: undefined }),
    tax: fc.option(amount, { nil: undefined }),
    discount: fc.option(amount, { nil: undefined }),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)));
const part = fc.record({
  time: moment,
  currency: maybeText,
  values: fc.array(maybeText, { maxLength: 3 }),
  facts,
  items: fc.array(
    fc.record({
      product: fc.string(),
      category: maybeText,
      brand: maybeText,
      quantity: fc.nat(1e6),
      amount: fc.oneof(fc.constant(undefined), amount, fc.bigInt({ min: 2n ** 60n, max: 2n ** 70n })),
    }),
    { maxLength: 3 },
  ),
});

test('the bytes of an order give back any order', () => {
  const order = fc.record({
    kind: fc.constantFrom('refunds', 'lines', 'whole'),
    parts: fc.array(part, { maxLength: 4 }),
    refunds: fc.array(part, { maxLength: 3 }),
    beyond: sums,
    credited: fc.option(sums, { nil: undefined }),
    isCredited: fc.boolean(),
    arms: texts,
    shopper: fc.constantFrom(undefined, 'u:1', 'a:2'),
  });
  fc.assert(
    fc.property(order, ({ parts, refunds, beyond, credited, ...rest }) => {
      const state: OrderState = Object.assign(newOrder(), rest);
      for (const one of parts) {
        takeStatement(state, one, false);
        addPurchase(state, one);
      }
      for (const one of refunds) {
        takeStatement(state, one, true);
        state.refunds.push(one);
      }
      for (const [code, sum] of Object.entries(beyond)) state.beyond.set(code, sum);
      if (credited !== undefined) state.credited = new Map(Object.entries(credited));
      const bytes = encodeOrderState(state);
      expect(decodeOrderState(bytes)).toEqual({ ...state, stored: bytes });
      expect(isWholeState(orderKey('1'), bytes)).toBe(true);
      expect(() => decodeOrderState(bytes.subarray(0, -1))).toThrow(RangeError);
    }),
  );
});
