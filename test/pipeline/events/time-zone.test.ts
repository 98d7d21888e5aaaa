import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timeZone } from '../../../src/pipeline/events/time-zone.ts';

const HOUR = 3_600_000;

/** Local date and time by the platform, the slow way. */
function wallClock(time: number, zone: string): string {
  return new Date(time).toLocaleString('sv-SE', { timeZone: zone });
}

describe('time zone', () => {
  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'America/St_Johns',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'Africa/Casablanca',
    'Pacific/Apia',
  ];

  const named = fc.constantFrom(...zones);
  const moment = fc.integer({ min: Date.UTC(1991, 0, 1), max: Date.UTC(2030, 0, 1) });

  // Where the clock changed at one minute past midnight.
  const examples: [string, number][] = [['America/St_Johns', 986_095_860_000]];

  test('days begin and end where the local date changes', () => {
    fc.assert(
      fc.property(named, moment, (name, time) => {
        const clock = timeZone(name);
        const date = wallClock(time, name).slice(0, 10);
        const day = clock.dayOf(time);
        expect(new Date(day * 24 * HOUR).toISOString().slice(0, 10)).toBe(date);
        const start = clock.dayStart(day);
        expect(start).toBeLessThanOrEqual(time);
        expect(wallClock(start, name).slice(0, 10)).toBe(date);
        expect(wallClock(start - 1, name).slice(0, 10) < date).toBe(true);
      }),
      { numRuns: 2000, examples },
    );
  });

  test('hours begin where the local hour changes, and hold no two', () => {
    fc.assert(
      fc.property(named, moment, (name, time) => {
        const clock = timeZone(name);
        const start = clock.hourStart(time);
        expect(start).toBeLessThanOrEqual(time);
        expect(time - start).toBeLessThan(HOUR);
        expect(wallClock(start, name).slice(0, 13)).toBe(wallClock(time, name).slice(0, 13));
        expect(clock.hourStart(start)).toBe(start);
        expect(clock.hourStart(start - 1)).toBeLessThan(start);
      }),
      { numRuns: 2000, examples },
    );
  });

  test('a day of changing clocks is 23 or 25 hours long, and the hour that comes twice is two', () => {
    const zone = timeZone('Europe/Berlin');
    const length = (date: string): number => {
      const day = Date.parse(date) / (24 * HOUR);
      return (zone.dayStart(day + 1) - zone.dayStart(day)) / HOUR;
    };
    expect([length('2026-03-28'), length('2026-03-29'), length('2026-10-25')]).toEqual([24, 23, 25]);
    const twice = Date.parse('2026-10-25T00:30:00Z');
    expect(zone.hourStart(twice + HOUR) - zone.hourStart(twice)).toBe(HOUR);
    expect(zone.dayStart(Date.parse('2024-02-29') / (24 * HOUR))).toBe(Date.parse('2024-02-28T23:00:00Z'));
  });

  test('refuses what is no zone', () => {
    expect(() => timeZone('Mars/Olympus')).toThrow(/not a time zone/);
  });
});
