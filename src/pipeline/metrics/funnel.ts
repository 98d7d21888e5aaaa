import { type LineType } from '../events/shop-event.ts';

/** The steps in their order. */
export const FUNNEL = ['view', 'cart', 'checkout', 'purchase'] as const;

/** Place in `FUNNEL` of the step that an event takes; `undefined` for an event that takes none. */
export const STEP_OF: Readonly<Partial<Record<LineType, number>>> = {
  view_item: 0,
  add_to_cart: 1,
  begin_checkout: 2,
  add_shipping_info: 2,
  add_payment_info: 2,
  purchase: 3,
};

/**
 * A path tells which steps a session has taken in which order, as a set of chains: bit `c` is set where the steps in `c`
 * (bit `i` of it for step `i`) were taken one after the other, in the funnel's order. With it, whichever steps a shop
 * sends, one counter a session answers how far it came, whether it had a cart and whether it bought.
 */
export const NO_STEPS = 0;
/** Set in a path beside the chains where the session has more than one event: one that has not is a bounce. */
export const MANY_EVENTS = 1;

/** The path after one more step. */
export function takeStep(path: number, step: number): number {
  const bit = 1 << step;
  let next = path | (1 << bit);
  // Chains that end before this step go on with it.
  for (let chain = 1; chain < bit; chain += 1) {
    if (path & (1 << chain)) next |= 1 << (chain | bit);
  }
  return next;
}

/**
 * The steps of a session in the order of time, as runs `step, first, last`: times in ms since the epoch. Of the same step
 * many times in a row, the first and the last are all that a late event's place among them can depend on. At the same time,
 * an earlier step comes first.
 */
export type StepRuns = number[];

/** More runs than this are given up: the earliest ones then stay as they are, whatever comes late. */
const KEPT_RUNS = 16;

/**
 * Takes note of a step, in place.
 * @returns whether the path may have changed: it is `pathOf` the runs then
 */
export function noteStep(runs: StepRuns, step: number, time: number): boolean {
  // Nearly always it comes after all that is known.
  const end = runs.length;
  let at = end;
  while (at > 0 && comesAfter(runs[at - 2]!, runs[at - 3]!, time, step)) at -= 3;
  // Now the run before `at`, if any, begins no later than the step.
  if (at > 0 && runs[at - 3] === step) {
    if (time > runs[at - 1]!) runs[at - 1] = time;
    return false;
  }
  if (at > 0 && comesAfter(runs[at - 1]!, runs[at - 3]!, time, step)) {
    // In the midst of a run of another step.
    const [other, last] = [runs[at - 3]!, runs[at - 1]!];
    runs[at - 1] = runs[at - 2]!;
    runs.splice(at, 0, step, time, time, other, last, last);
    return true;
  }
  if (at < end && runs[at] === step) {
    runs[at + 1] = time;
    return false;
  }
  runs.splice(at, 0, step, time, time);
  return true;
}

/** Whether (time, step) lies after (otherTime, otherStep). */
function comesAfter(time: number, step: number, otherTime: number, otherStep: number): boolean {
  return time > otherTime || (time === otherTime && step > otherStep);
}

/** The path of steps taken in the order of the runs, after those of a path. */
export function pathOf(runs: StepRuns, before = NO_STEPS): number {
  let path = before;
  for (let i = 0; i < runs.length; i += 3) path = takeStep(path, runs[i]!);
  return path;
}

/** Takes the earliest runs away where there are too many. @returns the path that they make after `before` */
export function trimRuns(runs: StepRuns, before: number): number {
  if (runs.length <= 3 * KEPT_RUNS) return before;
  return pathOf(runs.splice(0, runs.length - 3 * KEPT_RUNS), before);
}

/** The path of two runs of events, one after the other. */
export function joinPaths(first: number, second: number): number {
  let path = first | second;
  for (let a = 1; a < 16; a += 1) {
    if (!(first & (1 << a))) continue;
    for (let b = 1; b < 16; b += 1) {
      const after = (b & -b) > a; // the first step of b comes after the last of a
      if (after && second & (1 << b)) path |= 1 << (a | b);
    }
  }
  return path;
}

/** Whether the path holds the steps, taken one after the other. */
export function hasTaken(path: number, steps: readonly number[]): boolean {
  const chain = steps.reduce((bits, step) => bits | (1 << step), 0);
  return (path & (1 << chain)) !== 0;
}
