import { type Random } from './random.ts';

/** `daily` has a quiet night and an evening peak (UTC); `flat` has neither. Both have the same mean. */
export type Rhythm = 'daily' | 'flat';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/**
 * How busy the shop is at a minute of the day, as a multiple of its mean rate: two harmonics, lowest at about 4 h (0.26),
 * highest at about 20 h (1.74), mean 1. Rounded, because the last bit of a cosine differs between engines.
 */
export function busyness(minuteOfDay: number): number {
  const hour = minuteOfDay / 60;
  const harmonic = (cycles: number, peak: number): number =>
    Math.cos((2 * Math.PI * cycles * (hour - peak)) / 24);
  return Math.round(1e6 * (1 + 0.6 * harmonic(1, 18) + 0.25 * harmonic(2, 21))) / 1e6;
}

/** The times at which records arrive at the shop, one after the other. */
export interface Arrivals {
  /** Time of the present record, whole ms since the epoch. */
  time(): number;
  /** How many records a second are expected at present. */
  density(): number;
  /** Goes on to the next record. */
  advance(): void;
  /** Moves the clock, forward or back, to the first record after `time`. */
  moveTo(time: number): void;
  /** Changes the mean number of records a second, and the rhythm, from the next record on. */
  setPace(rate: number, rhythm: Rhythm): void;
}

/**
 * A Poisson process whose rate is constant within a minute: exact, because an exponential wait is spent across minutes at
 * the rate of each.
 * @param rate mean records a second
 * @param start ms since the epoch; the first record comes after it
 */
export function createArrivals(random: Random, rate: number, start: number, rhythm: Rhythm): Arrivals {
  const daily = Float64Array.from({ length: DAY_MINUTES }, (_, minute) => busyness(minute + 0.5));
  let meanPerMs = rate / 1000;
  let flat = rhythm === 'flat';
  // The time is kept as a minute and a fraction, so that steps far below a microsecond are not rounded away.
  let minuteStart = 0;
  let within = 0;
  let perMs = 0;

  function enter(minute: number): void {
    minuteStart = minute;
    const ofDay = (((minute / MINUTE_MS) % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
    perMs = flat ? meanPerMs : meanPerMs * daily[ofDay]!;
  }
  function advance(): void {
    let wait = random.exponential();
    const perDay = meanPerMs * DAY_MS;
    if (wait > perDay) {
      const days = Math.floor(wait / perDay);
      wait -= days * perDay;
      enter(minuteStart + days * DAY_MS);
    }
    for (;;) {
      const rest = (MINUTE_MS - within) * perMs;
      if (wait < rest) break;
      wait -= rest;
      within = 0;
      enter(minuteStart + MINUTE_MS);
    }
    within += wait / perMs;
  }
  function moveTo(time: number): void {
    enter(Math.floor(time / MINUTE_MS) * MINUTE_MS);
    within = time - minuteStart;
    advance();
  }
  function setPace(newRate: number, newRhythm: Rhythm): void {
    meanPerMs = newRate / 1000;
    flat = newRhythm === 'flat';
    enter(minuteStart);
  }
  moveTo(start);
  return {
    time: () => minuteStart + Math.floor(within),
    density: () => perMs * 1000,
    advance,
    moveTo,
    setPace,
  };
}
