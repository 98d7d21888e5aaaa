const ISO_TIME =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(?:(Z|UTC)|([+-])(\d\d):?(\d\d)?))?)?$/;

/** ISO 8601 as ms since the epoch, UTC where it names no zone; NaN for anything else, and for a day that never was. */
export function parseTime(text: string): number {
  // Neighbours in a file often share their time.
  if (text !== lastText) {
    lastTime = parseIso(text);
    lastText = text;
  }
  return lastTime;
}

let lastText = '';
let lastTime = Number.NaN;

function parseIso(text: string): number {
  const match = ISO_TIME.exec(text);
  if (match === null) return Number.NaN;
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    ,
    sign,
    zoneHour,
    zoneMinute = '0',
  ] = match;
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const time = utc(
    Number(year),
    Number(month),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
    ms,
  );
  if (sign === undefined) return time;
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === '+' ? time - offset : time + offset;
}

const MONTH_FIRST_TIME = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?$/;

/** `12/1/2010 8:26`, month first, as ms since the epoch, UTC; NaN for anything else. */
export function parseMonthFirstTime(text: string): number {
  const match = MONTH_FIRST_TIME.exec(text);
  if (match === null) return Number.NaN;
  const [, month, day, year, hour, minute, second = '0'] = match;
  return utc(Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second), 0);
}

function utc(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  ms: number,
): number {
  // Seconds go to 60: a leap second is read as the second after it.
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60)
    return Number.NaN;
  const midnight = Date.UTC(year, month - 1, day);
  if (new Date(midnight).getUTCDate() !== day) return Number.NaN;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
}

/** Epoch time in s, ms or µs as ms: from 1973 on, their magnitudes do not overlap. NaN where it is no number. */
export function epochMs(value: unknown): number {
  const number = typeof value === 'string' && /^\d{1,17}(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number') return Number.NaN;
  if (number >= 1e14) return Math.floor(number / 1000);
  return number < 1e11 ? number * 1000 : number;
}

/** A moment as ISO 8601, or as a number of s, ms or µs since 1970: ms since the epoch; NaN for anything else. */
export function instantOf(value: unknown): number {
  const number = epochMs(value);
  return Number.isNaN(number) && typeof value === 'string' ? parseTime(value.trim()) : number;
}
