import { EcomError } from '../../errors.ts';
import { LIMITS } from '../events/shop-event.ts';
import { type TimeZone } from '../events/time-zone.ts';
import {
  BASE_CELL_MS,
  type CellRange,
  cellStart,
  coverRange,
  LEVELS,
  type Level,
  levelCeiling,
  levelStart,
  RETENTION,
} from '../metrics/cells.ts';
import { MOST_HOURS } from '../metrics/columns.ts';
import { SESSION_GAP_MS } from '../processor/sessions.ts';
import { type PeriodLabel, type WindowLabel } from './types.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Beyond this age of the newest event, "now" is that event: the history of a shop, not a live one. */
const HISTORY_AGE_MS = DAY;
/** A stretch that has to be widened by more than this share, for its users to be told, tells none. */
const WIDENED = 0.1;

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

/** From and to in ms since the epoch, `to` exclusive; −Infinity and Infinity where an end is open. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A window of any length that ends now, as it was written and in ms. */
export interface Last {
  readonly label: string;
  readonly last: number;
}

/** A window that ends now, or a stretch of the past. */
export type Period = WindowLabel | Last | Stretch;

/** Hours or days whose gaps tell the distinct users of a stretch that is over: see presence.ts. */
export interface PresenceRange {
  readonly level: '1h' | '1d';
  readonly from: number;
  readonly to: number;
  /** False where the stretch had to be widened to whole hours or days. */
  readonly exact: boolean;
}

/** Which cells answer which question. */
export interface TimeFrame {
  readonly label: PeriodLabel;
  readonly asOf: { readonly time: number; readonly basis: 'clock' | 'latest-event' };
  /** Start, ms since the epoch; `null` for the whole history. */
  readonly from: number | null;
  /** End, ms since the epoch, exclusive; where it is open, now. */
  readonly to: number;
  /** Whether everything up to now is in it, so that who was seen last in it was seen last at all. */
  readonly open: boolean;
  readonly window: readonly CellRange[] | 'all';
  /** Where sessions ended that closed within the window: a session closes 30 minutes after its last event. */
  readonly closed: readonly CellRange[];
  readonly active: { readonly '5m': readonly CellRange[]; readonly '30m': readonly CellRange[] };
  /** The last full minute, in 10-second cells. */
  readonly lastMinute: readonly CellRange[];
  readonly series: CellRange;
  /** Of a stretch that is over; undefined also where its users cannot be told. */
  readonly presence: PresenceRange | undefined;
}

/** Whether the newest event is so old that it, and not the clock, is "now". */
function isHistory(newest: number, now: number): boolean {
  return newest > 0 && now - newest > HISTORY_AGE_MS;
}

/**
 * Nothing is known of a stretch that begins after "now": zeros would say that nothing happened in it.
 * @param from ms since the epoch
 * @throws EcomError `NOT_FOUND`
 */
export function checkBegun(from: number, newest: number, now: number): void {
  const history = isHistory(newest, now);
  if (from <= (history ? newest : now)) return;
  const begin = new Date(from).toISOString();
  if (!history) {
    throw new EcomError('NOT_FOUND', `the period begins at ${begin}, which is yet to come`, {
      hint: 'ask for one that has begun',
    });
  }
  throw new EcomError(
    'NOT_FOUND',
    `the period begins at ${begin}, and the newest event is of ${new Date(newest).toISOString()}`,
    {
      hint: 'ask for one up to then, or ingest what has come since; --window 24h ends with the newest event',
    },
  );
}

/**
 * The cells of a period.
 * @param newest time of the newest event, ms since the epoch; 0 where there is none
 * @param now the wall clock, ms since the epoch
 * @throws EcomError `NOT_FOUND` for a stretch that begins after the newest event of a history, or after now
 */
export function frameOf(period: Period, newest: number, now: number, zone: TimeZone): TimeFrame {
  if (typeof period !== 'string' && 'from' in period) checkBegun(period.from, newest, now);
  const history = isHistory(newest, now);
  const time = history ? newest : now;
  const recent = (length: number): CellRange[] =>
    coverRange(beginning(time, length, '10s', zone), endAfter(now, '10s', zone), '10s', zone);
  const last = cellStart(time, BASE_CELL_MS);
  return {
    ...frame(period, time, now, zone),
    asOf: { time, basis: history ? 'latest-event' : 'clock' },
    active: { '5m': recent(5 * MINUTE), '30m': recent(30 * MINUTE) },
    lastMinute: coverRange(last - MINUTE, last, '10s', zone),
  };
}

/** The stretch of the same length before a period; undefined for one that begins with the history. */
export function stretchBefore({ label, from, to }: TimeFrame): Stretch | undefined {
  if (from === null) return undefined;
  const length = Object.hasOwn(WINDOWS, label) ? WINDOWS[label as keyof typeof WINDOWS].length : to - from;
  return { from: from - length, to: from };
}

function frame(period: Period, time: number, now: number, zone: TimeZone): Frame {
  if (typeof period === 'string') return windowOf(period, time, now, zone);
  if ('from' in period) return stretchOf(period, time, now, zone);
  const { label, last } = period;
  // The cell that is filling now is in it, as it is in the other windows.
  const from = cellStart(time, BASE_CELL_MS) + BASE_CELL_MS - last;
  return { ...stretchOf({ from, to: Number.POSITIVE_INFINITY }, time, now, zone), label };
}

type Frame = Omit<TimeFrame, 'asOf' | 'active' | 'lastMinute'>;

function windowOf(label: WindowLabel, time: number, now: number, zone: TimeZone): Frame {
  const shape = label === 'all' ? undefined : WINDOWS[label];
  const from = shape === undefined ? null : beginning(time, shape.length, shape.edge, zone);
  const closedTo = cellStart(time - SESSION_GAP_MS, BASE_CELL_MS);
  const level = shape?.series ?? '1d';
  return {
    label,
    from,
    to: time,
    open: true,
    window:
      shape === undefined ? 'all' : coverRange(from!, endAfter(now, shape.edge, zone), shape.edge, zone),
    closed: coverRange(from === null ? 0 : from - SESSION_GAP_MS, closedTo, '10s', zone),
    series: {
      level,
      from: shape === undefined ? 0 : beginning(time, shape.length, level, zone),
      to: endAfter(now, level, zone),
    },
    presence: undefined,
  };
}

/** A stretch, widened to the cells that are still kept. */
function stretchOf(stretch: Stretch, time: number, now: number, zone: TimeZone): Frame {
  const finest = (at: number): Level =>
    (['10s', '1m', '1h'] as const).find((level) => at > time - RETENTION[level] + LEVELS['1d']) ?? '1d';
  const from = Math.max(0, levelStart(finest(stretch.from), Math.max(0, stretch.from), zone));
  const open = stretch.to > time;
  const to = open ? time : levelCeiling(finest(stretch.to), stretch.to, zone);
  const end = (width: Level): number => (open ? endAfter(now, width, zone) : to);
  const closedTo = cellStart(Math.min(to, time - SESSION_GAP_MS), BASE_CELL_MS);
  const level = seriesLevel(to - from, finest(from));
  return {
    label: 'custom',
    from: stretch.from === Number.NEGATIVE_INFINITY ? null : from,
    to,
    open,
    window: coverRange(from, end('10s'), '10s', zone),
    closed: coverRange(from, Math.max(from, closedTo), '10s', zone),
    series: { level, from: levelStart(level, from, zone), to: end(level) },
    presence: open ? undefined : presenceOf(from, to, zone),
  };
}

/** At most a few hundred cells. */
function seriesLevel(length: number, finest: Level): Level {
  const wanted: Level =
    length <= 15 * MINUTE ? '10s' : length <= 3 * HOUR ? '1m' : length <= 10 * DAY ? '1h' : '1d';
  return LEVELS[wanted] < LEVELS[finest] ? finest : wanted;
}

function presenceOf(from: number, to: number, zone: TimeZone): PresenceRange | undefined {
  for (const level of ['1h', '1d'] as const) {
    if (level === '1h' && to - from > (MOST_HOURS - 2) * HOUR) continue;
    const wide = { from: levelStart(level, from, zone), to: levelCeiling(level, to, zone) };
    const added = wide.to - wide.from - (to - from);
    if (added === 0) return { level, ...wide, exact: true };
    if (added <= WIDENED * (to - from)) return { level, ...wide, exact: false };
  }
  return undefined;
}

/**
 * Where what is open to the right ends in cells of a width: late enough for an event that has just come by a clock that is a
 * little ahead, and before all that a clock which was far ahead has left behind. Of a history, what was rejected today is in it.
 * @param now the wall clock, ms since the epoch
 */
function endAfter(now: number, level: Level, zone: TimeZone): number {
  return levelCeiling(level, now + LIMITS.clockMs, zone);
}

/** Start of the first of the cells that, with the one that is filling now, make up the length. */
function beginning(time: number, length: number, level: Level, zone: TimeZone): number {
  if (level === '1d') return zone.dayStart(zone.dayOf(time) + 1 - Math.round(length / DAY));
  return levelStart(level, levelStart(level, time, zone) + LEVELS[level] - length, zone);
}
