import { describe, expect, test } from 'vitest';
import { BUILD } from '../../src/build.ts';
import { kpiLine } from '../../src/commands/kpi-line.ts';
import { readingsOf } from '../../src/commands/up.ts';
import { openLiveStore } from '../../src/pipeline/live-store/open.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

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

test('leaves a command to itself where it is of another build, or about another shop', async () => {
  const dataDir = tempDir();
  const request = { command: 'read', argv: ['stats', '--json'], terminal: { stdout: 0, stderr: 0 } } as const;
  const env = { ECOM_DATA_DIR: dataDir };
  const read = readingsOf(dataDir);
  await (await openLiveStore(configFor(dataDir))).close();
  expect(await read({ ...request, env, build: BUILD })).toMatchObject({ ok: true, exit: 0 });
  expect(await read({ ...request, env, build: 'older' })).toEqual({ ok: false });
  expect(await read({ ...request, env: { ECOM_DATA_DIR: tempDir() }, build: BUILD })).toEqual({ ok: false });
  expect(await read({ ...request, argv: ['status'], env, build: BUILD })).toEqual({ ok: false });
  const many = await Promise.all(Array.from({ length: 6 }, () => read({ ...request, env, build: BUILD })));
  expect(many.filter(({ ok }) => ok)).toHaveLength(4);
});
