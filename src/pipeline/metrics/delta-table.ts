import { add, type Count } from '../events/money.ts';

const FIRST_CAPACITY = 64;
/** Room for a column's number beside a key's in one double. */
const COLUMN_SPAN = 2 ** 20;

/** Entries of a {@link DeltaTable}, by number. */
export interface DeltaEntries {
  readonly buckets: Int32Array<ArrayBuffer>;
  readonly keys: Int32Array<ArrayBuffer>;
  readonly columns: Int32Array<ArrayBuffer>;
  /** NaN for those in `exact`. */
  readonly amounts: Float64Array<ArrayBuffer>;
  readonly exact: ReadonlyMap<number, bigint>;
}

/**
 * What is added to counters: an amount by bucket, key and column, which are small numbers from 0 on. Open addressing over typed
 * arrays, because an event touches ten counters: nothing is allocated for one.
 *
 * Invariant: an entry's amount is exact. Where it is beyond what a double holds, it stands in `exact`, and `amounts` has NaN.
 */
export class DeltaTable {
  /** Entry + 1 by slot of the hash; 0 is free. Twice as many slots as entries at least. */
  #slots = new Int32Array(FIRST_CAPACITY * 2);
  #buckets = new Int32Array(FIRST_CAPACITY);
  #keys = new Int32Array(FIRST_CAPACITY);
  #columns = new Int32Array(FIRST_CAPACITY);
  #amounts = new Float64Array(FIRST_CAPACITY);
  /** The entry of the same bucket that was added before; -1 ends the chain. */
  #before = new Int32Array(FIRST_CAPACITY);
  /** The last entry of a bucket; -1 for none. */
  #last = new Int32Array(0);
  #exact = new Map<number, bigint>();
  #size = 0;
  /** The entries of the bucket that was read: page, column, and key within the page, in one number. */
  #order = new Float64Array(FIRST_CAPACITY);
  #sortedKeys = new Int32Array(FIRST_CAPACITY);
  #sortedColumns = new Int32Array(FIRST_CAPACITY);
  #sortedEntries = new Int32Array(FIRST_CAPACITY);

  /** Takes all entries out; what they had room in stays. */
  clear(): void {
    if (this.#size > 0) this.#slots.fill(0);
    this.#last.fill(-1);
    this.#exact.clear();
    this.#size = 0;
  }

  add(bucket: number, key: number, column: number, amount: Count): void {
    const entry = this.#find(bucket, key, column);
    const sum = typeof amount === 'number' ? this.#amounts[entry]! + amount : Number.NaN;
    if (sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) this.#amounts[entry] = sum;
    else this.#addExact(entry, amount);
  }

  #addExact(entry: number, amount: Count): void {
    const sum = add(this.#exact.get(entry) ?? this.#amounts[entry]!, amount);
    if (typeof sum === 'number') {
      this.#amounts[entry] = sum;
      this.#exact.delete(entry);
    } else {
      this.#amounts[entry] = Number.NaN;
      this.#exact.set(entry, sum);
    }
  }

  /** The entry's number; it is made where there is none. */
  #find(bucket: number, key: number, column: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(bucket, key, column) & mask;
    for (let held = slots[slot]!; held !== 0; held = slots[slot]!) {
      const entry = held - 1;
      if (this.#keys[entry] === key && this.#columns[entry] === column && this.#buckets[entry] === bucket)
        return entry;
      slot = (slot + 1) & mask;
    }
    if (this.#size === this.#keys.length) {
      this.#grow();
      return this.#find(bucket, key, column);
    }
    const entry = this.#size;
    this.#size += 1;
    slots[slot] = entry + 1;
    this.#buckets[entry] = bucket;
    this.#keys[entry] = key;
    this.#columns[entry] = column;
    this.#amounts[entry] = 0;
    if (bucket >= this.#last.length) this.#last = grown(this.#last, bucket + 1, -1);
    this.#before[entry] = this.#last[bucket]!;
    this.#last[bucket] = entry;
    return entry;
  }

  #grow(): void {
    const capacity = this.#keys.length * 2;
    this.#buckets = grown(this.#buckets, capacity);
    this.#keys = grown(this.#keys, capacity);
    this.#columns = grown(this.#columns, capacity);
    this.#before = grown(this.#before, capacity);
    const amounts = new Float64Array(capacity);
    amounts.set(this.#amounts);
    this.#amounts = amounts;
    const slots = new Int32Array(capacity * 2);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#size; entry += 1) {
      let slot = hash(this.#buckets[entry]!, this.#keys[entry]!, this.#columns[entry]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
  }

  /** In how many pages of so many keys the entries lie. */
  pages(pageKeys: number): number {
    const keys = this.#keys.subarray(0, this.#size);
    let last = 0;
    for (const key of keys) if (key > last) last = key;
    const found = new Uint8Array(Math.floor(last / pageKeys) + 1);
    for (const key of keys) found[Math.floor(key / pageKeys)] = 1;
    return found.reduce((sum, one) => sum + one, 0);
  }

  /**
   * Makes a bucket's entries readable, by page, column and key, ascending.
   * @param pageKeys keys of a page, a power of 2: the first one has those below it
   * @returns how many there are
   */
  read(bucket: number, pageKeys: number): number {
    let count = 0;
    for (let entry = this.#last[bucket] ?? -1; entry >= 0; entry = this.#before[entry]!) {
      if (count === this.#order.length) {
        const order = new Float64Array(count * 2);
        order.set(this.#order);
        this.#order = order;
      }
      const key = this.#keys[entry]!;
      const inPage = key % pageKeys;
      this.#order[count] = (key - inPage) * COLUMN_SPAN + this.#columns[entry]! * pageKeys + inPage;
      count += 1;
    }
    if (count > 1) this.#order.subarray(0, count).sort();
    this.#unpack(bucket, count, pageKeys);
    return count;
  }

  /** Finds the entries of the sorted numbers. */
  #unpack(bucket: number, count: number, pageKeys: number): void {
    if (count > this.#sortedKeys.length) {
      this.#sortedKeys = new Int32Array(count * 2);
      this.#sortedColumns = new Int32Array(count * 2);
      this.#sortedEntries = new Int32Array(count * 2);
    }
    const ofPage = 1 / (COLUMN_SPAN * pageKeys);
    const ofColumn = 1 / pageKeys;
    for (let i = 0; i < count; i += 1) {
      const packed = this.#order[i]!;
      const page = Math.floor(packed * ofPage);
      const rest = packed - page * COLUMN_SPAN * pageKeys;
      const column = Math.floor(rest * ofColumn);
      const key = page * pageKeys + rest - column * pageKeys;
      this.#sortedKeys[i] = key;
      this.#sortedColumns[i] = column;
      this.#sortedEntries[i] = this.#find(bucket, key, column);
    }
  }

  /** Of the bucket that was read. @param i below what `read` gave */
  key(i: number): number {
    return this.#sortedKeys[i]!;
  }
  column(i: number): number {
    return this.#sortedColumns[i]!;
  }
  amount(i: number): Count {
    const entry = this.#sortedEntries[i]!;
    const amount = this.#amounts[entry]!;
    return Number.isNaN(amount) ? this.#exact.get(entry)! : amount;
  }

  /** Copies of all entries, if there are any. */
  entries(): DeltaEntries | undefined {
    const size = this.#size;
    if (size === 0) return undefined;
    return {
      buckets: this.#buckets.slice(0, size),
      keys: this.#keys.slice(0, size),
      columns: this.#columns.slice(0, size),
      amounts: this.#amounts.slice(0, size),
      exact: new Map(this.#exact),
    };
  }

  /** Adds all entries to another table, under other numbers: see {@link addEntries}. */
  addTo(into: DeltaTable, bucketOf: ArrayLike<number>): void {
    const [buckets, keys, columns] = [this.#buckets, this.#keys, this.#columns];
    addEntries(
      { buckets, keys, columns, amounts: this.#amounts, exact: this.#exact },
      this.#size,
      into,
      bucketOf,
    );
  }
}

/**
 * Adds the first entries to a table, under other numbers.
 * @param bucketOf by bucket @param keyOf by key; without it a key keeps its number @param columnOf likewise
 */
export function addEntries(
  { buckets, keys, columns, amounts, exact }: DeltaEntries,
  size: number,
  into: DeltaTable,
  bucketOf: ArrayLike<number>,
  keyOf?: ArrayLike<number>,
  columnOf?: ArrayLike<number>,
): void {
  for (let entry = 0; entry < size; entry += 1) {
    const [key, column] = [keys[entry]!, columns[entry]!];
    const amount = amounts[entry]!;
    if (amount === 0) continue;
    into.add(
      bucketOf[buckets[entry]!]!,
      keyOf === undefined ? key : keyOf[key]!,
      columnOf === undefined ? column : columnOf[column]!,
      Number.isNaN(amount) ? exact.get(entry)! : amount,
    );
  }
}

function hash(bucket: number, key: number, column: number): number {
  const mixed = Math.imul(key, 0x9e37_79b1) ^ Math.imul(bucket, 0x85eb_ca77) ^ Math.imul(column, 0xc2b2_ae3d);
  return mixed ^ (mixed >>> 15);
}

function grown(array: Int32Array, least: number, fill = 0): Int32Array<ArrayBuffer> {
  const result = new Int32Array(Math.max(least, array.length * 2));
  result.set(array);
  if (fill !== 0) result.fill(fill, array.length);
  return result;
}
