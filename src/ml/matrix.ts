/** One observation: somebody did something with an item. */
export interface Interaction {
  /** A row of the matrix: a shopper, a session or a basket, as the algorithm's docstring says. */
  readonly user: string;
  readonly item: string;
  /** How much interest it shows; above 0. */
  readonly weight: number;
  /** When, ms since the epoch. */
  readonly time: number;
}

/** Interactions as columns, in any order: row `r` says that user `users[r]` did something with item `items[r]`. */
export interface InteractionColumns {
  readonly length: number;
  /** Numbers below `userCount`; not all need to occur. */
  readonly users: Uint32Array;
  readonly userCount: number;
  /** Indices in `itemIds`. */
  readonly items: Uint32Array;
  /** Those that do not occur in `items` may be absent. */
  readonly itemIds: readonly (string | undefined)[];
  readonly weights: ArrayLike<number>;
  readonly times: Float64Array;
}

/**
 * Users × items as compressed sparse rows: the entries of user `u` are at `starts[u]` … `starts[u + 1] - 1`, each item once,
 * in no particular order. Users have no names: what an algorithm learns does not depend on them.
 */
export interface InteractionMatrix {
  /** By item number, ascending; each occurs. */
  readonly itemIds: readonly string[];
  readonly users: number;
  readonly starts: Uint32Array;
  readonly items: Uint32Array;
  /** The greatest weight of the user's interactions with the item. */
  readonly weights: Float32Array;
  /** The time of the latest. */
  readonly times: Float64Array;
}

/** Makes a matrix of interactions with names. */
export function toMatrix(interactions: Iterable<Interaction>): InteractionMatrix {
  const rows = [...interactions];
  const users = numbering(rows, ({ user }) => user);
  const items = numbering(rows, ({ item }) => item);
  return compress({
    length: rows.length,
    users: users.numbers,
    userCount: users.names.length,
    items: items.numbers,
    itemIds: items.names,
    weights: rows.map(({ weight }) => weight),
    times: Float64Array.from(rows, ({ time }) => time),
  });
}

function numbering<T>(rows: readonly T[], nameOf: (row: T) => string) {
  const known = new Map<string, number>();
  const numbers = Uint32Array.from(rows, (row) => {
    const name = nameOf(row);
    const number = known.get(name) ?? known.size;
    known.set(name, number);
    return number;
  });
  return { numbers, names: [...known.keys()] };
}

/** Makes a matrix of numbered interactions: those of a user with an item become one entry. */
export function compress(columns: InteractionColumns): InteractionMatrix {
  const { length, users, userCount, weights, times } = columns;
  const { itemIds, numbers } = sortItems(columns);
  const { starts: groups, order } = groupBy(users, length, userCount);
  const starts = new Uint32Array(userCount + 1);
  const items = new Uint32Array(length);
  const greatest = new Float32Array(length);
  const latest = new Float64Array(length);
  /** Where the item's last entry is; one before the row's start is another user's. */
  const entryOf = new Int32Array(itemIds.length).fill(-1);
  let filled = 0;
  let size = 0;
  for (let user = 0; user < userCount; user += 1) {
    const start = size;
    for (let at = groups[user]!; at < groups[user + 1]!; at += 1) {
      const row = order[at]!;
      const item = numbers[columns.items[row]!]!;
      let entry = entryOf[item]!;
      if (entry < start) {
        entry = size;
        entryOf[item] = entry;
        items[entry] = item;
        latest[entry] = Number.NEGATIVE_INFINITY;
        size += 1;
      }
      greatest[entry] = Math.max(greatest[entry]!, weights[row]!);
      latest[entry] = Math.max(latest[entry]!, times[row]!);
    }
    if (size > start) {
      filled += 1;
      starts[filled] = size;
    }
  }
  return {
    itemIds,
    users: filled,
    starts: starts.subarray(0, filled + 1),
    items: items.subarray(0, size),
    weights: greatest.subarray(0, size),
    times: latest.subarray(0, size),
  };
}

/** The ids that occur, ascending, and the new number of each old one. */
function sortItems({ length, items, itemIds }: InteractionColumns) {
  const occurs = new Uint8Array(itemIds.length);
  for (let row = 0; row < length; row += 1) occurs[items[row]!] = 1;
  const old = [...itemIds.keys()].filter((item) => occurs[item] === 1);
  old.sort((a, b) => (itemIds[a]! < itemIds[b]! ? -1 : 1));
  const numbers = new Uint32Array(itemIds.length);
  old.forEach((item, number) => {
    numbers[item] = number;
  });
  return { itemIds: old.map((item) => itemIds[item]!), numbers };
}

/**
 * Counting sort: the rows of group `g` are `order[starts[g]]` … `order[starts[g + 1] - 1]`, in their old order.
 * @param groups group of each row, below `count`
 */
export function groupBy(
  groups: Uint32Array,
  length: number,
  count: number,
): { starts: Uint32Array; order: Uint32Array } {
  const starts = new Uint32Array(count + 1);
  for (let row = 0; row < length; row += 1) starts[groups[row]! + 1]! += 1;
  for (let group = 0; group < count; group += 1) starts[group + 1]! += starts[group]!;
  const next = starts.slice();
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row += 1) {
    const group = groups[row]!;
    order[next[group]!] = row;
    next[group]! += 1;
  }
  return { starts, order };
}
