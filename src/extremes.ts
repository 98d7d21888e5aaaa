/** The greatest of a list of any length: as arguments of Math.max, some 120 000 numbers overflow the stack. @param least what it is at least */
export function greatest(numbers: Iterable<number>, least = Number.NEGATIVE_INFINITY): number {
  let found = least;
  for (const number of numbers) found = Math.max(found, number);
  return found;
}

/** The least of a list of any length. @param most what it is at most */
export function least(numbers: Iterable<number>, most = Number.POSITIVE_INFINITY): number {
  let found = most;
  for (const number of numbers) found = Math.min(found, number);
  return found;
}
