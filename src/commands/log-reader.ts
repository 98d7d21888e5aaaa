import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { logsDir } from '../log.ts';
import { type LogEntry, parseLogLines } from './log-entry.ts';

const SUFFIX = '.log';
const LINE_FEED = 10;
/** How much is read at once when looking for the last lines, bytes. */
const CHUNK = 256 * 1024;

/** Reads the log files of a data folder, merged by time. */
export interface LogReader {
  /** The newest entries, oldest first; to be called first. */
  tail(count: number): LogEntry[];
  /** Entries that came since the last call, oldest first; also in files that were created, or set aside, since. */
  more(): LogEntry[];
}

/** @param component only its files: a component's name stands for all its workers; all files where absent */
export function createLogReader(
  config: { readonly dataDir: string },
  component: string | undefined,
): LogReader {
  /** How far each file was read, by name. */
  const offsets = new Map<string, number>();
  const pathOf = (name: string): string => join(logsDir(config), `${name}${SUFFIX}`);
  const names = (): string[] => loggedNames(config).filter((name) => isOf(name, component));

  function tailOf(name: string, count: number): LogEntry[] {
    const newest = lastLines(pathOf(name), count);
    offsets.set(name, newest.end);
    const before = lastLines(`${pathOf(name)}.1`, count - newest.lines.length);
    return parseLogLines([...before.lines, ...newest.lines], name);
  }
  function moreOf(name: string): LogEntry[] {
    const path = pathOf(name);
    let lines: readonly string[] = [];
    let offset = offsets.get(name) ?? 0;
    if (sizeOf(path) < offset) {
      // It was set aside: what was not read yet is in the copy.
      lines = completeLines(`${path}.1`, offset).lines;
      offset = 0;
    }
    const newest = completeLines(path, offset);
    offsets.set(name, newest.end);
    return parseLogLines([...lines, ...newest.lines], name);
  }
  const byTime = (entries: LogEntry[]): LogEntry[] => entries.sort((a, b) => a.time - b.time);
  return {
    tail: (count) => byTime(names().flatMap((name) => tailOf(name, count))).slice(-count),
    more: () => byTime(names().flatMap(moreOf)),
  };
}

/** Names of the supervisor and the workers that have a log file. */
export function loggedNames(config: { readonly dataDir: string }): string[] {
  try {
    const files = readdirSync(logsDir(config)).sort();
    return files.filter((file) => file.endsWith(SUFFIX)).map((file) => file.slice(0, -SUFFIX.length));
  } catch {
    return [];
  }
}

/** Whether a file of this name belongs to the component: `processor` has `processor-1`, `processor-2` … */
export function isOf(name: string, component: string | undefined): boolean {
  return component === undefined || name === component || name.replace(/-\d+$/, '') === component;
}

interface Lines {
  readonly lines: string[];
  /** Offset after the last of them. */
  readonly end: number;
}

/** The lines from an offset on; one that is still being written is left for later. */
function completeLines(path: string, from: number): Lines {
  const bytes = readRange(path, from, sizeOf(path));
  const end = bytes.lastIndexOf(LINE_FEED) + 1;
  return { lines: bytes.toString('utf8', 0, end).split('\n').slice(0, -1), end: from + end };
}

/** The last complete lines of a file. */
function lastLines(path: string, count: number): Lines {
  const size = sizeOf(path);
  for (let span = CHUNK; ; span *= 4) {
    const from = Math.max(0, size - span);
    const { lines, end } = completeLines(path, from);
    // Unless it begins with the file, the first line may be only a part.
    if (from > 0) lines.shift();
    if (from === 0 || lines.length >= count)
      return { lines: lines.slice(Math.max(0, lines.length - count)), end };
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readRange(path: string, from: number, to: number): Buffer {
  if (to <= from) return Buffer.alloc(0);
  const bytes = Buffer.alloc(to - from);
  const file = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from));
  } finally {
    closeSync(file);
  }
}
