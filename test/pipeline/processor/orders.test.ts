import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { decimalsOf, formatAmount } from '../../../src/pipeline/events/money.ts';
import { encodeDecoded } from '../../../src/pipeline/events/record.ts';
import { ORDER_STATUSES, partitionKey, type ShopEvent } from '../../../src/pipeline/events/shop-event.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { type Period } from '../../../src/pipeline/stats/time-frame.ts';
import { type Stats } from '../../../src/pipeline/stats/types.ts';
import { type Posting, referenceOrders } from '../../support/reference-orders.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const START = Date.UTC(2026, 0, 5, 10);
const MINUTE = 60_000;
/** Stands for two processors that take a step at the same time. */
const BOTH = 2;

async function newStores(): Promise<Stores> {
  const config = configFor(join(tempDir(), 'orders'), { ECOM_PARTITIONS: '3' });
  ensureDataDir(config);
  return openStores(config);
}

const amount = fc.integer({ min: 0, max: 500_000 });
const stated = fc.oneof({ weight: 2, arbitrary: fc.constant(250_000) }, amount);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, weight = 2): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, arbitrary);
const item = fc.record({
  productId: fc.constantFrom('p1', 'p2', 'p3'),
  quantity: fc.integer({ min: 1, max: 3 }),
  price: fc.oneof({ weight: 4, arbitrary: amount }, fc.constant(undefined)),
  total: maybe(amount, 6),
  category: maybe(fc.constant('c')),
});
const said = fc.record({
  order: fc.nat(4),
  shopper: fc.nat(3),
  minute: fc.nat(300),
  currency: maybe(fc.constantFrom('EUR', 'JPY')),
  country: maybe(fc.constantFrom('DE', 'FR')),
  status: maybe(fc.constantFrom(...ORDER_STATUSES), 8),
  revenue: maybe(stated, 6),
  total: maybe(stated, 6),
  tax: maybe(amount, 6),
  shipping: maybe(amount, 6),
  refunded: maybe(amount, 3),
  items: fc.array(item, { maxLength: 3 }),
  refund: fc.boolean(),
});

/** Orders 0 to 2 come line by line, the others in one purchase each. Shopper 0 is nobody. */
function eventsOf(list: readonly (typeof said extends fc.Arbitrary<infer T> ? T : never)[]): ShopEvent[] {
  const whole = new Set<number>();
  return list.flatMap((one, i): ShopEvent[] => {
    const { order, shopper, minute, currency, country, status, items, refund } = one;
    const { revenue, total, tax, shipping, refunded } = one;
    const lines = order < 3;
    if (!refund && !lines && whole.has(order)) return [];
    if (!refund && !lines) whole.add(order);
    const amounts = { revenue, total, tax, shipping };
    const says = Object.values(amounts).some((value) => value !== undefined) || status !== undefined;
    if (!refund && items.length === 0 && (lines ? !says : (revenue ?? total) === undefined)) return [];
    return [
      defined({
        id: `e${i}`,
        type: refund ? 'refund' : 'purchase',
        // No two at one time: which of two refunds was first is of no account.
        time: START + minute * MINUTE + i,
        userId: shopper === 0 ? undefined : `u${shopper}`,
        orderId: `o${order}`,
        partial: !refund && lines ? true : undefined,
        status: refund && status !== 'cancelled' ? undefined : status,
        currency,
        ...amounts,
        refunded: refund ? refunded : undefined,
        items: items.map(defined),
        source: 'test',
        properties: country === undefined ? undefined : { country },
      }) as ShopEvent,
    ];
  });
}

function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function statsOf(stores: Stores, period: Period, by: string): Promise<Stats> {
  const now = START + 24 * 60 * MINUTE;
  return readStats(stores, { period, limit: 100, now, currency: 'USD', by, sort: 'units' });
}

/** Compares what was counted of a period with what the reference says. */
async function expectReference(stores: Stores, postings: readonly Posting[], period: Period): Promise<void> {
  const stretch = typeof period === 'string' || !('from' in period) ? { from: 0, to: Infinity } : period;
  const inside = postings.filter(({ time }) => time >= stretch.from && time < stretch.to);
  const { kpis, freshness, breakdown } = await statsOf(stores, period, 'country');
  const main = kpis.revenue.currency;
  const sum = (kind: Posting['kind'], fits: (posting: Posting) => boolean = () => true): bigint =>
    inside
      .filter((posting) => posting.kind === kind && fits(posting))
      .reduce((all, one) => all + one.amount, 0n);
  const money = (value: bigint, code = main): string => formatAmount(value, decimalsOf(code));
  const counts = {
    orders: Number(sum('order', ({ product }) => product === undefined)),
    units: Number(sum('units')),
    excess: Number(sum('excess')),
    orderless: Number(sum('orderless')),
    unpriced: Number(sum('unpriced')),
    pending: Number(sum('pending')),
    cancelled: Number(sum('cancelled')),
  };
  expect({
    orders: kpis.orders,
    units: kpis.unitsSold,
    excess: freshness.excessRefunds,
    orderless: freshness.refundsWithoutOrder,
    unpriced: freshness.unpricedOrders,
    pending: freshness.pendingOrders,
    cancelled: freshness.cancelledOrders,
  }).toEqual(counts);
  // Where it is noticed depends on which was first.
  if (period === 'all') expect(freshness.changedOrders).toBe(Number(sum('changed')));
  for (const { currency, gross, refunds } of [kpis.revenue, ...kpis.revenue.others]) {
    const own = ({ currency: code }: Posting): boolean => code === currency;
    expect([currency, gross, refunds]).toEqual([
      currency,
      money(sum('gross', own), currency),
      money(sum('refund', own), currency),
    ]);
  }
  const told = new Set([kpis.revenue, ...kpis.revenue.others].map(({ currency }) => currency));
  for (const { kind, currency, amount: value } of inside)
    if ((kind === 'gross' || kind === 'refund') && value > 0n) expect(told).toContain(currency);
  for (const { value, orders, units, revenue, refunds } of breakdown!.rows) {
    const own = ({ country, currency }: Posting): boolean => country === value && (currency ?? main) === main;
    const any = ({ country, product }: Posting): boolean => country === value && product === undefined;
    expect({ value, orders, revenue, refunds, units }).toEqual({
      value,
      orders: Number(sum('order', any)),
      revenue: money(sum('gross', own)),
      refunds: money(sum('refund', own)),
      units: Number(sum('units', ({ country }) => country === value)),
    });
  }
  const { breakdown: products } = await statsOf(stores, period, 'product');
  for (const { value, orders, units, revenue, refunds } of products!.rows) {
    const own = ({ product, currency }: Posting): boolean => product === value && currency === main;
    const any = ({ product }: Posting): boolean => product === value;
    expect({ value, orders, units, revenue, refunds }).toEqual({
      value,
      orders: Number(sum('order', any)),
      units: Number(sum('units', any)),
      revenue: money(sum('gross', own)),
      refunds: money(sum('refund', own)),
    });
  }
}

describe('orders', () => {
  test('count as the reference says, whatever the order of arrival, the partitions and the processors', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 1, maxLength: 25, size: 'max' }),
        fc.infiniteStream(fc.nat(1000)),
        fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 5 }), fc.boolean()), { maxLength: 12 }),
        async (list, places, steps) => {
          const events = eventsOf(list);
          if (events.length === 0) return;
          const due = new Map(events.map((event) => [event, places.next().value as number]));
          const arrived = [...events].sort((a, b) => due.get(a)! - due.get(b)!);
          const stores = await newStores();
          await stores.log.append(
            arrived.map((event) => ({ key: partitionKey(event), value: encodeDecoded(event) })),
          );
          const start = (index: number, batch: number) =>
            createProcessor({ ...stores, settings: SETTINGS, member: { index, count: 2 }, batch });
          const processors = [start(0, 3), start(1, 2)];
          for (const [which, batch, restarts] of steps) {
            if (restarts && which < BOTH) {
              await processors[which]!.close();
              processors[which] = start(which, batch);
            }
            await Promise.all(
              processors.map((processor, i) =>
                i === which || which === BOTH ? processor.step() : undefined,
              ),
            );
          }
          for (const processor of processors) while ((await processor.step()) > 0);
          const postings = referenceOrders(events, 'USD');
          await expectReference(stores, postings, 'all');
          const past = { from: START - MINUTE, to: START + 150 * MINUTE };
          if (events.some(({ time }) => time < past.to)) await expectReference(stores, postings, past);
          await stores.close();
        },
      ),
      { numRuns: 100, endOnFailure: true },
    );
  });
});
