import { type InteractionMatrix } from './matrix.ts';

/** The latest items of each user: entries of user `u` are at `starts[u]` … `starts[u + 1] - 1`. */
export interface Sessions {
  /** Ascending. */
  readonly itemIds: readonly string[];
  readonly starts: Uint32Array;
  /** By entry: its user, its item, and the weight as a multiple of 1/256. */
  readonly users: Uint32Array;
  readonly items: Uint32Array;
  readonly weights: Float32Array;
}

/** Weights are rounded to it, so that sums of their products are exact and do not depend on the order of the sessions. */
const WEIGHT_UNIT = 1 / 256;
/** Entries that are looked at in one step. */
const STEP_ENTRIES = 200_000;

/**
 * Cuts a matrix down to what is bounded.
 * @param itemsPerUser most items of a user, the latest, ties by id
 * @param items most items in all, those of most users, ties by id
 */
export function* latestOfEach(
  matrix: InteractionMatrix,
  { itemsPerUser, items: most }: { readonly itemsPerUser: number; readonly items: number },
): Generator<void, Sessions> {
  const { itemIds, numbers } = mostFrequent(matrix, most);
  yield;
  const starts = new Uint32Array(matrix.users + 1);
  const users = new Uint32Array(matrix.items.length);
  const items = new Uint32Array(matrix.items.length);
  const weights = new Float32Array(matrix.items.length);
  let size = 0;
  let looked = 0;
  for (let user = 0; user < matrix.users; user += 1) {
    for (const at of latest(matrix, numbers, user, itemsPerUser)) {
      users[size] = user;
      items[size] = numbers[matrix.items[at]!]! - 1;
      weights[size] = Math.max(1, Math.round(matrix.weights[at]! / WEIGHT_UNIT)) * WEIGHT_UNIT;
      size += 1;
    }
    starts[user + 1] = size;
    looked += matrix.starts[user + 1]! - matrix.starts[user]!;
    if (looked < STEP_ENTRIES) continue;
    looked = 0;
    yield;
  }
  return {
    itemIds,
    starts,
    users: users.subarray(0, size),
    items: items.subarray(0, size),
    weights: weights.subarray(0, size),
  };
}

/** The user's entries whose item has a number: at most `most`, the latest. */
function latest(
  { starts, items, times }: InteractionMatrix,
  numbers: Uint32Array,
  user: number,
  most: number,
): number[] {
  const entries: number[] = [];
  for (let at = starts[user]!; at < starts[user + 1]!; at += 1)
    if (numbers[items[at]!] !== 0) entries.push(at);
  if (entries.length <= most) return entries;
  entries.sort((a, b) => times[b]! - times[a]! || items[a]! - items[b]!);
  return entries.slice(0, most);
}

/** The items of most users, and by old item number the new one + 1, or 0 where the item is left out. */
function mostFrequent({ itemIds, items }: InteractionMatrix, most: number) {
  const counts = new Uint32Array(itemIds.length);
  for (const item of items) counts[item]! += 1;
  let kept = [...itemIds.keys()];
  if (kept.length > most) {
    kept.sort((a, b) => counts[b]! - counts[a]! || a - b);
    kept = kept.slice(0, most).sort((a, b) => a - b);
  }
  const numbers = new Uint32Array(itemIds.length);
  kept.forEach((item, i) => {
    numbers[item] = i + 1;
  });
  return { itemIds: kept.map((item) => itemIds[item]!), numbers };
}
