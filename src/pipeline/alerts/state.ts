import { type Rule } from './rule.ts';

/** How it stands with a rule. */
export interface AlertState {
  readonly name: string;
  readonly when: string;
  /** It does not hold; it holds, but not long enough yet; it fires. */
  readonly state: 'ok' | 'pending' | 'firing';
  /** Since when it is so, ms since the epoch. */
  readonly since: number;
  /** What was seen last: a number, or the change as a ratio; null for nothing. */
  readonly value: number | null;
  /** When it held last, ms since the epoch; 0 for never. */
  readonly heldAt: number;
}

/** An alert that fires goes on until the rule has not held for so long at least, ms: what flaps does not ring each time. */
const CALM_MS = 60_000;

/** How it goes on after one more look. Pure. @param before undefined for a rule that is new */
export function nextState(
  { name, when, forMs }: Pick<Rule, 'name' | 'when' | 'forMs'>,
  before: AlertState | undefined,
  { value, holds }: { readonly value: number | null; readonly holds: boolean },
  now: number,
): AlertState {
  // A rule that was changed begins anew.
  const old = before?.when === when ? before : { state: 'ok' as const, since: now, heldAt: 0 };
  const heldAt = holds ? now : old.heldAt;
  const same = { name, when, state: old.state, since: old.since, value, heldAt };
  if (old.state === 'firing') {
    const calm = now - heldAt >= Math.max(forMs, CALM_MS);
    return calm ? { ...same, state: 'ok', since: now } : same;
  }
  if (!holds) return old.state === 'ok' ? same : { ...same, state: 'ok', since: now };
  const since = old.state === 'pending' ? old.since : now;
  return now - since >= forMs
    ? { ...same, state: 'firing', since: now }
    : { ...same, state: 'pending', since };
}
