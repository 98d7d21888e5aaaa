import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CellRange, LEVELS } from '../../../src/pipeline/live-store/cells.ts';
import { frameOf } from '../../../src/pipeline/stats/time-frame.ts';
import { WINDOW_LABELS } from '../../../src/pipeline/stats/types.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 34, 56, 789);
const MINUTE = 60_000;

function isIn(ranges: readonly CellRange[], time: number): number {
  return ranges.filter(({ level, from, to }) => {
    const start = Math.floor(time / LEVELS[level]) * LEVELS[level];
    return start >= from && start < to;
  }).length;
}

describe('time frame', () => {
  test('"now" is the clock, or the newest event of a history', () => {
    expect(frameOf('1h', NOW - 5000, NOW).asOf).toEqual({ time: NOW, basis: 'clock' });
    expect(frameOf('1h', NOW - 86_400_000, NOW).asOf.basis).toBe('clock');
    expect(frameOf('1h', NOW - 86_400_001, NOW).asOf).toEqual({
      time: NOW - 86_400_001,
      basis: 'latest-event',
    });
    expect(frameOf('1h', 0, NOW).asOf.basis).toBe('clock');
  });

  test('a window holds each moment from its beginning on once, and none before', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WINDOW_LABELS.filter((label) => label !== 'all')),
        fc.integer({ min: NOW - 10 ** 10, max: NOW + 10 ** 10 }),
        fc.integer({ min: 0, max: 40 * 86_400_000 }),
        (label, now, ago) => {
          const { window, from } = frameOf(label, now, now);
          const time = now - ago;
          expect(isIn(window as CellRange[], time)).toBe(time >= from! ? 1 : 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['5m', 5],
    ['30m', 30],
    ['1h', 60],
    ['24h', 1440],
    ['7d', 10_080],
    ['30d', 43_200],
  ] as const)('%s is that long, up to one cell less', (label, minutes) => {
    const { from } = frameOf(label, NOW, NOW);
    const length = NOW - from!;
    expect(length).toBeLessThanOrEqual(minutes * MINUTE);
    expect(length).toBeGreaterThan(minutes * MINUTE * 0.96);
  });

  test('a session is closed half an hour after its last event', () => {
    const { closed, from } = frameOf('24h', NOW, NOW);
    expect(isIn(closed, NOW - 30 * MINUTE - 10_000)).toBe(1);
    expect(isIn(closed, NOW - 30 * MINUTE)).toBe(0);
    expect(isIn(closed, from! - 30 * MINUTE)).toBe(1);
    expect(isIn(closed, from! - 31 * MINUTE)).toBe(0);
  });

  test('the chart of a window has its cells', () => {
    const { series } = frameOf('30m', NOW, NOW);
    expect(series.level).toBe('1m');
    expect((Math.floor(NOW / MINUTE) * MINUTE + MINUTE - series.from) / MINUTE).toBe(30);
  });
});
