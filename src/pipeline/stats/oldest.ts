import { EcomError } from '../../errors.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type Counters, levelCeiling } from '../metrics/cells.ts';
import { PREFIXES } from '../metrics/columns.ts';
import { countEvents } from './compute-stats.ts';
import { type Period } from './time-frame.ts';

/**
 * Nothing is known of a stretch that ends before all that was counted: zeros would say that nothing happened in it.
 * @throws EcomError `NOT_FOUND`
 */
export async function checkReached(live: LiveStore, period: Period, zone: TimeZone): Promise<void> {
  if (typeof period === 'string' || !('to' in period) || period.to === Number.POSITIVE_INFINITY) return;
  let oldest = Number.NEGATIVE_INFINITY;
  let end = Number.POSITIVE_INFINITY;
  // Ever finer, as long as the end lies within the oldest cell, and such cells are kept.
  for (const level of ['1d', '1h', '1m', '10s'] as const) {
    const range = { level, from: Math.max(0, oldest), to: end };
    const { series } = await live.snapshot({ tallies: [], series: [range] });
    const first = series[0]!.find(({ totals }) => isReceived(totals));
    if (first === undefined) return;
    oldest = first.start;
    end = levelCeiling(level, oldest + 1, zone);
    if (period.to <= oldest) break;
    if (period.to >= end) return;
  }
  if (period.to > oldest) return;
  const [ended, begun] = [period.to, oldest].map((time) => new Date(time).toISOString());
  throw new EcomError(
    'NOT_FOUND',
    `the period ends at ${ended}, and the oldest event is of ${begun} or later`,
    {
      hint: 'ask for one that ends later; --window all is all there is',
    },
  );
}

/** A cell may hold what is no event, such as who was there in its day. */
function isReceived(totals: Counters): boolean {
  return countEvents(totals) > 0 || [...totals.keys()].some((column) => column.startsWith(PREFIXES.rejected));
}
