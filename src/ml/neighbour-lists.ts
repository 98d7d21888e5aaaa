import { type Neighbour } from './related.ts';

/** Scores are kept and saved as whole numbers of millionths. */
export const SCORE_UNITS = 1e6;

/** Numbers of one neighbour in the array: item, score in millionths, support. */
const FIELDS = 3;

/** The nearest neighbours of each item, best first, in one flat array. */
export interface NeighbourLists {
  readonly ids: readonly string[];
  of(id: string): Neighbour[];
  /** Appends the list of the next item, whose numbers are the first `3 * count` of `fields`. */
  add(fields: Uint32Array, count: number): void;
  save(): string;
}

/** Empty lists, to be filled item by item in the order of `ids`. */
export function createNeighbourLists(ids: readonly string[]): NeighbourLists {
  const numbers = new Map(ids.map((id, number) => [id, number]));
  const starts = new Uint32Array(ids.length + 1);
  let entries = new Uint32Array(1024);
  let filled = 0;
  const listOf = (item: number): Uint32Array =>
    item < filled ? entries.subarray(starts[item], starts[item + 1]) : entries.subarray(0, 0);

  return {
    ids,
    of(id) {
      const item = numbers.get(id);
      const neighbours: Neighbour[] = [];
      if (item === undefined) return neighbours;
      const list = listOf(item);
      for (let i = 0; i < list.length; i += FIELDS) {
        neighbours.push({ id: ids[list[i]!]!, score: list[i + 1]! / SCORE_UNITS, support: list[i + 2]! });
      }
      return neighbours;
    },
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
      const lists = ids.map((_, item) => `[${listOf(item).join()}]`);
      return `{"ids":${JSON.stringify(ids)},"lists":[${lists.join()}]}`;
    },
  };
}

/** Takes lists that `save` gave. */
export function loadNeighbourLists(json: string): NeighbourLists {
  const { ids, lists } = JSON.parse(json) as { ids: string[]; lists: number[][] };
  const loaded = createNeighbourLists(ids);
  for (const list of lists) loaded.add(Uint32Array.from(list), list.length / FIELDS);
  return loaded;
}

/** Gathers the best of many candidates, in bounded memory. */
export interface BestFew {
  offer(item: number, score: number, support: number): void;
  /** Appends what was gathered as the next list, and begins anew. */
  flush(lists: NeighbourLists): void;
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
      if (score <= 0 || (count === most && (most === 0 || !isBefore(item, score, most - 1)))) return;
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
    },
    flush(lists) {
      lists.add(fields, count);
      count = 0;
    },
  };
}
