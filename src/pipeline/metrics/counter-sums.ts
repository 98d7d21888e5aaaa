import { add, type Count, subtract } from '../events/money.ts';
import { PageReader } from './page-reader.ts';

/** Sums of pages, by column and key: numbers that a store has given them. */
export interface CounterSums {
  /** @param sign -1 to take a page away that was added @default 1 */
  add(page: Uint8Array, sign?: 1 | -1): void;
  /**
   * The `count` keys with the greatest values above 0 in a column, and all that equal the last of them, in no order; `keys` is
   * the number of all keys above 0.
   */
  top(column: number, count: number): { readonly ids: readonly number[]; readonly keys: number };
  /** All columns of a key that are not 0. */
  row(key: number): Map<number, Count>;
  /** Number of keys that have a value in any column. */
  keys(): number;
  /** The sum of all keys, by column. */
  total(): Map<number, Count>;
}

/** A column's values by key. */
interface Column {
  /** 0 for one that stands elsewhere. */
  values: Float64Array;
  /** Those that a double cannot hold. */
  readonly exact: Map<number, bigint>;
  /** Those of keys beyond `values`: there may be columns without number, each with a few keys far apart. */
  readonly far: Map<number, Count>;
  /** How many values are in it, by page. */
  added: number;
}

/** `values` has room for so many keys for each value that was added. */
const ROOM = 16;
const FIRST_KEYS = 64;

export function createSums(): CounterSums {
  const columns: (Column | undefined)[] = [];

  const reader = new PageReader();

  /** A column, with room for keys up to one. @param count values that are added, below 0 where they are taken away */
  function columnFor(number: number, count: number, last: number): Column {
    let column = columns[number];
    if (column === undefined) {
      column = { values: new Float64Array(FIRST_KEYS), exact: new Map(), far: new Map(), added: 0 };
      columns[number] = column;
    }
    column.added += count;
    if (last >= column.values.length && last < column.added * ROOM) grow(column, last);
    return column;
  }
  function grow(column: Column, key: number): void {
    const values = new Float64Array(Math.max(key + 1, column.values.length * 2));
    values.set(column.values);
    column.values = values;
    for (const [id, value] of column.far) {
      if (id >= values.length) continue;
      addExact(column, id, value);
      column.far.delete(id);
    }
  }
  function addExact(column: Column, key: number, amount: Count): void {
    if (key >= column.values.length && key < column.added * ROOM) grow(column, key);
    const { values, exact, far } = column;
    if (key >= values.length) {
      far.set(key, add(far.get(key) ?? 0, amount));
      return;
    }
    const sum = add(exact.get(key) ?? values[key]!, amount);
    if (typeof sum === 'number') {
      values[key] = sum;
      exact.delete(key);
    } else {
      values[key] = 0;
      exact.set(key, sum);
    }
  }
  return {
    add(page, sign = 1) {
      const addSigned = (key: number, column: Column, amount: Count): void =>
        addExact(column, key, sign === 1 ? amount : subtract(0, amount));
      reader.open(page);
      while (reader.next()) {
        const { isRun, first, length } = reader;
        if (!isRun) reader.read();
        const last = isRun ? first + length - 1 : (reader.keys[reader.count - 1] ?? 0);
        const column = columnFor(reader.column, sign * length, last);
        if (isRun && column.exact.size === 0 && last < column.values.length) {
          reader.addRunTo(column.values, sign, (key, amount) => addSigned(key, column, amount));
          continue;
        }
        if (isRun) reader.read();
        const done = column.exact.size === 0 ? addFast(column.values, sign, reader) : 0;
        for (let place = done; place < reader.count; place += 1)
          addSigned(reader.keys[place]!, column, reader.value(place));
      }
    },
    top(number, count) {
      const column = columns[number];
      if (column === undefined) return { ids: [], keys: 0 };
      // What a double cannot hold is above all that it can.
      const large = [...column.exact, ...column.far].filter(
        (entry): entry is [number, bigint] => typeof entry[1] === 'bigint' && entry[1] > 0n,
      );
      large.sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
      const far = [...column.far].filter((entry): entry is [number, number] => typeof entry[1] === 'number');
      const { length } = column.values;
      const values = new Float64Array(length + far.length);
      values.set(column.values);
      far.forEach(([, value], i) => {
        values[length + i] = value;
      });
      const room = count - large.length;
      const least = room > 0 ? nthGreatest(values, room) : Number.POSITIVE_INFINITY;
      const lastLarge = large[count - 1]?.[1] ?? 0n;
      const ids = large.filter(([, value]) => value >= lastLarge).map(([id]) => id);
      let keys = large.length;
      for (let i = 0; i < values.length; i += 1) {
        const value = values[i]!;
        if (value <= 0) continue;
        keys += 1;
        if (value >= least) ids.push(i < length ? i : far[i - length]![0]);
      }
      return { ids, keys };
    },
    row(key) {
      const counters = new Map<number, Count>();
      columns.forEach((column, number) => {
        const value = column?.exact.get(key) ?? column?.far.get(key) ?? column?.values[key] ?? 0;
        if (value !== 0) counters.set(number, value);
      });
      return counters;
    },
    keys() {
      const keys = new Set<number>();
      for (const column of columns) {
        if (column === undefined) continue;
        for (let key = 0; key < column.values.length; key += 1) if (column.values[key] !== 0) keys.add(key);
        for (const key of column.exact.keys()) keys.add(key);
        for (const [key, value] of column.far) if (value !== 0) keys.add(key);
      }
      return keys.size;
    },
    total() {
      const counters = new Map<number, Count>();
      columns.forEach((column, number) => {
        if (column === undefined) return;
        let sum: Count = 0;
        for (const value of column.values) if (value !== 0) sum = add(sum, value);
        for (const value of column.exact.values()) sum = add(sum, value);
        for (const value of column.far.values()) sum = add(sum, value);
        if (sum !== 0) counters.set(number, sum);
      });
      return counters;
    },
  };
}

/** Adds values as long as the sums are exact in doubles. @returns the first place that was not added */
function addFast(values: Float64Array, sign: 1 | -1, { keys, values: added, count }: PageReader): number {
  for (let place = 0; place < count; place += 1) {
    const key = keys[place]!;
    // NaN where the value is beyond a double, or the key beyond the values.
    const sum = key < values.length ? values[key]! + sign * added[place]! : Number.NaN;
    if (!(sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER)) return place;
    values[key] = sum;
  }
  return count;
}

/** The n-th greatest of the values above 0; the least of them where there are fewer. */
function nthGreatest(values: Float64Array, n: number): number {
  if (n >= values.length) return Number.MIN_VALUE;
  // The greatest so far, ascending.
  const greatest = new Float64Array(n);
  let held = 0;
  for (const value of values) {
    if (value <= 0 || (held === n && value <= greatest[0]!)) continue;
    let at = held === n ? 0 : held;
    if (held === n) {
      while (at + 1 < n && greatest[at + 1]! < value) {
        greatest[at] = greatest[at + 1]!;
        at += 1;
      }
    } else {
      while (at > 0 && greatest[at - 1]! > value) {
        greatest[at] = greatest[at - 1]!;
        at -= 1;
      }
      held += 1;
    }
    greatest[at] = value;
  }
  return held < n ? Number.MIN_VALUE : greatest[0]!;
}
