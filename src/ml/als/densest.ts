import { type InteractionMatrix, keepEntries, mostTaken } from '../matrix.ts';

/**
 * What bounds the time of ALS, which grows with the number of users and items whatever each of them did: the interactions with the
 * items of most users, and of these those of the users with the most of them, of as many those who came last. The same matrix where
 * there are no more of either.
 */
export function densest(matrix: InteractionMatrix, mostItems: number, mostUsers: number): InteractionMatrix {
  const items = mostTaken(matrix, mostItems);
  const isItem = new Uint8Array(matrix.columns);
  for (const item of items) isItem[item] = 1;
  const isOfItem = Uint8Array.from(matrix.items, (item) => isItem[item]!);
  const { starts } = keepEntries(matrix, isOfItem);
  const isKept = densestRows(matrix, starts, mostUsers);
  const rows = isKept.reduce((sum, kept) => sum + kept, 0);
  if (rows === matrix.rows && starts[rows] === matrix.items.length) return matrix;
  for (let row = 0; row < matrix.rows; row += 1)
    if (isKept[row] === 0) isOfItem.fill(0, matrix.starts[row], matrix.starts[row + 1]);
  const kept = keepEntries(matrix, isOfItem);
  const ends = kept.starts.filter((_, row) => row === 0 || isKept[row - 1] === 1);
  return { ...kept, rows, starts: ends, times: matrix.times.filter((_, at) => isOfItem[at] === 1) };
}

/** By row, 1 for those that are kept: never one without entries. @param starts of what counts of each */
function densestRows({ rows, starts: all, times }: InteractionMatrix, starts: Uint32Array, most: number) {
  const sizes = Uint32Array.from({ length: rows }, (_, row) => starts[row + 1]! - starts[row]!);
  const newest = Float64Array.from({ length: rows }, (_, row) =>
    times.subarray(all[row], all[row + 1]).reduce((latest, time) => Math.max(latest, time), 0),
  );
  const ranked = Uint32Array.from(sizes.keys()).filter((row) => sizes[row]! > 0);
  if (ranked.length > most) ranked.sort((a, b) => sizes[b]! - sizes[a]! || newest[b]! - newest[a]! || a - b);
  const isKept = new Uint8Array(rows);
  for (const row of ranked.subarray(0, most)) isKept[row] = 1;
  return isKept;
}
