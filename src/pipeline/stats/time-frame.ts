import {
  BASE_CELL_MS,
  type CellRange,
  cellStart,
  coverRange,
  LEVELS,
  type Level,
} from '../live-store/cells.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';
import { type WindowLabel } from './types.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** Beyond this age of the newest event, "now" is that event: the history of a shop, not a live one. */
const HISTORY_AGE_MS = DAY;

/** Length, how precisely it begins, and the width of the cells of its chart. */
const WINDOWS: Readonly<Record<Exclude<WindowLabel, 'all'>, { length: number; edge: Level; series: Level }>> =
  {
    '5m': { length: 5 * MINUTE, edge: '10s', series: '10s' },
    '30m': { length: 30 * MINUTE, edge: '10s', series: '1m' },
    '1h': { length: 60 * MINUTE, edge: '10s', series: '1m' },
    '24h': { length: DAY, edge: '1m', series: '1h' },
    '7d': { length: 7 * DAY, edge: '1m', series: '1h' },
    '30d': { length: 30 * DAY, edge: '1h', series: '1d' },
  };

/** Which cells answer which question. */
export interface TimeFrame {
  readonly label: WindowLabel;
  readonly asOf: { readonly time: number; readonly basis: 'clock' | 'latest-event' };
  /** Start of the window, ms since the epoch; `null` for the whole history. */
  readonly from: number | null;
  readonly window: readonly CellRange[] | 'all';
  /** Where sessions ended that closed within the window: a session closes 30 minutes after its last event. */
  readonly closed: readonly CellRange[];
  readonly active: { readonly '5m': readonly CellRange[]; readonly '30m': readonly CellRange[] };
  /** The last full minute, in 10-second cells. */
  readonly lastMinute: readonly CellRange[];
  readonly series: CellRange;
}

/**
 * The cells of a window that ends now.
 * @param newest time of the newest event, ms since the epoch; 0 where there is none
 * @param now the wall clock, ms since the epoch
 */
export function frameOf(label: WindowLabel, newest: number, now: number): TimeFrame {
  const history = newest > 0 && now - newest > HISTORY_AGE_MS;
  const time = history ? newest : now;
  const shape = label === 'all' ? undefined : WINDOWS[label];
  const from = shape === undefined ? null : beginning(time, shape.length, shape.edge);
  const closedTo = cellStart(time - SESSION_GAP_MS, BASE_CELL_MS);
  const width = shape?.series ?? '1d';
  return {
    label,
    asOf: { time, basis: history ? 'latest-event' : 'clock' },
    from,
    // Nothing lies ahead of now, so a window is open to the right: no event that has just come is left out.
    window: shape === undefined ? 'all' : coverRange(from!, Number.POSITIVE_INFINITY, shape.edge),
    closed: coverRange(from === null ? 0 : from - SESSION_GAP_MS, closedTo, '10s'),
    active: {
      '5m': coverRange(beginning(time, 5 * MINUTE, '10s'), Number.POSITIVE_INFINITY, '10s'),
      '30m': coverRange(beginning(time, 30 * MINUTE, '10s'), Number.POSITIVE_INFINITY, '10s'),
    },
    lastMinute: coverRange(cellStart(time, BASE_CELL_MS) - MINUTE, cellStart(time, BASE_CELL_MS), '10s'),
    series: {
      level: width,
      from: shape === undefined ? 0 : beginning(time, shape.length, width),
      to: Number.POSITIVE_INFINITY,
    },
  };
}

/** Start of the first of the cells that, with the one that is filling now, make up the length. */
function beginning(time: number, length: number, level: Level): number {
  const width = LEVELS[level];
  return cellStart(time, width) + width - length;
}
