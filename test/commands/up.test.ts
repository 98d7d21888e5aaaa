import { describe, expect, test } from 'vitest';
import { kpiLine } from '../../src/commands/kpi-line.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';

const STATS = {
  asOf: { time: '2026-01-05T09:08:07.000Z', basis: 'clock' },
  window: { label: '30m', from: null, to: '2026-01-05T09:08:07.000Z' },
  freshness: { backlog: 1200, rejected: 3 },
  kpis: {
    events: 1_234_567,
    eventsPerSecond: 99.96,
    activeUsers: { '5m': 1001, '30m': 2000 },
    sessions: 5000,
    orders: 50,
    revenue: {
      gross: '9007199254740993.1234',
      net: '9007199254740993.1234',
      refunds: '0.00',
      currency: 'EUR',
      others: [],
    },
    conversion: { session: 0.0123, user: null },
  },
} as unknown as Stats;

describe('the line of numbers of ecom up', () => {
  test('says the numbers, exact and grouped', () => {
    expect(kpiLine(STATS)).toBe(
      '09:08:07 [30m] 1,234,567 events · 100/s · 1,001 active · 5,000 sessions · 50 orders · ' +
        '9,007,199,254,740,993.12 EUR net · conversion 1.2% · 1,200 waiting · 3 rejected',
    );
  });

  test('a ratio without a denominator is a dash', () => {
    const empty = {
      ...STATS,
      kpis: { ...STATS.kpis, eventsPerSecond: null, conversion: { session: null, user: null } },
    };
    const line = kpiLine(empty);
    expect(line).toContain(' -/s ');
    expect(line).toContain('conversion - ·');
  });
});
