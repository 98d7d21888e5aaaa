import { EcomError } from '../../errors.ts';

const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Clocks change at a full minute of UTC: those of St. John’s did at one minute past midnight. */
const MINUTE = 60_000;

/** The shop's clock on the wall: where its days and hours begin. Times are ms since the epoch. */
export interface TimeZone {
  readonly name: string;
  /** Number of the local date: days since 1970-01-01. */
  dayOf(time: number): number;
  /** When a local date begins: midnight, or the first moment after it where the clock skips midnight. */
  dayStart(day: number): number;
  /** When the local hour began that a time lies in. An hour that comes twice is two hours. */
  hourStart(time: number): number;
  /** Local time ahead of UTC, ms. */
  offsetAt(time: number): number;
}

/**
 * A time zone by its IANA name, such as `Europe/Berlin`.
 * @throws EcomError `USAGE` for a name that is none
 */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = name === 'UTC' ? createZone('UTC', () => 0) : createZone(name, offsetsOf(name));
  zones.set(name, zone);
  return zone;
}

const zones = new Map<string, TimeZone>();

function createZone(name: string, offsetAt: (time: number) => number): TimeZone {
  const dayOf = (time: number): number => Math.floor((time + offsetAt(time)) / DAY);

  function dayStart(day: number): number {
    const midnight = day * DAY;
    // Of the two offsets around it, the one that makes it this date's first moment.
    const before = midnight - offsetAt(midnight - DAY);
    const after = midnight - offsetAt(midnight + DAY);
    for (const start of before < after ? [before, after] : [after, before]) {
      if (dayOf(start) === day && dayOf(start - 1) < day) return start;
    }
    // The clock skips midnight: the day begins with the change.
    let start = Math.floor((Math.min(before, after) - HOUR) / MINUTE) * MINUTE;
    while (dayOf(start) < day) start += MINUTE;
    return start;
  }
  function hourStart(time: number): number {
    const offset = offsetAt(time);
    const start = Math.floor((time + offset) / HOUR) * HOUR - offset;
    if (offsetAt(start) === offset) return start;
    // The clock changed within the hour.
    let changed = Math.floor(time / MINUTE) * MINUTE;
    while (changed - MINUTE > start && offsetAt(changed - 1) === offset) changed -= MINUTE;
    return changed;
  }
  return { name, dayOf, dayStart, hourStart, offsetAt };
}

/** Asks the platform once a day of UTC, and finds the moment where the clock changes within one. */
function offsetsOf(name: string): (time: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new EcomError('USAGE', `'${name}' is not a time zone`, {
      hint: 'use a name of the IANA database such as Europe/Berlin or America/New_York, or UTC',
    });
  }
  function ask(time: number): number {
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(time)) parts[type] = Number(value);
    const local = Date.UTC(
      parts.year!,
      parts.month! - 1,
      parts.day!,
      parts.hour!,
      parts.minute!,
      parts.second!,
    );
    return local - Math.floor(time / 1000) * 1000;
  }
  /** By day of UTC: the offset at its start, when it changes, and what it is then. */
  const days = new Map<number, readonly [first: number, change: number, then: number]>();

  function lookUp(day: number): readonly [number, number, number] {
    const first = ask(day * DAY);
    const then = ask((day + 1) * DAY);
    if (first === then) return [first, Number.POSITIVE_INFINITY, then];
    let [low, high] = [0, DAY / MINUTE];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (ask(day * DAY + middle * MINUTE) === first) low = middle;
      else high = middle;
    }
    return [first, day * DAY + high * MINUTE, then];
  }
  return (time) => {
    const day = Math.floor(time / DAY);
    let known = days.get(day);
    if (known === undefined) {
      if (days.size > 20_000) days.clear();
      known = lookUp(day);
      days.set(day, known);
    }
    return time < known[1] ? known[0] : known[2];
  };
}
