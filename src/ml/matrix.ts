/** Numbers by row and column as compressed sparse rows: those of row `r` are at `starts[r]` … `starts[r + 1] - 1`. */
export interface SparseRows {
  readonly rows: number;
  readonly columns: number;
  readonly starts: Uint32Array;
  /** Columns, ascending in every row, each once. */
  readonly items: Uint32Array;
  readonly weights: Float32Array;
}

/** Who did something with which item. Rows have no names: what an algorithm learns does not depend on them. */
export interface InteractionMatrix extends SparseRows {
  /** The time of the latest interaction, ms since the epoch. */
  readonly times: Float64Array;
}

/** Entries in any order, some of which may be of the same row and column. */
export interface Entries {
  readonly length: number;
  readonly rows: Uint32Array;
  readonly rowCount: number;
  readonly items: Uint32Array;
  readonly itemCount: number;
  readonly weights: ArrayLike<number>;
  readonly times: ArrayLike<number>;
}

/**
 * Makes rows of entries: those of the same row and column become one, with the latest time. Rows without entries are left out.
 * @param combine what becomes of two weights
 * @returns the matrix, and the old number of each of its rows
 */
export function toRows(
  { length, rows, rowCount, items, itemCount, weights, times }: Entries,
  combine: (a: number, b: number) => number,
): { matrix: InteractionMatrix; names: Uint32Array } {
  // By item first: a counting sort keeps the order of what it sorts, so every row's items end up ascending.
  const byItem = groupBy(items, length, itemCount).order;
  const { starts: groups, order } = groupBy(rows, length, rowCount, byItem);
  const starts = new Uint32Array(rowCount + 1);
  const names = new Uint32Array(rowCount);
  const columns = new Uint32Array(length);
  const combined = new Float32Array(length);
  const latest = new Float64Array(length);
  let filled = 0;
  let size = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const start = size;
    for (let at = groups[row]!; at < groups[row + 1]!; at += 1) {
      const entry = order[at]!;
      if (size > start && columns[size - 1] === items[entry]) {
        combined[size - 1] = combine(combined[size - 1]!, weights[entry]!);
        latest[size - 1] = Math.max(latest[size - 1]!, times[entry]!);
        continue;
      }
      columns[size] = items[entry]!;
      combined[size] = weights[entry]!;
      latest[size] = times[entry]!;
      size += 1;
    }
    if (size === start) continue;
    names[filled] = row;
    filled += 1;
    starts[filled] = size;
  }
  const matrix = {
    rows: filled,
    columns: itemCount,
    starts: starts.slice(0, filled + 1),
    items: columns.slice(0, size),
    weights: combined.slice(0, size),
    times: latest.slice(0, size),
  };
  return { matrix, names: names.slice(0, filled) };
}

/** Columns as rows: those of column `c` are at `starts[c]` … `starts[c + 1] - 1`, with rows for items, ascending. */
export function transpose({ rows, columns, starts, items, weights }: SparseRows): SparseRows {
  const { starts: turned, order } = groupBy(items, items.length, columns);
  const rowOf = new Uint32Array(items.length);
  for (let row = 0; row < rows; row += 1) rowOf.fill(row, starts[row]!, starts[row + 1]!);
  const turnedItems = new Uint32Array(order.length);
  const turnedWeights = new Float32Array(order.length);
  for (let i = 0; i < order.length; i += 1) {
    turnedItems[i] = rowOf[order[i]!]!;
    turnedWeights[i] = weights[order[i]!]!;
  }
  return { rows: columns, columns: rows, starts: turned, items: turnedItems, weights: turnedWeights };
}

/**
 * Counting sort: the entries of group `g` are `order[starts[g]]` … `order[starts[g + 1] - 1]`, in their old order.
 * @param groups group of each entry, below `count`
 * @param before their old order; by number where absent
 */
export function groupBy(
  groups: Uint32Array,
  length: number,
  count: number,
  before?: Uint32Array,
): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (let entry = 0; entry < length; entry += 1) starts[groups[entry]! + 1]! += 1;
  for (let group = 0; group < count; group += 1) starts[group + 1]! += starts[group]!;
  const next = starts.slice();
  const order = new Uint32Array(length);
  for (let i = 0; i < length; i += 1) {
    const entry = before === undefined ? i : before[i]!;
    const group = groups[entry]!;
    order[next[group]!] = entry;
    next[group]! += 1;
  }
  return { starts, order };
}

/** The length of a vector, which may have any number of numbers. */
export function lengthOf(vector: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < vector.length; i += 1) squares += vector[i]! ** 2;
  return Math.sqrt(squares);
}

/** The items of most rows, at most `most`, ascending; none that nobody took. */
export function mostTaken({ items, columns }: SparseRows, most: number): number[] {
  const counts = new Uint32Array(columns);
  for (let at = 0; at < items.length; at += 1) counts[items[at]!]! += 1;
  const taken = [...counts.keys()].filter((item) => counts[item]! > 0);
  taken.sort((a, b) => counts[b]! - counts[a]! || a - b);
  return taken.slice(0, most).sort((a, b) => a - b);
}

/** The latest entries of a row, at most `most`, the latest first; of one time, by item. */
export function latestEntries({ starts, times }: InteractionMatrix, row: number, most: number): number[] {
  const entries = Array.from({ length: starts[row + 1]! - starts[row]! }, (_, i) => starts[row]! + i);
  return entries.sort((a, b) => times[b]! - times[a]! || a - b).slice(0, most);
}

/** The rows with some of their entries. @param isKept 1 for each entry that is kept, 0 for others */
export function keepEntries({ starts, items, weights, ...size }: SparseRows, isKept: Uint8Array): SparseRows {
  const keptStarts = new Uint32Array(size.rows + 1);
  const keptItems = new Uint32Array(items.length);
  const keptWeights = new Float32Array(items.length);
  let kept = 0;
  for (let row = 0; row < size.rows; row += 1) {
    for (let at = starts[row]!; at < starts[row + 1]!; at += 1) {
      if (isKept[at] === 0) continue;
      keptItems[kept] = items[at]!;
      keptWeights[kept] = weights[at]!;
      kept += 1;
    }
    keptStarts[row + 1] = kept;
  }
  const [ownItems, ownWeights] = [keptItems.slice(0, kept), keptWeights.slice(0, kept)];
  return { ...size, starts: keptStarts, items: ownItems, weights: ownWeights };
}
