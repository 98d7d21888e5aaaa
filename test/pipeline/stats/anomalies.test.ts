import { describe, expect, test } from 'vitest';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { markAnomalies } from '../../../src/pipeline/stats/anomalies.ts';

const WEEK = 7 * 86_400_000;

describe('anomalies', () => {
  const zone = timeZone('Europe/Berlin');
  // A Monday, 10:00 in Berlin, the week after the clock went back.
  const start = Date.parse('2025-11-03T09:00:00Z');
  const point = (events: number, revenue = '0') => ({
    time: new Date(start).toISOString(),
    events,
    orders: 0,
    revenue,
  });
  /** The same hour of the shop's clock, weeks before: in summer an hour earlier by UTC. */
  const history = (values: readonly number[]) =>
    new Map(
      values.map((events, i) => {
        const at = start - (i + 1) * WEEK;
        return [at + zone.offsetAt(start) - zone.offsetAt(at), { events, revenue: events * 2 }];
      }),
    );

  test('are scored against the same hour of the week by the shop’s clock', () => {
    const weeks = history([100, 110, 90, 105, 95, 100, 120, 80]);
    // Median 100, deviations 0 10 10 5 5 0 20 20: MAD 7.5; z = 0.6745 × 50 ÷ 7.5.
    const [marked] = markAnomalies([point(150, '200')], weeks, 0, zone);
    expect(marked!.anomaly).toEqual({ events: 4.5, revenue: 0 });
    expect(markAnomalies([point(100)], weeks, 0, zone)[0]!.anomaly!.events).toBe(0);
    expect(markAnomalies([point(0)], weeks, 0, zone)[0]!.anomaly!.events).toBe(-8.99);
  });

  test('say nothing before three weeks are known, and count hours without events as none', () => {
    expect(
      markAnomalies([point(5)], history([5, 5]), start - 2.5 * WEEK, zone)[0]!.anomaly!.events,
    ).toBeNull();
    const [marked] = markAnomalies([point(9)], new Map(), start - 20 * WEEK, zone);
    expect(marked!.anomaly!.events).toBe(9);
  });
});
