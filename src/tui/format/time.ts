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

/** Date and time of an ISO 8601 time, UTC: 2011-12-09 12:50. */
export function dateTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** Time of day of an ISO 8601 time, UTC: 12:50:07. */
export function timeOfDay(iso: string): string {
  return iso.slice(11, 19);
}

/** What tells one cell of a chart from the next: the time for cells of minutes, the day for cells of days. UTC. */
export function cellLabel(start: number, cellMs: number, spanMs: number): string {
  const iso = new Date(start).toISOString();
  if (cellMs < MINUTE) return iso.slice(11, 19);
  if (cellMs >= DAY) return iso.slice(0, 10);
  return spanMs > 2 * DAY ? iso.slice(5, 16).replace('T', ' ') : iso.slice(11, 16);
}
