import { join } from 'node:path';
import { expect } from 'vitest';
import { ensureDataDir } from '../../src/config.ts';
import {
  type ConsumeOptions,
  type EventLog,
  type LogConsumer,
} from '../../src/pipeline/event-log/event-log.ts';
import { formatAmount } from '../../src/pipeline/events/money.ts';
import { type ShopEvent } from '../../src/pipeline/events/shop-event.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { type ReduceSettings } from '../../src/pipeline/processor/reduce.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type Period } from '../../src/pipeline/stats/time-frame.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { type ReferencePeriod, referenceNumbers } from './reference.ts';
import { configFor, openStores, SETTINGS, type Stores } from './stores.ts';
import { tempDir } from './temp-dir.ts';

export const wire = (event: ShopEvent): string =>
  JSON.stringify({
    ...event,
    items: event.items.map((item) => ({ ...item, price: formatAmount(item.price ?? 0) })),
  });

export const keyOf = ({ userId, anonymousId, orderId, id }: ShopEvent): string =>
  userId ?? anonymousId ?? orderId ?? id;

export const BERLIN = { timeZone: 'Europe/Berlin' };

export async function newStores(name: string, { timeZone: zone } = { timeZone: 'UTC' }): Promise<Stores> {
  const config = configFor(join(tempDir(), name), { ECOM_PARTITIONS: '3', ECOM_TIMEZONE: zone });
  ensureDataDir(config);
  return openStores(config);
}

export function statsOf(stores: Stores, now: number, period: Period = 'all', by?: string): Promise<Stats> {
  const sort = by === 'recommender' ? undefined : 'units';
  return readStats(stores, { period, limit: 10, now, currency: 'USD', sort, by });
}

export async function processAll(
  stores: Stores,
  batch: number,
  settings: ReduceSettings = SETTINGS,
): Promise<void> {
  const processor = createProcessor({ ...stores, settings, batch });
  while ((await processor.step()) > 0);
}

/** The same of a stretch, of which nothing is known where it ends before all events. */
export async function expectStretch(
  stores: Stores,
  arrived: readonly ShopEvent[],
  stretch: { readonly from: number; readonly to: number },
  asOf: number,
): Promise<void> {
  if (arrived.some(({ time }) => time < stretch.to))
    await expectReference(stores, arrived, stretch, { ...stretch, asOf });
  else await expect(statsOf(stores, asOf, stretch)).rejects.toMatchObject({ code: 'NOT_FOUND' });
}

/** Asks for the numbers of a period and compares them with the reference's. */
export async function expectReference(
  stores: Stores,
  arrived: readonly ShopEvent[],
  period: Period,
  reference: Omit<ReferencePeriod, 'timeZone'>,
): Promise<Stats> {
  const stats = await statsOf(stores, reference.asOf, period, 'country');
  const expected = referenceNumbers(arrived, { ...reference, ...BERLIN });
  const { kpis, funnel, topProducts } = stats;
  const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
  const { waits, sessions, closedWithCart } = expected;
  expect(kpis).toMatchObject({
    events: expected.events,
    users: expected.users,
    newUsers: expected.newUsers,
    buyers: expected.buyers,
    repeatPurchaseRate: period === 'all' ? share(expected.repeatBuyers, expected.buyers) : null,
    sessions,
    bounceRate: share(expected.bounced, sessions),
    averageSessionSeconds: share(expected.sessionMs / 1000, sessions),
    orders: expected.orders,
    unitsSold: expected.units,
    revenue: { gross: formatAmount(expected.gross), refunds: formatAmount(expected.refunds) },
    conversion: {
      session: share(expected.convertedSessions, sessions),
      user: share(expected.buyers, expected.users),
    },
    cartAbandonment: closedWithCart === 0 ? null : 1 - expected.closedWithCartAndPurchase / closedWithCart,
  });
  expect(kpis.activeUsers['30m']).toBe(expected.active30m);
  expect(kpis.timeToPurchaseSeconds.average).toBe(
    share(waits.reduce((total, wait) => total + wait, 0) / 1000, waits.length),
  );
  expect(funnel.map(({ step: name, sessions: count }) => ({ step: name, sessions: count }))).toEqual(
    expected.funnel,
  );
  expect(new Map(topProducts.map(({ productId, units }) => [productId, units]))).toEqual(
    expected.unitsByProduct,
  );
  expect(stats.simulated).toBe(arrived.some(({ source }) => source === 'generator'));
  expect(stats.simulatedShare).toBe(share(expected.simulated, expected.events));
  expect(stats.freshness.duplicateOrders).toBe(expected.duplicateOrders);
  const countries = expected.byProperty('country');
  for (const { value, ...row } of stats.breakdown!.rows) {
    const { events, sessions: own, converted, orders, gross } = countries.get(value)!;
    expect(row).toMatchObject({ events, sessions: own, orders, revenue: formatAmount(gross) });
    expect(row.conversion).toBe(share(converted, own));
  }
  const { breakdown } = await statsOf(stores, reference.asOf, period, 'recommender');
  const recommenders = expected.byRecommender();
  for (const { value, ...row } of breakdown!.rows) {
    const { sessions: own, converted, gross, impressions, clicks, ...same } = recommenders.get(value)!;
    expect(row).toMatchObject({ ...same, sessions: own, impressions, clicks, revenue: formatAmount(gross) });
    expect(row).toMatchObject({
      conversion: share(converted, own),
      clickThrough: share(clicks, impressions),
    });
  }
  const active = [...recommenders].filter(([, { events }]) => events > 0).map(([arm]) => arm);
  expect(breakdown!.rows.map(({ value }) => value).sort()).toEqual(active.sort());
  return stats;
}

/**
 * A log whose partitions the test deals out among members. A member goes on as it was until it learns of a deal, as one
 * does that a consumer group has lost sight of.
 */
export function createGroup(log: EventLog) {
  let owners: readonly number[] = [0, 1, 2];
  const known = new Map<number, readonly number[]>();

  function consume(member: number, { start }: ConsumeOptions): LogConsumer {
    let deal: readonly number[] | undefined;
    let owned: number[] = [];
    let inner: LogConsumer;
    return {
      async poll(limit, waitMs) {
        if (!known.has(member)) known.set(member, owners);
        if (known.get(member) !== deal) {
          deal = known.get(member)!;
          owned = deal.flatMap((owner, partition) => (owner === member ? [partition] : []));
          const starts = await start(owned);
          const nowhere = 2 ** 40;
          inner = log.consume({
            start: async (all) =>
              new Map(all.map((partition) => [partition, starts.get(partition) ?? nowhere])),
          });
        }
        return inner.poll(limit, waitMs);
      },
      owned: () => owned,
      seek: (partition, offset) => inner.seek(partition, offset),
      commit: async () => {},
      close: async () => {},
    };
  }
  return {
    logOf: (member: number): EventLog => ({ ...log, consume: (options) => consume(member, options) }),
    deal(next: readonly number[]) {
      owners = next;
    },
    learn(member: number) {
      known.set(member, owners);
    },
  };
}

/** Takes a step at a time, with a new processor after every crash, as a killed process would be followed by another. */
export async function processWithCrashes(
  stores: Stores,
  batches: readonly number[],
  crashes: readonly string[],
  settings: ReduceSettings = SETTINGS,
): Promise<void> {
  for (let i = 0, idle = false; !idle; i += 1) {
    const crash = crashes[i % crashes.length]!;
    const fail = (): never => {
      throw new Error('crash');
    };
    const log =
      crash === 'commit' && i < 200
        ? {
            ...stores.log,
            consume: (options: ConsumeOptions) => ({
              ...stores.log.consume(options),
              commit: async () => fail(),
            }),
          }
        : stores.log;
    const documents =
      crash === 'append' && i < 200
        ? {
            ...stores.documents,
            append: async (...batch: Parameters<typeof stores.documents.append>) => {
              await stores.documents.append(...batch);
              fail();
            },
          }
        : stores.documents;
    const live =
      crash === 'apply' && i < 200
        ? {
            ...stores.live,
            apply: async (...change: Parameters<typeof stores.live.apply>) => {
              await stores.live.apply(...change);
              return fail();
            },
          }
        : stores.live;
    const processor = createProcessor({
      log,
      documents,
      live,
      settings,
      batch: batches[i % batches.length]!,
    });
    try {
      idle = (await processor.step()) === 0;
    } catch (error) {
      if ((error as Error).message !== 'crash') throw error;
    }
  }
}
