/** Upper ends of the classes of times to purchase, ms; the last class is open. */
export const DURATION_ENDS: readonly number[] = [1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 240].map(
  (minutes) => minutes * 60_000,
);

/** The class of a duration, 0 to `DURATION_ENDS.length`. */
export function durationClass(ms: number): number {
  const found = DURATION_ENDS.findIndex((end) => ms < end);
  return found < 0 ? DURATION_ENDS.length : found;
}
