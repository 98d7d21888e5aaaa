const ZERO = 0x30;
const SLASH = 0x2f;
const COLON = 0x3a;
/** Length of `2019-10-01T00:00:00`. */
const SECONDS = 19;
const MS = 4;
const DAY_SECONDS = 86_400;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Date and time as the bytes of a text say them, ms since the epoch: `2019-10-01T00:00:00`, also with a space, with three
 * decimals, with `Z` or ` UTC`. NaN for every other form of a time, and for no time: see `parseTime`.
 */
export function isoTime(bytes: Uint8Array, from: number, size: number): number {
  const after = from + SECONDS;
  let ms = 0;
  let end = after;
  if (size >= SECONDS + MS && bytes[after] === 0x2e) {
    ms = twoDigits(bytes, after + 1) * 10 + digit(bytes, after + 3);
    end += MS;
  }
  const rest = from + size - end;
  const isZone =
    rest === 0 ||
    (rest === 1 && bytes[end] === 0x5a) ||
    (rest === 4 &&
      bytes[end] === 0x20 &&
      bytes[end + 1] === 0x55 &&
      bytes[end + 2] === 0x54 &&
      bytes[end + 3] === 0x43);
  const isForm =
    isZone &&
    bytes[from + 4] === 0x2d &&
    bytes[from + 7] === 0x2d &&
    (bytes[from + 10] === 0x54 || bytes[from + 10] === 0x20) &&
    bytes[from + 13] === COLON &&
    bytes[from + 16] === COLON;
  if (!isForm) return Number.NaN;
  const year = twoDigits(bytes, from) * 100 + twoDigits(bytes, from + 2);
  const month = twoDigits(bytes, from + 5);
  const day = twoDigits(bytes, from + 8);
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  const second = twoDigits(bytes, from + 17);
  return utc(year, month, day, hour, minute, second) + ms;
}

/**
 * `12/1/2010 8:26`, month first, as the bytes of a text say it, ms since the epoch. NaN for every other form, and for no time: see
 * `parseMonthFirstTime`.
 */
export function monthFirstTime(bytes: Uint8Array, from: number, size: number): number {
  const daySlash = from + (bytes[from + 1] === SLASH ? 1 : 2);
  const yearSlash = daySlash + (bytes[daySlash + 2] === SLASH ? 2 : 3);
  const space = yearSlash + 5;
  const colon = space + (bytes[space + 2] === COLON ? 2 : 3);
  const rest = from + size - colon;
  const isForm =
    (rest === 3 || (rest === 6 && bytes[colon + 3] === COLON)) &&
    bytes[daySlash] === SLASH &&
    bytes[yearSlash] === SLASH &&
    bytes[space] === 0x20 &&
    bytes[colon] === COLON;
  if (!isForm) return Number.NaN;
  return utc(
    twoDigits(bytes, yearSlash + 1) * 100 + twoDigits(bytes, yearSlash + 3),
    oneOrTwoDigits(bytes, from, daySlash),
    oneOrTwoDigits(bytes, daySlash + 1, yearSlash),
    oneOrTwoDigits(bytes, space + 1, colon),
    twoDigits(bytes, colon + 1),
    rest === 3 ? 0 : twoDigits(bytes, colon + 4),
  );
}

function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const inRange =
    year >= 1970 && month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59;
  if (!inRange || !(day <= daysIn(year, month))) return Number.NaN;
  return ((daysBefore(year, month) + day - 1) * DAY_SECONDS + hour * 3600 + minute * 60 + second) * 1000;
}

/** NaN where it is none. */
function digit(bytes: Uint8Array, at: number): number {
  const value = bytes[at]! - ZERO;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function twoDigits(bytes: Uint8Array, at: number): number {
  return digit(bytes, at) * 10 + digit(bytes, at + 1);
}

function oneOrTwoDigits(bytes: Uint8Array, from: number, end: number): number {
  return end - from === 1 ? digit(bytes, from) : twoDigits(bytes, from);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysIn(year: number, month: number): number {
  return month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1]!;
}

/** Days from 1970 to the first of a month. */
function daysBefore(year: number, month: number): number {
  const past = year - 1;
  let days = past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400) - 719_162;
  for (let each = 1; each < month; each += 1) days += daysIn(year, each);
  return days;
}
