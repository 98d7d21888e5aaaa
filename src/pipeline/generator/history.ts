import { type Rhythm } from './arrivals.ts';

/** A stretch of a simulated past. */
export interface Phase {
  /** End, ms since the epoch. */
  readonly until: number;
  /** Mean events a second. */
  readonly rate: number;
  readonly rhythm: Rhythm;
}

const DAY_S = 86_400;
/** Events of the quiet day, and at most of the rise that follows it. */
const DAY_EVENTS = 15_000;
const RISE_EVENTS = 15_000;
const RISE_STEPS = 24;
const RISE_MAX_S = 3600;

/**
 * The day before `now` of a shop that now has `rate` events a second: a quiet day with its rhythm, then a rise to that rate,
 * exponential and as long as its number of events allows. At most about 30 000 events, whatever the rate.
 * @returns the phases in order; the first begins at `start`, the last ends at `now`
 */
export function planHistory(now: number, rate: number): { start: number; phases: Phase[] } {
  const start = now - DAY_S * 1000;
  const quiet = Math.min(rate, DAY_EVENTS / DAY_S);
  const growth = rate / quiet;
  if (growth < 2) return { start, phases: [{ until: now, rate: quiet, rhythm: 'daily' }] };
  // A rate that grows exponentially from a to b within T makes (b − a) T / ln(b / a) events.
  const riseMs = 1000 * Math.min(RISE_MAX_S, (RISE_EVENTS * Math.log(growth)) / (rate - quiet));
  const rise = Array.from({ length: RISE_STEPS }, (_, step): Phase => {
    const until = Math.round(now - riseMs * (1 - (step + 1) / RISE_STEPS));
    return { until, rate: quiet * growth ** ((step + 0.5) / RISE_STEPS), rhythm: 'flat' };
  });
  return { start, phases: [{ until: Math.round(now - riseMs), rate: quiet, rhythm: 'daily' }, ...rise] };
}
