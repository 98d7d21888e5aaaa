import { writeJson } from '../pipeline/events/foreign.ts';
import { stripControls } from '../pipeline/events/text.ts';

/** One line of a log file. */
export interface LogEntry {
  /** ms since the epoch. */
  readonly time: number;
  /** Valid JSON, as it was logged where it was. */
  readonly line: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const COLOURS: Readonly<Record<number, number>> = { 40: 33, 50: 31, 60: 31 };
const SHOWN_ELSEWHERE = new Set(['level', 'time', 'component', 'pid', 'msg', 'err']);

/**
 * Reads the lines of a file in order. What is not JSON is the process's own last words: it becomes an error with the time of
 * the line before.
 * @param name the worker whose file it is
 */
export function parseLogLines(lines: readonly string[], name: string): LogEntry[] {
  let time = 0;
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const fields = parseObject(line);
      // A file's own order holds, even where the clock was set back.
      if (typeof fields?.time === 'number') time = Math.max(time, fields.time);
      if (fields !== undefined) return { time, line, fields };
      const words = { level: 50, time, component: name, msg: line };
      return { time, line: JSON.stringify(words), fields: words };
    });
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** An entry as text for people: one line, and below it where an error came from. */
export function formatLogEntry({ time, fields }: LogEntry, colour: boolean): string {
  const level = Number(fields.level);
  const label = (LEVELS[level] ?? '?').padEnd(5);
  const shade = COLOURS[level];
  const extras = Object.entries(fields)
    .filter(([key]) => !SHOWN_ELSEWHERE.has(key))
    .map(([key, value]) => `${stripControls(key)}=${shown(value)}`);
  const head = [
    time === 0 ? '-'.padEnd(24) : new Date(time).toISOString(),
    colour && shade !== undefined ? `\u001b[${shade}m${label}\u001b[39m` : label,
    shown(fields.component ?? '-'),
    shown(fields.msg ?? ''),
    ...extras,
  ].join(' ');
  const stack = (fields.err as { stack?: unknown } | undefined)?.stack;
  const trace =
    typeof stack === 'string' ? stack.split('\n').map((line) => `    ${stripControls(line)}`) : [];
  return `${[head, ...trace].join('\n')}\n`;
}

/** Nobody who gets a text into a log may steer the terminal of whoever reads it. */
function shown(value: unknown): string {
  return stripControls(typeof value === 'string' ? value : (writeJson(value) ?? '…'));
}
