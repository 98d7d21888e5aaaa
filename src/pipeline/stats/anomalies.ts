import { type TimeZone } from '../events/time-zone.ts';
import { type SeriesPoint } from './types.ts';

/** Weeks before that an hour is compared with. */
export const ANOMALY_WEEKS = 8;
/** With fewer of them nothing is said. */
const LEAST_WEEKS = 3;
/** From here on an hour is called unusual: about one in two thousand is, by chance. */
export const UNUSUAL = 3.5;
/** Makes the median absolute deviation of normal values their standard deviation. */
const NORMAL = 0.6745;

const HOUR_MS = 3_600_000;

/**
 * Marks hours by how unusual they are for their hour of the week: the modified z-score (Iglewicz and Hoaglin, How to detect
 * and handle outliers, 1993), 0.6745 × (value − median) ÷ MAD over the same hour of the weeks before. A spread below what
 * counting alone gives, the root of the median, is taken for that. Weeks before the shop had any events do not count; one
 * without events in that hour counts as 0.
 * @param points the hours to mark @param history hours of the weeks before, and of the same stretch, by start
 * @param begun when the history begins, ms since the epoch
 */
export function markAnomalies(
  points: readonly SeriesPoint[],
  history: ReadonlyMap<number, { readonly events: number; readonly revenue: number }>,
  begun: number,
  zone: TimeZone,
): SeriesPoint[] {
  return points.map((point) => {
    const start = Date.parse(point.time);
    const weeks: { events: number; revenue: number }[] = [];
    for (let week = 1; week <= ANOMALY_WEEKS; week += 1) {
      // The same hour of the shop's clock, whatever was done to that in between.
      const plain = start - week * 7 * 24 * HOUR_MS;
      const before = zone.hourStart(plain + zone.offsetAt(start) - zone.offsetAt(plain));
      if (before < begun) break;
      weeks.push(history.get(before) ?? { events: 0, revenue: 0 });
    }
    const score = (
      value: number,
      of: (hour: { events: number; revenue: number }) => number,
      least: number,
    ) => (weeks.length < LEAST_WEEKS ? null : zScore(value, weeks.map(of), least));
    const typical = median(weeks.map(({ events }) => events));
    return {
      ...point,
      anomaly: {
        events: score(point.events, ({ events }) => events, Math.sqrt(Math.max(1, typical))),
        revenue: score(Number(point.revenue), ({ revenue }) => revenue, 0),
      },
    };
  });
}

/** Null where the values do not differ at all and this one does: nothing says how much is much. */
function zScore(value: number, others: readonly number[], leastSpread: number): number | null {
  const middle = median(others);
  const spread = Math.max(median(others.map((other) => Math.abs(other - middle))), leastSpread * NORMAL);
  if (spread === 0) return value === middle ? 0 : null;
  return Math.round(((NORMAL * (value - middle)) / spread) * 100) / 100;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
