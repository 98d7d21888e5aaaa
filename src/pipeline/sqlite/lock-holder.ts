import { readFileSync, statSync } from 'node:fs';

/** A process that writes to a database file, so that no other one can. */
export interface LockHolder {
  readonly pid: number;
  /** Whether it was stopped, as by Ctrl-Z or a debugger: it keeps the lock until it goes on or ends. */
  readonly stopped: boolean;
}

/** The byte of the `-shm` that a writer locks, by SQLite's documentation of its WAL-index. */
const WRITE_LOCK = 120;

/** Who keeps others from writing to a database file; `undefined` where the system does not tell: only Linux does. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const { dev, ino } = statSync(`${path}-shm`);
    const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
    const file = `${hex((dev >> 8) & 0xfff)}:${hex(minor)}:${ino}`;
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , kind, pid, place, from, to] = line.split(/\s+/);
      if (kind !== 'WRITE' || place !== file) continue;
      if (Number(from) > WRITE_LOCK || (to !== 'EOF' && Number(to) < WRITE_LOCK)) continue;
      // One of another container has no number here.
      if (Number(pid) > 0) return { pid: Number(pid), stopped: isStopped(Number(pid)) };
    }
  } catch {
    // What is not told is not known.
  }
  return undefined;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function isStopped(pid: number): boolean {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Its name comes before, in parentheses, and may hold anything.
  return /^[tT]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}
