const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in few columns: 320ms, 4.2s, 12m, 3h, 5d. */
export function duration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`;
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  return `${grouped(Math.floor(ms / DAY))}d`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Date and time of an ISO 8601 time in a time zone: 2011-12-09 12:50. */
export function dateTime(iso: string, zone: string): string {
  return local(iso, zone).slice(0, 16).replace('T', ' ');
}

/** A stretch of time: 2011-11-01 00:00 – 2011-12-01 00:00 GMT. @param from null for the beginning of everything */
export function stretch(from: string | null, to: string, zone: string): string {
  const start = from === null ? 'up to' : `${dateTime(from, zone)} –`;
  return `${start} ${dateTime(to, zone)} ${zoneLabel(to, zone)}`;
}

/** Time of day of an ISO 8601 time in a time zone: 12:50:07. */
export function timeOfDay(iso: string, zone: string): string {
  return local(iso, zone).slice(11, 19);
}

/** How a time zone is called beside a time: UTC, CET, GMT+5:30. */
export function zoneLabel(iso: string, zone: string): string {
  if (zone === 'UTC') return zone;
  const parts = formatOf(zone).formatToParts(new Date(iso));
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}

/** An ISO 8601 time, UTC, as the clock in a time zone shows it. */
function local(iso: string, zone: string): string {
  if (zone === 'UTC') return iso;
  const parts: Record<string, string> = {};
  for (const { type, value } of formatOf(zone).formatToParts(new Date(iso))) parts[type] = value;
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'short',
    });
    formats.set(zone, format);
  }
  return format;
}

/** What tells one cell of a chart from the next: the time for cells of minutes, the day for cells of days. */
export function cellLabel(start: number, cellMs: number, spanMs: number, zone: string): string {
  const iso = local(new Date(start).toISOString(), zone);
  if (cellMs < MINUTE) return iso.slice(11, 19);
  if (cellMs >= DAY) return iso.slice(0, 10);
  return spanMs > 2 * DAY ? iso.slice(5, 16).replace('T', ' ') : iso.slice(11, 16);
}
