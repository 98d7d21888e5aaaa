import { greatest, least } from '../../extremes.ts';
import { type Stats } from '../../pipeline/stats/types.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A window's cells at equal distances, with zeros where nothing happened. */
export interface Cells {
  /** Start of the first cell, ms since the epoch. */
  readonly from: number;
  /** End of the last cell. */
  readonly to: number;
  readonly cellMs: number;
  readonly events: readonly number[];
  readonly orders: readonly number[];
  readonly revenue: readonly number[];
}

/**
 * The complete cells of the window. The one that is still filling is left out; while it is the only one with anything in
 * it, it stands in scaled to its full width, so that a shop that has just been opened has a chart.
 */
export function completeCells(stats: Stats): Cells {
  const cellMs = stats.seriesCellSeconds * SECOND;
  const all = stats.series.map((point) => [Date.parse(point.time), point] as const);
  // Hours and days begin by the shop's clock; where that is changed, a day is found by what is nearest.
  const origin = all[0]?.[0] ?? 0;
  const cellOf = (time: number): number => origin + Math.round((time - origin) / cellMs) * cellMs;
  const points = new Map(all.map(([time, point]) => [cellOf(time), point]));
  const times = [...points.keys()];
  const now = Date.parse(stats.window.to);
  const newest = origin + Math.floor((now - origin) / cellMs) * cellMs;
  const filling = stats.asOf.basis === 'clock' && stats.asOf.time === stats.window.to;
  const alone = filling && points.has(newest) && !times.some((time) => time < newest);
  const scale = alone ? cellMs / Math.max(now - newest, SECOND) : 1;
  const to = filling && !alone ? newest : newest + cellMs;
  const { from: windowFrom } = stats.window;
  const first = windowFrom === null ? to : origin + alignUp(Date.parse(windowFrom) - origin, cellMs);
  const from = least(times, Math.min(to, first));
  const cells = Array.from({ length: Math.round((to - from) / cellMs) }, (_, i) =>
    points.get(from + i * cellMs),
  );
  return {
    from,
    to,
    cellMs,
    events: cells.map((cell) => (cell?.events ?? 0) * scale),
    orders: cells.map((cell) => (cell?.orders ?? 0) * scale),
    revenue: cells.map((cell) => Number(cell?.revenue ?? 0) * scale),
  };
}

function alignUp(time: number, cellMs: number): number {
  return Math.ceil(time / cellMs) * cellMs;
}

const RATE_UNITS = [
  ['s', SECOND],
  ['min', MINUTE],
  ['hour', HOUR],
  ['day', DAY],
] as const;

/** Counts of cells as a rate in the shortest unit of time in which the busiest cell has at least 1. */
export function asRate(counts: readonly number[], cellMs: number): { unit: string; values: number[] } {
  const busiest = greatest(counts, 0) / cellMs;
  const [unit, ms] =
    busiest === 0 ? RATE_UNITS[0] : (RATE_UNITS.find(([, ms]) => busiest * ms >= 1) ?? RATE_UNITS[3]);
  return { unit, values: counts.map((count) => (count / cellMs) * ms) };
}

/** The name of a cell's width, as in "revenue per minute". */
export function cellName(cellMs: number): string {
  if (cellMs < MINUTE) return `${cellMs / SECOND} s`;
  return cellMs < HOUR ? 'minute' : cellMs < DAY ? 'hour' : 'day';
}
