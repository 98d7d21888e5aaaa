import { parseTime } from '../time.ts';
import { type TimeZone } from '../time-zone.ts';

/** What stands first in a date: decided by a column, because one row may leave it open. */
export type DayOrder = 'day' | 'month';

const CLOCK =
  '(?:,? ?[T ](\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:[.,](\\d{1,9}))?)?(?: ?([AaPp])\\.?[Mm]\\.?)?(?: ?(Z|UTC|GMT|[+-]\\d\\d(?::?\\d\\d)?))?)?$';
const NUMERIC = new RegExp(`^(\\d{1,2})([./-])(\\d{1,2})\\2(\\d{4})${CLOCK}`);
const YEAR_FIRST = new RegExp(`^(\\d{4})([./-])(\\d{1,2})\\2(\\d{1,2})${CLOCK}`);
const DAY_AND_NAME = new RegExp(`^(\\d{1,2})[. -]+([A-Za-z]{3,9})\\.?,?[ -]+(\\d{4})${CLOCK}`);
const NAME_AND_DAY = new RegExp(`^([A-Za-z]{3,9})\\.? (\\d{1,2}),? (\\d{4})${CLOCK}`);
const HAS_ZONE = /\d\d:\d\d.*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$/;
const DAY = 86_400_000;

/** What a date says of the order; `either` where both read it, differently; `undefined` for what is no such date. */
export function orderOf(text: string): DayOrder | 'either' | undefined {
  const match = NUMERIC.exec(text.trim());
  if (match === null) return undefined;
  const [first, second] = [Number(match[1]), Number(match[3])];
  if (first === second) return undefined;
  // With points, nobody begins with the month.
  if (match[2] === '.' || first > 12) return 'day';
  return second > 12 ? 'month' : 'either';
}

const PARTS =
  /^\d{1,2}([./-])\d{1,2}[./-]\d{4}(?:(,? ?[T ])\d{1,2}:\d\d(:\d\d)?([.,]\d+)?(?:( ?)[AaPp]\.?[Mm]\.?)?(?:( ?)(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?$/;

/** The form, as {@link formatReader} takes it, of a date that begins with the day or the month. */
export function formOf(text: string, order: DayOrder): string {
  const [, sign = '/', between, seconds, fraction, beforeHalf, beforeZone] = PARTS.exec(text.trim()) ?? [];
  const [first, second] = order === 'day' ? ['DD', 'MM'] : ['MM', 'DD'];
  const date = `${first}${sign}${second}${sign}YYYY`;
  if (between === undefined) return date;
  const clock = `${beforeHalf === undefined ? 'HH' : 'hh'}:mm${seconds === undefined ? '' : ':ss'}`;
  const part = fraction === undefined ? '' : `${fraction[0]}SSS`;
  const half = beforeHalf === undefined ? '' : `${beforeHalf}A`;
  return `${date}${between}${clock}${part}${half}${beforeZone === undefined ? '' : `${beforeZone}Z`}`;
}

/** A date and a time as people write it, ms since the epoch; in the zone where it names none. NaN for anything else. */
export function dateTime(text: string, order: DayOrder | undefined, zone: TimeZone): number {
  const bare = text.trim();
  const iso = parseTime(bare);
  if (!Number.isNaN(iso)) return HAS_ZONE.test(bare) ? iso : zonedTime(iso, zone);
  const numeric = NUMERIC.exec(bare);
  if (numeric !== null) {
    const [, first, sign, second, year] = numeric;
    const dayFirst = sign === '.' || order === 'day';
    if (!dayFirst && order === undefined && first !== second) return Number.NaN;
    const [day, month] = dayFirst ? [first, second] : [second, first];
    return moment([year, month, day], numeric.slice(5), zone);
  }
  const yearFirst = YEAR_FIRST.exec(bare);
  if (yearFirst !== null) return moment([yearFirst[1], yearFirst[3], yearFirst[4]], yearFirst.slice(5), zone);
  const named = DAY_AND_NAME.exec(bare);
  if (named !== null) return moment([named[3], monthOf(named[2]!), named[1]], named.slice(4), zone);
  const named2 = NAME_AND_DAY.exec(bare);
  if (named2 !== null) return moment([named2[3], monthOf(named2[1]!), named2[2]], named2.slice(4), zone);
  return Number.NaN;
}

const TOKENS = /YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|m|ss|s|SSS|A|a|Z|[^A-Za-z]+|[A-Za-z]/g;
const PATTERNS: Readonly<Record<string, readonly [field: string, pattern: string]>> = {
  YYYY: ['year', '(\\d{4})'],
  YY: ['shortYear', '(\\d{2})'],
  MMMM: ['name', '([A-Za-z]{3,9})'],
  MMM: ['name', '([A-Za-z]{3,9})\\.?'],
  MM: ['month', '(\\d{1,2})'],
  M: ['month', '(\\d{1,2})'],
  DD: ['day', '(\\d{1,2})'],
  D: ['day', '(\\d{1,2})'],
  HH: ['hour', '(\\d{1,2})'],
  H: ['hour', '(\\d{1,2})'],
  hh: ['hour', '(\\d{1,2})'],
  h: ['hour', '(\\d{1,2})'],
  mm: ['minute', '(\\d{1,2})'],
  m: ['minute', '(\\d{1,2})'],
  ss: ['second', '(\\d{1,2})'],
  s: ['second', '(\\d{1,2})'],
  SSS: ['fraction', '(\\d{1,9})'],
  A: ['half', '([AaPp])\\.?[Mm]\\.?'],
  a: ['half', '([AaPp])\\.?[Mm]\\.?'],
  Z: ['zone', '(Z|UTC|GMT|[+-]\\d\\d(?::?\\d\\d)?)'],
};

/**
 * Reads dates in a form such as `DD.MM.YYYY HH:mm`: letters that are no token stand for themselves.
 * @returns `undefined` where the form does not say year, month and day
 */
export function formatReader(form: string): ((text: string, zone: TimeZone) => number) | undefined {
  const fields: string[] = [];
  let pattern = '';
  for (const token of form.match(TOKENS) ?? []) {
    const [field, part] = PATTERNS[token] ?? [undefined, token.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')];
    if (field !== undefined) fields.push(field);
    pattern += part;
  }
  const has = (...names: string[]): boolean => names.some((name) => fields.includes(name));
  const isWhole = has('year', 'shortYear') && has('month', 'name') && has('day');
  if (!isWhole || new Set(fields).size < fields.length) return undefined;
  const expression = new RegExp(`^${pattern}$`);
  return (text, zone) => {
    const match = expression.exec(text.trim());
    if (match === null) return Number.NaN;
    const part = (name: string): string | undefined => match[fields.indexOf(name) + 1 || match.length];
    const year = part('year') ?? `20${part('shortYear')}`;
    const month = part('month') ?? monthOf(part('name')!);
    const clock = ['hour', 'minute', 'second', 'fraction', 'half', 'zone'].map(part);
    return moment([year, month, part('day')], clock, zone);
  };
}

type Parts = readonly (string | number | undefined)[];

/** @param clock hour, minute, second, fraction, half of the day and zone, those that are said */
function moment([year, month, day]: Parts, clock: Parts, zone: TimeZone): number {
  const [hour = '0', minute = '0', second = '0', fraction = '', half, offset] = clock as (
    | string
    | undefined
  )[];
  let hours = Number(hour);
  if (half !== undefined) {
    if (hours < 1 || hours > 12) return Number.NaN;
    hours = (hours % 12) + (/p/i.test(half) ? 12 : 0);
  }
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  const [min, s] = [Number(minute), Number(second)];
  if (!(y >= 1970 && m >= 1 && m <= 12 && d >= 1 && hours <= 23 && min <= 59 && s <= 60)) return Number.NaN;
  const midnight = Date.UTC(y, m - 1, d);
  if (new Date(midnight).getUTCDate() !== d) return Number.NaN;
  const ms = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const local = midnight + ((hours * 60 + min) * 60 + s) * 1000 + ms;
  if (offset === undefined) return zonedTime(local, zone);
  const [, sign, zoneHour = '0', zoneMinute = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(offset) ?? [];
  const ahead = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return sign === '-' ? local + ahead : local - ahead;
}

/**
 * The moment that a clock in a zone shows, as if it were UTC, ms. An hour that comes twice is the first of both; one that the clock
 * skips is read as if it did not.
 */
export function zonedTime(local: number, zone: TimeZone): number {
  const [before, after] = [zone.offsetAt(local - DAY), zone.offsetAt(local + DAY)];
  if (zone.offsetAt(local - before) === before) return local - before;
  return zone.offsetAt(local - after) === after ? local - after : local - before;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Number of a month by its English name; 0 for none. */
function monthOf(name: string): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}
