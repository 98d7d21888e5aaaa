import { ByteDictionary } from '../events/byte-dictionary.ts';
import { type Count } from '../events/money.ts';
import { addEntries, type DeltaEntries, DeltaTable } from './delta-table.ts';

/** What the numbers of deltas stand for: columns, and keys by slot. */
export interface DeltaNames {
  readonly columns: ByteDictionary;
  /** Slot 0 has none: the totals are one row, whose key is 0. */
  readonly keys: ByteDictionary[];
}

/** @param slots how many there are */
export function createNames(columns: ByteDictionary, slots: number): DeltaNames {
  return { columns, keys: Array.from({ length: slots }, () => new ByteDictionary()) };
}

/**
 * The same names without the keys of those slots that have too many. A change that is still on its way has the names of before.
 * @param most keys of a slot
 */
export function boundedNames(names: DeltaNames, most: (slot: number) => number): DeltaNames {
  const isFull = ({ size }: ByteDictionary, slot: number): boolean => size > 0 && size > most(slot);
  if (!names.keys.some(isFull)) return names;
  return {
    ...names,
    keys: names.keys.map((keys, slot) => (isFull(keys, slot) ? new ByteDictionary() : keys)),
  };
}

/** What is added to the buckets of one width: totals in slot 0, breakdowns by dimension in the others. */
export class BucketDeltas {
  /** Start of a bucket by its number, ms since the epoch. */
  readonly starts: number[] = [];
  /** By slot; where nothing is added, there is none. */
  readonly tables: (DeltaTable | undefined)[] = [];
  readonly #numbers = new Map<number, number>();
  #lastStart = Number.NaN;
  #lastNumber = 0;

  /** Takes everything out; what it had room in stays. */
  clear(): void {
    this.starts.length = 0;
    for (const table of this.tables) table?.clear();
    this.#numbers.clear();
    this.#lastStart = Number.NaN;
  }

  /** The number of the bucket that begins at `start`. */
  bucketAt(start: number): number {
    if (start === this.#lastStart) return this.#lastNumber;
    let number = this.#numbers.get(start);
    if (number === undefined) {
      number = this.starts.length;
      this.#numbers.set(start, number);
      this.starts.push(start);
    }
    this.#lastStart = start;
    this.#lastNumber = number;
    return number;
  }

  addTotal(bucket: number, column: number, amount: Count): void {
    this.table(0).add(bucket, 0, column, amount);
  }

  add(bucket: number, slot: number, key: number, column: number, amount: Count): void {
    this.table(slot).add(bucket, key, column, amount);
  }

  table(slot: number): DeltaTable {
    this.tables[slot] ??= new DeltaTable();
    return this.tables[slot];
  }

  /** Adds all of it to wider buckets. @param startOf the start of the wider bucket */
  addTo(into: BucketDeltas, startOf: (start: number) => number): void {
    const bucketOf = this.starts.map((start) => into.bucketAt(startOf(start)));
    for (let slot = 0; slot < this.tables.length; slot += 1)
      this.tables[slot]?.addTo(into.table(slot), bucketOf);
  }

  /** Copies of all of it. */
  copy(): OwnDeltas {
    return { starts: [...this.starts], tables: this.tables.map((table) => table?.entries()) };
  }
}

/** Deltas under the numbers of whoever made them, by slot as in {@link BucketDeltas}. They can be sent to another thread. */
export interface OwnDeltas {
  readonly starts: readonly number[];
  readonly tables: readonly (DeltaEntries | undefined)[];
}

/** Deltas under the numbers that a store has for keys and columns. @param idsOf by slot, then own number */
export function translated(
  { starts, tables }: OwnDeltas,
  idsOf: (slot: number) => ArrayLike<number>,
  columnIds: ArrayLike<number>,
): BucketDeltas {
  const result = new BucketDeltas();
  const bucketOf = starts.map((start) => result.bucketAt(start));
  tables.forEach((entries, slot) => {
    if (entries === undefined) return;
    const keyOf = slot === 0 ? undefined : idsOf(slot);
    addEntries(entries, entries.keys.length, result.table(slot), bucketOf, keyOf, columnIds);
  });
  return result;
}
