import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';
import { type CellRange, levelStart } from '../../../src/pipeline/metrics/cells.ts';
import { frameOf, stretchBefore } from '../../../src/pipeline/stats/time-frame.ts';
import { WINDOW_LABELS } from '../../../src/pipeline/stats/types.ts';

const NOW = Date.UTC(2026, 10, 24, 12, 34, 56, 789);
const MINUTE = 60_000;

const UTC = timeZone('UTC');
const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'America/Sao_Paulo'].map(
  timeZone,
);

function isIn(ranges: readonly CellRange[], time: number, zone = UTC): number {
  return ranges.filter(({ level, from, to }) => {
    const start = levelStart(level, time, zone);
    return start >= from && start < to;
  }).length;
}

describe('time frame', () => {
  test('"now" is the clock, or the newest event of a history', () => {
    expect(frameOf('1h', NOW - 5000, NOW, UTC).asOf).toEqual({ time: NOW, basis: 'clock' });
    expect(frameOf('1h', NOW - 86_400_000, NOW, UTC).asOf.basis).toBe('clock');
    expect(frameOf('1h', NOW - 86_400_001, NOW, UTC).asOf).toEqual({
      time: NOW - 86_400_001,
      basis: 'latest-event',
    });
    expect(frameOf('1h', 0, NOW, UTC).asOf.basis).toBe('clock');
  });

  test('a stretch that begins after the newest event of a history, or after now, is refused', () => {
    const begin = (from: number, newest: number) => () =>
      frameOf({ from, to: Number.POSITIVE_INFINITY }, newest, NOW, UTC);
    const old = NOW - 90 * 86_400_000;
    expect(begin(old + 1, old)).toThrow(/the newest event is of 2026-08-26T12:34:56/);
    expect(begin(NOW - 1, old)).toThrow(/the newest event is of/);
    expect(begin(old, old)().from).toBeLessThanOrEqual(old);
    expect(begin(NOW + 1, NOW)).toThrow(/yet to come/);
    expect(begin(NOW + 1, 0)).toThrow(/yet to come/);
    // Of a live shop it is known that nothing has happened since.
    expect(begin(NOW - 1000, NOW - 60_000)().to).toBe(NOW);
  });

  test('a window holds each moment from its beginning on once, and none before', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...WINDOW_LABELS.filter((label) => label !== 'all')),
        fc.integer({ min: NOW - 10 ** 10, max: NOW + 10 ** 10 }),
        fc.integer({ min: 0, max: 40 * 86_400_000 }),
        fc.constantFrom(...ZONES),
        (label, now, ago, zone) => {
          const { window, from } = frameOf(label, now, now, zone);
          const time = now - ago;
          expect(isIn(window as CellRange[], time, zone)).toBe(time >= from! ? 1 : 0);
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
    const { from } = frameOf(label, NOW, NOW, UTC);
    const length = NOW - from!;
    expect(length).toBeLessThanOrEqual(minutes * MINUTE);
    expect(length).toBeGreaterThan(minutes * MINUTE * 0.96);
  });

  test('a stretch holds each moment between its ends once, and is wide enough for what it was asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 900 * 86_400_000 }),
        fc.integer({ min: 0, max: 900 * 86_400_000 }),
        fc.integer({ min: 0, max: 900 * 86_400_000 }),
        fc.constantFrom(...ZONES),
        (a, b, ago, zone) => {
          const asked = { from: NOW - Math.max(a, b) - 1, to: NOW - Math.min(a, b) };
          const { window, from, to } = frameOf(asked, NOW, NOW, zone);
          expect(from).toBeLessThanOrEqual(asked.from);
          expect(to).toBeGreaterThanOrEqual(asked.to);
          const time = NOW - ago;
          expect(isIn(window as CellRange[], time, zone)).toBe(time >= from! && time < to ? 1 : 0);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('a window of any length is that long, ends now, and knows what was before', () => {
    const two = frameOf({ label: '2h', last: 120 * MINUTE }, NOW, NOW, UTC);
    expect(two).toMatchObject({ label: '2h', open: true, to: NOW, presence: undefined });
    expect(NOW - two.from!).toBeLessThanOrEqual(120 * MINUTE);
    expect(NOW - two.from!).toBeGreaterThan(119 * MINUTE);
    const before = stretchBefore(two)!;
    expect(before.to).toBe(two.from);
    expect(before.to - before.from).toBe(two.to - two.from!);
  });

  test('days that are over tell their users exactly, other stretches those of whole hours or days', () => {
    const zone = timeZone('Europe/Berlin');
    const [first, after] = [zone.dayStart(20_000), zone.dayStart(20_031)];
    expect(frameOf({ from: first, to: after }, NOW, NOW, zone).presence).toEqual({
      level: '1d',
      from: first,
      to: after,
      exact: true,
    });
    const hours = { from: NOW - 80 * 3_600_000, to: NOW - 40 * 3_600_000 };
    expect(frameOf(hours, NOW, NOW, zone).presence).toMatchObject({ level: '1h', exact: false });
    const minutes = { from: NOW - 80 * MINUTE, to: NOW - 50 * MINUTE };
    expect(frameOf(minutes, NOW, NOW, zone).presence).toBeUndefined();
    expect(frameOf({ from: first, to: NOW + 1 }, NOW, NOW, zone)).toMatchObject({
      open: true,
      presence: undefined,
    });
  });

  test('a session is closed half an hour after its last event', () => {
    const { closed, from } = frameOf('24h', NOW, NOW, UTC);
    expect(isIn(closed, NOW - 30 * MINUTE - 10_000)).toBe(1);
    expect(isIn(closed, NOW - 30 * MINUTE)).toBe(0);
    expect(isIn(closed, from! - 30 * MINUTE)).toBe(1);
    expect(isIn(closed, from! - 31 * MINUTE)).toBe(0);
  });

  test('the chart of a window has its cells', () => {
    const { series } = frameOf('30m', NOW, NOW, UTC);
    expect(series.level).toBe('1m');
    expect((Math.floor(NOW / MINUTE) * MINUTE + MINUTE - series.from) / MINUTE).toBe(30);
  });
});
