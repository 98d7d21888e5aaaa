/** Scores are kept and saved as whole numbers of millionths. */
export const SCORE_UNITS = 1e6;

/** Numbers of one neighbour: item, score in millionths, support. */
export const FIELDS = 3;

/** The nearest neighbours of each item, best first. */
export interface NeighbourLists {
  /** Ascending. */
  readonly itemIds: readonly string[];
  /** `FIELDS` numbers a neighbour: the item's number, the score in millionths, the number of users or sessions that had both. */
  of(item: number): Uint32Array;
  /** As JSON. */
  save(): string;
}

/** Lists that are filled item by item, in the order of their ids. */
export interface GrowingLists extends NeighbourLists {
  /** Appends the list of the next item, whose numbers are the first `FIELDS * count` of `fields`. */
  add(fields: Uint32Array, count: number): void;
}

export function createNeighbourLists(itemIds: readonly string[]): GrowingLists {
  const starts = new Uint32Array(itemIds.length + 1);
  let entries = new Uint32Array(1024);
  let filled = 0;
  const of = (item: number): Uint32Array =>
    item < filled ? entries.subarray(starts[item], starts[item + 1]) : entries.subarray(0, 0);

  return {
    itemIds,
    of,
    add(fields, count) {
      const start = starts[filled]!;
      const end = start + count * FIELDS;
      if (end > entries.length) {
        const larger = new Uint32Array(Math.max(end, entries.length * 2));
        larger.set(entries);
        entries = larger;
      }
      entries.set(fields.subarray(0, count * FIELDS), start);
      filled += 1;
      starts[filled] = end;
    },
    save() {
      const lists = itemIds.map((_, item) => `[${of(item).join()}]`);
      return `{"itemIds":${JSON.stringify(itemIds)},"lists":[${lists.join()}]}`;
    },
  };
}

/** What `save` gives, parsed. */
export interface SavedLists {
  readonly itemIds: readonly string[];
  readonly lists: readonly (readonly number[])[];
}

export function loadNeighbourLists({ itemIds, lists }: SavedLists): NeighbourLists {
  const loaded = createNeighbourLists(itemIds);
  for (const list of lists) loaded.add(Uint32Array.from(list), list.length / FIELDS);
  return loaded;
}

/** The same lists for other items: what is not among them is left out, and what was not has none. */
export function renumber(lists: NeighbourLists, itemIds: readonly string[]): NeighbourLists {
  if (itemIds.length === lists.itemIds.length && itemIds.every((id, i) => id === lists.itemIds[i]))
    return lists;
  const numbers = new Map(itemIds.map((id, number) => [id, number]));
  const olds = new Map(lists.itemIds.map((id, number) => [id, number]));
  const moved = createNeighbourLists(itemIds);
  for (const id of itemIds) {
    const old = olds.get(id);
    const list = old === undefined ? new Uint32Array(0) : lists.of(old);
    const fields: number[] = [];
    for (let i = 0; i < list.length; i += FIELDS) {
      const number = numbers.get(lists.itemIds[list[i]!]!);
      if (number !== undefined) fields.push(number, list[i + 1]!, list[i + 2]!);
    }
    moved.add(Uint32Array.from(fields), fields.length / FIELDS);
  }
  return moved;
}

/** Gathers the best of many candidates, in bounded memory. */
export interface BestFew {
  /**
   * @param score in millionths; one that is not above 0 is passed over
   * @returns whether it is among the best so far
   */
  offer(item: number, score: number, support: number): boolean;
  /** Appends what was gathered as the next list, and begins anew. */
  flush(lists: GrowingLists): void;
  /** What was gathered, as `of` of lists gives it; begins anew. */
  take(): Uint32Array;
}

/** The `most` candidates of the highest score above 0, descending, ties by item number. */
export function createBestFew(most: number): BestFew {
  const fields = new Uint32Array(most * FIELDS);
  let count = 0;

  /** Whether a candidate comes before the one at a place. */
  function isBefore(item: number, score: number, place: number): boolean {
    const other = fields[place * FIELDS + 1]!;
    return score > other || (score === other && item < fields[place * FIELDS]!);
  }
  return {
    offer(item, score, support) {
      if (score <= 0 || (count === most && (most === 0 || !isBefore(item, score, most - 1)))) return false;
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (isBefore(item, score, middle)) high = middle;
        else low = middle + 1;
      }
      if (count < most) count += 1;
      const at = low * FIELDS;
      fields.copyWithin(at + FIELDS, at, (count - 1) * FIELDS);
      fields[at] = item;
      fields[at + 1] = score;
      fields[at + 2] = support;
      return true;
    },
    flush(lists) {
      lists.add(fields, count);
      count = 0;
    },
    take() {
      const taken = fields.slice(0, count * FIELDS);
      count = 0;
      return taken;
    },
  };
}
