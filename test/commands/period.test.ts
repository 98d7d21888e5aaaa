import { describe, expect, test } from 'vitest';
import { periodOf } from '../../src/commands/period.ts';
import { timeZone } from '../../src/pipeline/events/time-zone.ts';

const BERLIN = timeZone('Europe/Berlin');
const at = (iso: string): number => Date.parse(iso);

describe('period', () => {
  test('is a window, known or of any length', () => {
    expect(periodOf({}, '24h', BERLIN)).toBe('24h');
    expect(periodOf({ window: '7d' }, '24h', BERLIN)).toBe('7d');
    expect(periodOf({ window: '45m' }, '24h', BERLIN)).toEqual({ label: '45m', last: 45 * 60_000 });
    expect(periodOf({ window: '2w' }, '24h', BERLIN)).toEqual({ label: '2w', last: 14 * 86_400_000 });
    for (const window of ['', '0m', '5', '5s', 'm', '-5m', '1.5h', '999999w'])
      expect(() => periodOf({ window }, '24h', BERLIN)).toThrow(/--window is/);
  });

  test('a year, a month and a date are all of it, by the shop’s clock', () => {
    expect(periodOf({ from: '2026-03', to: '2026-03' }, '24h', BERLIN)).toEqual({
      from: at('2026-02-28T23:00:00Z'),
      to: at('2026-03-31T22:00:00Z'),
    });
    expect(periodOf({ from: '2024-02-29', to: '2024-02-29' }, '24h', BERLIN)).toEqual({
      from: at('2024-02-28T23:00:00Z'),
      to: at('2024-02-29T23:00:00Z'),
    });
    expect(periodOf({ from: '2025' }, '24h', BERLIN)).toEqual({
      from: at('2024-12-31T23:00:00Z'),
      to: Number.POSITIVE_INFINITY,
    });
    expect(periodOf({ to: '2026-12' }, '24h', BERLIN)).toMatchObject({ to: at('2026-12-31T23:00:00Z') });
  });

  test('a time is the moment itself, by the shop’s clock or the zone that it names', () => {
    const from = (text: string) => (periodOf({ from: text }, '24h', BERLIN) as { from: number }).from;
    expect(from('2026-07-01T09:30')).toBe(at('2026-07-01T07:30:00Z'));
    expect(from('2026-07-01 09:30:15')).toBe(at('2026-07-01T07:30:15Z'));
    expect(from('2026-07-01T09:30Z')).toBe(at('2026-07-01T09:30:00Z'));
    expect(from('2026-07-01T09:30-05:00')).toBe(at('2026-07-01T14:30:00Z'));
    // The hour that comes twice is the first one, the one that never comes the moment after it.
    expect(from('2026-10-25T02:30')).toBe(at('2026-10-25T00:30:00Z'));
    expect(from('2026-03-29T02:30')).toBe(at('2026-03-29T01:30:00Z'));
  });

  test('refuses what is no time, and ends in the wrong order', () => {
    for (const wrong of ['', 'yesterday', '2026-13', '2026-02-30', '2026-1-1', '2026-01-01T25:00', '1900'])
      expect(() => periodOf({ from: wrong }, '24h', BERLIN)).toThrow(/is no time/);
    expect(() => periodOf({ from: '2026-02', to: '2026-01' }, '24h', BERLIN)).toThrow(/not before/);
    expect(() => periodOf({ window: '5m', from: '2026' }, '24h', BERLIN)).toThrow(/ends now/);
  });
});
