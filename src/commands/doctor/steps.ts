import { type Check, failed, ok, warn } from './check.ts';

/** Takes looks at a server, one after the other, up to the first that fails: what follows could only fail too. */
export async function inTurn(...steps: readonly (() => Promise<readonly Check[]>)[]): Promise<Check[]> {
  let checks: Check[] = [];
  for (const step of steps) {
    checks = [...checks, ...(await step())];
    if (checks.some(failed)) break;
  }
  return checks;
}

/** Difference of two clocks from which on it is worth a word, ms. */
const MAX_SKEW_MS = 1000;

/**
 * Compares a server's clock with this machine's.
 * @param read gives the server's time, ms since the epoch; it is taken to be that of the middle of its way
 */
export async function checkClock(name: string, read: () => Promise<number>): Promise<Check> {
  const before = Date.now();
  const there = await read();
  const after = Date.now();
  const skew = Math.round(there - (before + after) / 2);
  // Less than the way takes cannot be told from it.
  if (Math.abs(skew) <= MAX_SKEW_MS + (after - before) / 2) return ok(name, 'agrees with this machine’s');
  return warn(
    name,
    `${(Math.abs(skew) / 1000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine’s`,
    'keep the clocks of all machines right with NTP: events and workers’ reports carry their times',
  );
}

/** Whether a version such as 7.0.15 is at least another such as 6.2. */
export function atLeast(version: string, oldest: string): boolean {
  const [parts, least] = [version, oldest].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  for (const [i, number] of least!.entries()) {
    const part = parts![i] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}
