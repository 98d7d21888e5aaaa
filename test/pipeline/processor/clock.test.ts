import { describe, expect, test } from 'vitest';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { alteredLog, onePartitionShop } from '../../support/altered-log.ts';
import { SETTINGS, type Stores } from '../../support/stores.ts';

const MINUTE = 60_000;
const YEARS = 3 * 365 * 24 * 60 * MINUTE;

/** A view of a log whose records were taken by a host with another clock. */
const skewed = ({ log }: Stores, ahead: number): Stores['log'] =>
  alteredLog(log, (record) =>
    String(record.value).includes('ahead') ? { ...record, appendedAt: record.appendedAt + ahead } : record,
  );

let serial = 0;
async function append({ log }: Stores, name: string, times: readonly number[]): Promise<void> {
  await log.append(
    times.map((time) => {
      serial += 1;
      const id = `${name}${serial}`;
      return { key: id, value: JSON.stringify({ id, type: 'page_view', time, userId: id }) };
    }),
  );
}

async function count(stores: Stores, ahead: number, now: () => number): Promise<void> {
  const processor = createProcessor({
    ...stores,
    log: skewed(stores, ahead),
    settings: SETTINGS,
    now,
    batch: 7,
  });
  while ((await processor.step()) > 0);
  await processor.close();
}

const statsOf = (stores: Stores, period: Parameters<typeof readStats>[1]['period'], now: number) =>
  readStats(stores, { period, limit: 5, now, currency: 'USD' });

const last = (count: number, now: number): number[] =>
  Array.from({ length: count }, (_, i) => now - 1000 * (count - i));

describe('a clock that is ahead', () => {
  test('an arrival that is yet to come is a dead letter, and is told now', async () => {
    const stores = await onePartitionShop('arrival');
    const now = Date.now();
    await append(stores, 'ahead', [now, now + YEARS]);
    await append(stores, 'right', last(100, now));
    await count(stores, YEARS, () => Date.now());
    const stats = await statsOf(stores, '1h', Date.now());
    expect(stats.kpis.events).toBe(100);
    expect(stats.freshness.rejectedByReason).toEqual({ 'clock ahead': 2 });
    expect((await stores.documents.deadLetters({ limit: 9 })).map(({ reason }) => reason)).toEqual([
      'clock ahead',
      'clock ahead',
    ]);
    expect((await stores.live.positions())[0]!.watermark).toBeLessThanOrEqual(Date.now());
    await stores.close();
  });

  test('a little ahead is an event, and the watermark stays behind the host’s clock', async () => {
    const stores = await onePartitionShop('little');
    const now = Date.now();
    await append(stores, 'ahead', [now + 4 * MINUTE]);
    await count(stores, 4 * MINUTE, () => now);
    expect((await stores.live.positions())[0]!.watermark).toBe(now);
    expect((await statsOf(stores, '5m', now)).kpis.events).toBe(1);
    await stores.close();
  });

  test('what it has left behind disturbs no window, and counting again takes it out', async () => {
    const stores = await onePartitionShop('left');
    const now = Date.now();
    await append(stores, 'ahead', [now + YEARS, now + YEARS]);
    // This host’s clock was ahead as well.
    await count(stores, YEARS, () => now + YEARS);
    expect((await stores.live.positions())[0]!.watermark).toBeGreaterThan(now + MINUTE);
    await append(stores, 'right', last(200, now));
    await count(stores, YEARS, () => Date.now());
    const check = async (live: Stores['live']): Promise<void> => {
      for (const period of [
        '5m',
        '1h',
        '24h',
        '7d',
        '30d',
        { from: now - 10 * MINUTE, to: now + YEARS },
      ] as const) {
        const stats = await statsOf({ ...stores, live }, period, Date.now());
        expect(stats.kpis).toMatchObject({ events: 200, users: 200, sessions: 200 });
        expect(stats.kpis.activeUsers).toEqual({ '5m': 200, '30m': 200 });
        expect(stats.freshness).toMatchObject({ late: 0 });
        expect(stats.series.reduce((sum, { events }) => sum + events, 0)).toBe(200);
      }
    };
    await check(stores.live);
    expect((await stores.live.positions())[0]!.watermark).toBeLessThanOrEqual(Date.now());
    const anew = await stores.live.rebuild();
    await count({ ...stores, live: anew.live }, YEARS, () => Date.now());
    await check(anew.live);
    await anew.close();
    await stores.close();
  });

  test('cells are kept as long as this host’s clock says', async () => {
    const stores = await onePartitionShop('kept');
    const now = Date.now();
    await append(stores, 'ahead', [now + YEARS]);
    await count(stores, YEARS, () => now + YEARS);
    // Enough changes that they are folded into cells.
    await append(stores, 'right', last(250, now));
    await count(stores, YEARS, () => now + YEARS);
    expect((await statsOf(stores, '5m', now)).kpis.events).toBe(250);
    await stores.close();
  });

  test('the document store has what was counted', async () => {
    const stores = await onePartitionShop('documents');
    const now = Date.now();
    await append(stores, 'right', [now]);
    await append(stores, 'ahead', [now]);
    await append(stores, 'right', [now]);
    await count(stores, YEARS, () => now);
    const ids = async () => (await stores.documents.readEvents(0, 0, 10)).events.map(({ offset }) => offset);
    expect(await ids()).toEqual([0, 2]);
    // Counted again when that time has come, it is an event as others are.
    const anew = await stores.live.rebuild();
    await count({ ...stores, live: anew.live }, YEARS, () => now + YEARS);
    await anew.close();
    expect(await ids()).toEqual([0, 1, 2]);
    expect(await stores.documents.deadLetters({ limit: 9 })).toEqual([]);
    await stores.close();
  });
});
