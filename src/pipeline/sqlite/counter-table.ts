import { add, type Count } from '../events/money.ts';
import { type Counters } from '../live-store/cells.ts';

/**
 * Counters of many rows, a column after the other: adding ten thousand products up takes a millisecond, and reading them
 * from a blob none. A value that a double cannot hold exactly stands in `exact`, and its place in the column is 0.
 */
export interface CounterTable {
  /** Row ids, ascending. */
  readonly ids: Uint32Array;
  /** By name; as long as `ids`. */
  readonly columns: Map<string, Float64Array>;
  /** By column, then row id. */
  readonly exact: Map<string, Map<number, bigint>>;
}

/** The blob: length of the header, the header as JSON padded to 8 bytes, the ids padded to 8 bytes, the columns. */
interface Header {
  readonly rows: number;
  readonly columns: readonly string[];
  readonly exact?: readonly (readonly [column: string, id: number, value: string])[];
}

export function encodeTable({ ids, columns, exact }: CounterTable): Buffer {
  const large = [...exact].flatMap(([column, values]) =>
    [...values].map(([id, value]) => [column, id, value.toString()] as const),
  );
  const header: Header = {
    rows: ids.length,
    columns: [...columns.keys()],
    ...(large.length > 0 && { exact: large }),
  };
  const text = Buffer.from(JSON.stringify(header), 'utf8');
  const headerEnd = align(4 + text.length);
  const idsEnd = align(headerEnd + ids.byteLength);
  const blob = Buffer.alloc(idsEnd + columns.size * ids.length * 8);
  blob.writeUInt32LE(text.length, 0);
  text.copy(blob, 4);
  blob.set(bytesOf(ids), headerEnd);
  let at = idsEnd;
  for (const values of columns.values()) {
    blob.set(bytesOf(values), at);
    at += values.byteLength;
  }
  return blob;
}

export function decodeTable(blob: Uint8Array): CounterTable {
  // A typed array must begin at a multiple of its width.
  const aligned = blob.byteOffset % 8 === 0 ? blob : new Uint8Array(blob);
  const { buffer: bytes, byteOffset: start } = aligned;
  const length = new DataView(bytes, start).getUint32(0, true);
  const header = JSON.parse(Buffer.from(bytes, start + 4, length).toString('utf8')) as Header;
  const idsAt = start + align(4 + length);
  let at = start + align(align(4 + length) + header.rows * 4);
  const columns = new Map<string, Float64Array>();
  for (const name of header.columns) {
    columns.set(name, new Float64Array(bytes, at, header.rows));
    at += header.rows * 8;
  }
  const exact: CounterTable['exact'] = new Map();
  for (const [column, id, value] of header.exact ?? []) setExact(exact, column, id, BigInt(value));
  return { ids: new Uint32Array(bytes, idsAt, header.rows), columns, exact };
}

/** The table with the changes added. Rows and columns that are new begin at 0. The given table is used up. */
export function addToTable(
  table: CounterTable | undefined,
  changes: ReadonlyMap<number, Counters>,
): CounterTable {
  const result = withRows(table ?? { ids: new Uint32Array(), columns: new Map(), exact: new Map() }, changes);
  for (const [id, counters] of changes) {
    const row = find(result.ids, id);
    for (const [column, amount] of counters) {
      let values = result.columns.get(column);
      if (values === undefined) {
        values = new Float64Array(result.ids.length);
        result.columns.set(column, values);
      }
      const sum = add(result.exact.get(column)?.get(id) ?? values[row]!, amount);
      if (typeof sum === 'number') {
        values[row] = sum;
        result.exact.get(column)?.delete(id);
      } else {
        values[row] = 0;
        setExact(result.exact, column, id, sum);
      }
    }
  }
  return result;
}

function withRows(table: CounterTable, changes: ReadonlyMap<number, Counters>): CounterTable {
  const added = [...changes.keys()].filter((id) => find(table.ids, id) < 0);
  if (added.length === 0) return table;
  const ids = new Uint32Array(table.ids.length + added.length);
  ids.set(table.ids);
  ids.set(added, table.ids.length);
  ids.sort();
  const places = table.ids.map((id) => find(ids, id));
  const columns = new Map(
    [...table.columns].map(([name, values]) => {
      const moved = new Float64Array(ids.length);
      for (let i = 0; i < values.length; i += 1) moved[places[i]!] = values[i]!;
      return [name, moved] as const;
    }),
  );
  return { ids, columns, exact: table.exact };
}

/** The columns of one row; those that are 0 are left out. */
export function tableRow({ ids, columns, exact }: CounterTable, id: number): Counters {
  const row = find(ids, id);
  const counters: Counters = new Map();
  for (const [name, values] of columns) {
    const value = exact.get(name)?.get(id) ?? values[row] ?? 0;
    if (value !== 0) counters.set(name, value);
  }
  return counters;
}

/** Sums of tables, by column and row id. */
export interface CounterSums {
  add(table: CounterTable): void;
  addRow(id: number, counters: Counters): void;
  /**
   * The `count` rows with the greatest values above 0 in a column, and all that equal the last of them, in no order; `keys` is
   * the number of all rows above 0.
   */
  top(column: string, count: number): { readonly ids: readonly number[]; readonly keys: number };
  /** All columns of a row that are not 0. */
  row(id: number): Counters;
  /** The sum of all rows, by column. */
  total(): Counters;
}

export function createSums(): CounterSums {
  const columns = new Map<string, Float64Array>();
  const exact: CounterTable['exact'] = new Map();

  function column(name: string, size: number): Float64Array {
    const values = columns.get(name);
    if (values !== undefined && values.length >= size) return values;
    const grown = new Float64Array(Math.max(1024, size * 2));
    if (values !== undefined) grown.set(values);
    columns.set(name, grown);
    return grown;
  }
  function addValue(values: Float64Array, name: string, id: number, amount: Count): void {
    const large = exact.get(name)?.get(id);
    const sum = add(large ?? values[id]!, amount);
    if (typeof sum === 'number') values[id] = sum;
    else values[id] = 0;
    if (typeof sum === 'bigint') setExact(exact, name, id, sum);
    else if (large !== undefined) exact.get(name)!.delete(id);
  }
  function cell(name: string, id: number): Count {
    return exact.get(name)?.get(id) ?? columns.get(name)?.[id] ?? 0;
  }
  return {
    add({ ids, columns: added, exact: large }) {
      const size = (ids.at(-1) ?? 0) + 1;
      const plain = exact.size === 0;
      for (const [name, amounts] of added) {
        const values = column(name, size);
        for (let i = 0; i < ids.length; i += 1) {
          const id = ids[i]!;
          const sum = values[id]! + amounts[i]!;
          if (plain && sum <= Number.MAX_SAFE_INTEGER && sum >= Number.MIN_SAFE_INTEGER) values[id] = sum;
          else addValue(values, name, id, amounts[i]!);
        }
        for (const [id, amount] of large.get(name) ?? []) addValue(values, name, id, amount);
      }
    },
    addRow(id, counters) {
      for (const [name, amount] of counters) {
        const values = column(name, id + 1);
        const sum = typeof amount === 'number' ? values[id]! + amount : Number.NaN;
        if (Number.isSafeInteger(sum) && exact.size === 0) values[id] = sum;
        else addValue(values, name, id, amount);
      }
    },
    top(name, count) {
      const values = columns.get(name) ?? new Float64Array(0);
      // What a double cannot hold is above all that it can.
      const large = [...(exact.get(name) ?? [])].filter(([, value]) => value > 0n);
      large.sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0));
      const room = count - large.length;
      const least = room > 0 ? nthGreatest(values, room) : Number.POSITIVE_INFINITY;
      const lastLarge = large[count - 1]?.[1] ?? 0n;
      const ids = large.filter(([, value]) => value >= lastLarge).map(([id]) => id);
      let keys = large.length;
      for (let id = 0; id < values.length; id += 1) {
        const value = values[id]!;
        if (value <= 0) continue;
        keys += 1;
        if (value >= least) ids.push(id);
      }
      return { ids, keys };
    },
    row(id) {
      const counters: Counters = new Map();
      for (const name of columns.keys()) {
        const value = cell(name, id);
        if (value !== 0) counters.set(name, value);
      }
      return counters;
    },
    total() {
      const counters: Counters = new Map();
      for (const [name, values] of columns) {
        let sum: Count = 0;
        for (const value of values) if (value !== 0) sum = add(sum, value);
        for (const [, value] of exact.get(name) ?? []) sum = add(sum, value);
        if (sum !== 0) counters.set(name, sum);
      }
      return counters;
    },
  };
}

function setExact(exact: CounterTable['exact'], column: string, id: number, value: bigint): void {
  const values = exact.get(column) ?? new Map<number, bigint>();
  exact.set(column, values.set(id, value));
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

/** Place of an id in ascending ids; negative where it is not there. */
function find(ids: Uint32Array, id: number): number {
  let low = 0;
  let high = ids.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = ids[middle]!;
    if (value === id) return middle;
    if (value < id) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function align(length: number): number {
  return (length + 7) & ~7;
}

function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
