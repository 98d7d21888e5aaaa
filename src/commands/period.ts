import { EcomError } from '../errors.ts';
import { least } from '../extremes.ts';
import { type TimeZone } from '../pipeline/events/time-zone.ts';
import { type Period } from '../pipeline/stats/time-frame.ts';
import { WINDOW_LABELS, type WindowLabel } from '../pipeline/stats/types.ts';

export interface PeriodOptions {
  /** One of `WINDOW_LABELS`, or any length such as `45m` or `14d`. */
  readonly window?: string;
  readonly from?: string;
  readonly to?: string;
}

const TIME =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/**
 * What `--window`, `--from` and `--to` ask for. A year, a month or a date is all of it, so `--to 2026-11` is to the end of
 * November; a time of day is the moment itself, by the shop's clock where it names no zone.
 * @param fallback where nothing is asked for
 * @throws EcomError `USAGE`
 */
export function periodOf({ window, from, to }: PeriodOptions, fallback: WindowLabel, zone: TimeZone): Period {
  if (from === undefined && to === undefined) return windowOf(window ?? fallback);
  if (window !== undefined) {
    throw new EcomError('USAGE', '--window ends now, --from and --to say it otherwise', {
      hint: 'give one of them',
    });
  }
  const stretch = {
    from: from === undefined ? Number.NEGATIVE_INFINITY : read('--from', from, zone).from,
    to: to === undefined ? Number.POSITIVE_INFINITY : read('--to', to, zone).to,
  };
  if (stretch.from >= stretch.to) {
    throw new EcomError('USAGE', `--from ${from} is not before --to ${to}`, {
      hint: 'a date is the whole day, so --from and --to may be the same one',
    });
  }
  return stretch;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LONGEST_MS = 100 * 366 * 86_400_000;

function windowOf(text: string): Period {
  const label = WINDOW_LABELS.find((known) => known === text);
  if (label !== undefined) return label;
  const [, count = '', unit = ''] = /^(\d{1,6})([mhdw])$/.exec(text) ?? [];
  const last = Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  if (last >= UNIT_MS.m! && last <= LONGEST_MS) return { label: text, last };
  throw new EcomError('USAGE', `--window is '${text}'`, {
    hint: `use ${WINDOW_LABELS.join(', ')}, or any length such as 45m, 6h, 14d or 2w`,
  });
}

function read(option: string, text: string, zone: TimeZone): { from: number; to: number } {
  const match = TIME.exec(text.trim());
  const [, year = '', month, day, hour, minute = '0', second = '0', offset] = match ?? [];
  const [y, m, d] = [Number(year), Number(month ?? 1), Number(day ?? 1)];
  const date = Date.UTC(y, m - 1, d);
  const real = new Date(date).getUTCMonth() === m - 1 && new Date(date).getUTCDate() === d;
  const inDay = Number(hour ?? 0) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (match === null || !real || !inDay || y < 1970) {
    throw new EcomError('USAGE', `${option} ${text} is no time`, {
      hint: 'use a year, a month, a date or a time such as 2026, 2026-11, 2026-11-25 or 2026-11-25T09:30',
    });
  }
  if (hour !== undefined) {
    const local = date + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000;
    const at = offset === undefined ? moment(local, zone) : local - offsetMs(offset);
    return { from: at, to: at };
  }
  const next = Date.UTC(
    month === undefined ? y + 1 : y,
    day === undefined && month !== undefined ? m : m - 1,
  );
  const end = day === undefined ? next : date + 86_400_000;
  return { from: zone.dayStart(date / 86_400_000), to: zone.dayStart(end / 86_400_000) };
}

/** When the shop's clock shows a local time: the first time where it does so twice. */
function moment(local: number, zone: TimeZone): number {
  const early = local - zone.offsetAt(local - 86_400_000);
  const late = local - zone.offsetAt(local + 86_400_000);
  const right = [early, late].filter((time) => time + zone.offsetAt(time) === local);
  return right.length === 0 ? early : least(right);
}

function offsetMs(text: string): number {
  if (text === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text[0] === '-' ? -minutes : minutes) * 60_000;
}
