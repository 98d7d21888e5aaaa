import { type Stats } from '../pipeline/stats/types.ts';

/** The key figures at one moment, for those trends that the shop's own series do not tell. */
export interface Reading {
  /** When they were read, ms since the epoch. */
  readonly at: number;
  readonly active5m: number;
  readonly active30m: number;
  readonly eventsPerSecond: number | null;
  readonly sessions: number;
  readonly conversion: number | null;
  readonly orders: number;
  readonly gross: number;
  readonly net: number;
  readonly averageOrder: number | null;
  readonly abandonment: number | null;
}

export type Figure = Exclude<keyof Reading, 'at'>;

const SPACING_MS = 2000;
const KEPT = 150;
/** A change is told against the reading of a minute ago. */
const COMPARED_MS = 60_000;
const LEAST_MS = 5000;

/** The readings with a new one at the end; readings that follow too closely are left out, old ones forgotten. */
export function addReading(readings: readonly Reading[], stats: Stats, at: number): readonly Reading[] {
  const last = readings.at(-1);
  if (last !== undefined && at - last.at < SPACING_MS) return readings;
  return [...readings.slice(-(KEPT - 1)), readingOf(stats, at)];
}

export function readingOf({ kpis }: Stats, at: number): Reading {
  return {
    at,
    active5m: kpis.activeUsers['5m'],
    active30m: kpis.activeUsers['30m'],
    eventsPerSecond: kpis.eventsPerSecond,
    sessions: kpis.sessions,
    conversion: kpis.conversion.session,
    orders: kpis.orders,
    gross: Number(kpis.revenue.gross),
    net: Number(kpis.revenue.net),
    averageOrder: kpis.averageOrderValue === null ? null : Number(kpis.averageOrderValue),
    abandonment: kpis.cartAbandonment,
  };
}

/**
 * How much a figure has changed within the last minute, or since the first reading where that is younger.
 * @returns `undefined` where there is nothing to compare with yet.
 */
export function change(readings: readonly Reading[], current: Reading, figure: Figure): number | undefined {
  const value = current[figure];
  const earlier = readings.findLast(({ at }) => current.at - at >= COMPARED_MS) ?? readings[0];
  if (earlier === undefined || current.at - earlier.at < LEAST_MS) return undefined;
  const before = earlier[figure];
  return value === null || before === null ? undefined : value - before;
}

/** The figure's course over the readings; empty where it never moved. */
export function course(readings: readonly Reading[], figure: Figure): number[] {
  const values = readings.map((reading) => reading[figure]).filter((value) => value !== null);
  return values.length >= 3 && values.some((value) => value !== values[0]) ? values : [];
}
