import { describe, expect, test } from 'vitest';
import { createArrivals } from '../../../src/pipeline/generator/arrivals.ts';
import { planHistory } from '../../../src/pipeline/generator/history.ts';
import { Random } from '../../../src/pipeline/generator/random.ts';
import { START } from './shop.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Number of arrivals by hour of the first day. */
function byHour(rate: number, rhythm: 'daily' | 'flat'): number[] {
  const arrivals = createArrivals(new Random('hours'), rate, START, rhythm);
  const hours = new Array<number>(24).fill(0);
  for (; arrivals.time() < START + DAY; arrivals.advance())
    hours[Math.floor((arrivals.time() - START) / HOUR)]! += 1;
  return hours;
}

describe('arrivals', () => {
  test('the daily rhythm has a quiet night and a busy evening, and the same mean as none', () => {
    const daily = byHour(2, 'daily');
    const flat = byHour(2, 'flat');
    const total = (hours: number[]): number => hours.reduce((sum, n) => sum + n, 0);
    expect(total(daily) / (2 * 86_400)).toBeCloseTo(1, 1.5);
    expect(total(flat) / (2 * 86_400)).toBeCloseTo(1, 1.5);
    expect(daily[4]! / 7200).toBeLessThan(0.4);
    expect(daily[20]! / 7200).toBeGreaterThan(1.6);
    for (const hour of flat) expect(Math.abs(hour / 7200 - 1)).toBeLessThan(0.06);
  });

  test.each([1e-5, 10_000 / (2 * 86_400), 1e6])('%d events a second come at that rate, in order', (rate) => {
    const arrivals = createArrivals(new Random('rates'), rate, START, 'daily');
    const expected = rate > 1 ? arrivals.density() : rate; // within a moment, or over days
    const times = Array.from({ length: 10_000 }, () => {
      arrivals.advance();
      return arrivals.time();
    });
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const found = (times.length * 1000) / (times.at(-1)! - START);
    expect(found / expected).toBeGreaterThan(0.9);
    expect(found / expected).toBeLessThan(1.1);
  });

  test('the clock can be moved and the pace changed', () => {
    const arrivals = createArrivals(new Random('pace'), 10, START, 'flat');
    arrivals.moveTo(START + HOUR);
    expect(arrivals.time()).toBeGreaterThanOrEqual(START + HOUR);
    expect(arrivals.time()).toBeLessThan(START + HOUR + 10_000);
    arrivals.setPace(1000, 'flat');
    arrivals.advance();
    const from = arrivals.time();
    for (let i = 0; i < 10_000; i += 1) arrivals.advance();
    expect((arrivals.time() - from) / 10_000).toBeCloseTo(1, 1);
    arrivals.moveTo(START);
    expect(arrivals.time()).toBeLessThan(START + 1000);
  });
});

describe('planned history', () => {
  test.each([0.05, 0.3, 5, 100, 20_000])('before %d events a second it is a day that leads there', (rate) => {
    const now = START + 5 * DAY;
    const { start, phases } = planHistory(now, rate);
    expect(start).toBe(now - DAY);
    expect(phases.at(-1)!.until).toBe(now);
    let from = start;
    let events = 0;
    for (const phase of phases) {
      expect(phase.until).toBeGreaterThanOrEqual(from);
      events += (phase.rate * (phase.until - from)) / 1000;
      from = phase.until;
    }
    expect(events).toBeLessThan(31_000);
    expect(events).toBeGreaterThan(Math.min(rate * 86_400, 14_000) * 0.5);
    const last = phases.at(-1)!.rate;
    expect(last).toBeLessThanOrEqual(rate);
    expect(last).toBeGreaterThanOrEqual(rate * 0.5);
  });
});
