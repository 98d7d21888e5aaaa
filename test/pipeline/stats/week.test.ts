import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { readInsights } from '../../../src/pipeline/stats/read-insights.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { referenceNumbers } from '../../support/reference.ts';
import { configFor, openStores, SETTINGS } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const ZONE = 'America/New_York';
// The week in which the clock goes forward there.
const START = Date.parse('2026-03-05T05:00:00Z');
const WEEK_MS = 7 * 86_400_000;

/** The source's session ids would decide alone what a session is. */
const withoutSession = (value: string): string => value.replace(/"sessionId":"[^"]*",/, '');

describe('a simulated week', () => {
  test('has the funnel, abandonment, retention and behaviour that the reference finds', {
    timeout: 120_000,
  }, async () => {
    const config = configFor(tempDir(), { ECOM_TIMEZONE: ZONE });
    ensureDataDir(config);
    const stores = await openStores(config);
    const generator = createGenerator({
      seed: 'week',
      rate: 0.06,
      start: START,
      dirty: 0,
      rhythm: 'daily',
      currency: 'USD',
    });
    const records = [];
    while (generator.peekTime() < START + WEEK_MS) {
      const { key, value } = generator.next();
      records.push({ key, value: withoutSession(value) });
    }
    await stores.log.append(records);
    const processor = createProcessor({ ...stores, settings: { ...SETTINGS, timeZone: ZONE } });
    while ((await processor.step()) > 0);
    const events = records.map(({ value }, offset) => {
      const event = decodeRecord(value, { partition: 0, offset, appendedAt: Date.now() });
      if (isRejected(event)) throw new Error(event.detail);
      return event;
    });
    const now = START + WEEK_MS;
    const stats = await readStats(stores, { period: 'all', limit: 5, now, currency: 'USD' });
    const expected = referenceNumbers(events, { from: 0, to: now, asOf: now, timeZone: ZONE });
    expect(expected.orders).toBeGreaterThan(50);
    expect(stats.kpis).toMatchObject({
      users: expected.users,
      sessions: expected.sessions,
      orders: expected.orders,
    });
    expect(stats.funnel.map(({ step, sessions }) => ({ step, sessions }))).toEqual(expected.funnel);
    expect(stats.kpis.cartAbandonment).toBe(1 - expected.closedWithCartAndPurchase / expected.closedWithCart);

    expect(stats).toMatchObject({ simulated: true, simulatedShare: 1 });

    const insights = await readInsights(stores.live, { period: 'all', limit: 5, now, currency: 'USD' });
    expect(insights.simulated).toBe(true);
    expect(insights.cohorts.length).toBeGreaterThan(6);
    for (const { day, shoppers, returned } of insights.cohorts) {
      expect(shoppers).toBe(returned[0]);
      returned.forEach((count, k) => {
        expect(count).toBe(expected.kept.get(`${day}+${k}`) ?? 0);
      });
    }
    const told = insights.cohorts.reduce((sum, { returned }) => sum + returned.reduce((a, b) => a + b, 0), 0);
    expect(told).toBe([...expected.kept.values()].reduce((a, b) => a + b, 0));

    // Hours and weekdays, counted from the events by the platform's own clock.
    const zone = timeZone(ZONE);
    const hours = new Map<string, number>();
    for (const { time } of events) {
      const local = new Date(time + zone.offsetAt(time));
      const key = `${(local.getUTCDay() + 6) % 7} ${local.getUTCHours()}`;
      hours.set(key, (hours.get(key) ?? 0) + 1);
    }
    insights.activity.events.forEach((row, weekday) => {
      row.forEach((count, hour) => {
        expect(count).toBe(hours.get(`${weekday} ${hour}`) ?? 0);
      });
    });
    const searches = events.filter(({ type, query }) => type === 'search' && query !== undefined);
    expect(insights.search.searches).toBe(searches.length);
    expect(insights.search.withoutResults).toBe(
      searches.filter(({ properties }) => properties?.results === 0).length,
    );
    const buyers = insights.segments.reduce((sum, row) => sum + row.buyers, 0);
    expect(buyers).toBe(expected.buyers);
    await stores.close();
  });
});
