import { compareCounts } from '../events/money.ts';
import {
  addToTable,
  type CounterSums,
  type CounterTable,
  createSums,
  decodeTable,
  encodeTable,
  tableRow,
} from '../sqlite/counter-table.ts';
import {
  inTransaction,
  type Migrations,
  openDatabase,
  type SqliteOptions,
  storageError,
} from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';
import {
  addCounters,
  type CellChanges,
  type CellRange,
  type Counters,
  cellStart,
  DIMENSIONS,
  type Dimension,
  LEVEL_NAMES,
  LEVELS,
  type Level,
  RETENTION,
} from './cells.ts';
import {
  type LiveChange,
  type LiveQuery,
  type LiveSnapshot,
  type LiveStore,
  type Position,
  type ProductInfo,
  type RankedEntry,
  type Ranking,
  type TallyQuery,
  type TallyResult,
} from './live-store.ts';

const MIGRATIONS: Migrations = [
  `CREATE TABLE positions (part INTEGER PRIMARY KEY, position INTEGER NOT NULL, watermark INTEGER NOT NULL);
   -- Found by key, but stored in order of appearance: shoppers who are active together share pages.
   CREATE TABLE states (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
   CREATE TABLE products (
     key TEXT PRIMARY KEY, time INTEGER NOT NULL, name TEXT, category TEXT, brand TEXT, price INTEGER
   ) WITHOUT ROWID;
   CREATE TABLE keys (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, key TEXT NOT NULL, UNIQUE (dimension, key));
   CREATE TABLE cells (id INTEGER PRIMARY KEY, data BLOB NOT NULL); -- see cellId and counter-table.ts
   CREATE TABLE changes (id INTEGER PRIMARY KEY, cells TEXT NOT NULL); -- not yet in cells
   CREATE TABLE published (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;`,
];

/** Changes are gathered until there are so many, or so much text, then added to the cells at once. */
const FOLD_CHANGES = 32;
const FOLD_CHARACTERS = 512 * 1024;
/** Every so many folds, cells that are out of retention are deleted. */
const PRUNE_FOLDS = 64;
/** Most dictionary entries that a writer keeps in memory. */
const KEY_CACHE = 200_000;

type Slot = 'totals' | Dimension;
const SLOTS: readonly Slot[] = ['totals', ...DIMENSIONS];
/** The row id of the totals, which are a table with one row. */
const TOTALS_ROW = 0;
const SPAN = 2 ** 40;

/** Row id of a cell: level, slot and start in one, so that a range of cells is a range of rows. */
function cellId(level: Level | 'all', slot: Slot, start: number): number {
  const rank = level === 'all' ? LEVEL_NAMES.length : LEVEL_NAMES.indexOf(level);
  return (rank * SLOTS.length + SLOTS.indexOf(slot)) * SPAN + start / LEVELS['10s'];
}

/** One 10-second cell of a change, as stored: counters flat, `[column, value, …]`, keys by dictionary id. */
type StoredCounters = (string | number)[];
type StoredCell = [
  start: number,
  totals: StoredCounters,
  breakdowns: [id: number, counters: StoredCounters][][],
];

function flatten(counters: Counters): StoredCounters {
  const flat: StoredCounters = [];
  for (const [column, value] of counters) {
    if (value !== 0) flat.push(column, typeof value === 'bigint' ? value.toString() : value);
  }
  return flat;
}

function inflate(flat: StoredCounters): Counters {
  const counters: Counters = new Map();
  for (let i = 0; i < flat.length; i += 2) {
    const value = flat[i + 1]!;
    counters.set(flat[i] as string, typeof value === 'string' ? BigInt(value) : value);
  }
  return counters;
}

/** The embedded live store. */
export function createSqliteLiveStore(options: SqliteOptions): LiveStore {
  const connection = openDatabase(options, MIGRATIONS);
  const writer = createWriter(connection);
  const reader = createReader(connection);
  const read = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw storageError(error, options.path);
    }
  };
  const getState = connection.prepare('SELECT value FROM states WHERE key = ?').pluck();
  const getProduct = connection.prepare(
    'SELECT time, name, category, brand, price FROM products WHERE key = ?',
  );
  const getPublished = connection.prepare('SELECT json FROM published WHERE kind = ? AND key = ?').pluck();

  return {
    async positions() {
      return read(reader.positions);
    },
    async states(keys) {
      return read(() => lookUp(keys, (key) => getState.get(key) as string | undefined));
    },
    async apply(change) {
      return read(() => writer.apply(change));
    },
    async snapshot(query) {
      return read(() => reader.snapshot(query));
    },
    async products(ids) {
      return read(() =>
        lookUp(ids, (id) => {
          const row = getProduct.get(id) as Record<string, unknown> | undefined;
          if (row === undefined) return undefined;
          return Object.fromEntries(
            Object.entries(row).filter(([, value]) => value !== null),
          ) as unknown as ProductInfo;
        }),
      );
    },
    async publish(kind, entries) {
      read(() => inTransaction(connection, () => publish(connection, kind, entries)));
    },
    async published(kind, keys) {
      return read(() => lookUp(keys, (key) => getPublished.get(kind, key) as string | undefined));
    },
    async close() {
      connection.close();
    },
  };
}

function lookUp<T>(keys: readonly string[], get: (key: string) => T | undefined): Map<string, T> {
  const found = new Map<string, T>();
  for (const key of keys) {
    const value = get(key);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

/** Only what differs is written: most lists of a round equal those of the round before. */
function publish(connection: Connection, kind: string, entries: ReadonlyMap<string, string>): void {
  const stored = connection.prepare('SELECT key FROM published WHERE kind = ?').pluck().all(kind) as string[];
  const remove = connection.prepare('DELETE FROM published WHERE kind = ? AND key = ?');
  for (const key of stored) if (!entries.has(key)) remove.run(kind, key);
  const put = connection.prepare(
    `INSERT INTO published (kind, key, json) VALUES (?, ?, ?)
     ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json WHERE json <> excluded.json`,
  );
  for (const [key, json] of entries) put.run(kind, key, json);
}

function createWriter(connection: Connection): { apply(change: LiveChange): boolean } {
  const getPosition = connection.prepare('SELECT position FROM positions WHERE part = ?').pluck();
  const putPosition = connection.prepare(
    `INSERT INTO positions (part, position, watermark) VALUES (?, ?, ?)
     ON CONFLICT (part) DO UPDATE SET position = excluded.position, watermark = excluded.watermark`,
  );
  const hasState = connection.prepare('SELECT 1 FROM states WHERE key = ?').pluck();
  const putState = connection.prepare(
    'INSERT INTO states (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  // The newest event wins; of two at the same time the greater text, so that the order of arrival does not matter.
  const putProduct = connection.prepare(
    `INSERT INTO products (key, time, name, category, brand, price) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET time = excluded.time, name = coalesce(excluded.name, name),
       category = coalesce(excluded.category, category), brand = coalesce(excluded.brand, brand),
       price = coalesce(excluded.price, price)
     WHERE (excluded.time, coalesce(excluded.name, ''), coalesce(excluded.price, 0)) > (time, coalesce(name, ''), coalesce(price, 0))`,
  );
  const getKey = connection.prepare('SELECT id FROM keys WHERE dimension = ? AND key = ?').pluck();
  const putKey = connection.prepare('INSERT INTO keys (dimension, key) VALUES (?, ?)');
  const putChange = connection.prepare('INSERT INTO changes (cells) VALUES (?)');
  const backlog = connection.prepare(
    'SELECT count(*) AS changes, total(length(cells)) AS characters FROM changes',
  );
  const fold = createFold(connection);
  const keyIds = DIMENSIONS.map(() => new Map<string, number>());

  function keyId(dimension: number, key: string): number {
    const cache = keyIds[dimension]!;
    const known = cache.get(key);
    if (known !== undefined) return known;
    if (cache.size >= KEY_CACHE) cache.clear();
    const id =
      (getKey.get(dimension, key) as number | undefined) ??
      Number(putKey.run(dimension, key).lastInsertRowid);
    cache.set(key, id);
    return id;
  }
  function storedCells(cells: CellChanges): StoredCell[] {
    return [...cells].map(([start, { totals, breakdowns }]) => [
      start,
      flatten(totals),
      DIMENSIONS.map((dimension, index) =>
        [...breakdowns.get(dimension)!].map(([key, counters]) => [keyId(index, key), flatten(counters)]),
      ),
    ]);
  }
  function applyAll({ advances, cells, claims, states, products }: LiveChange): boolean {
    for (const { partition, from } of advances) {
      if (((getPosition.get(partition) as number | undefined) ?? 0) !== from) return false;
    }
    for (const key of claims) if (hasState.get(key) !== undefined) return false;
    for (const { partition, to, watermark } of advances) putPosition.run(partition, to, watermark);
    for (const [key, value] of states) putState.run(key, value);
    for (const [key, { time, name, category, brand, price }] of products) {
      putProduct.run(key, time, name ?? null, category ?? null, brand ?? null, price ?? null);
    }
    if (cells.size > 0) putChange.run(JSON.stringify(storedCells(cells)));
    const { changes, characters } = backlog.get() as { changes: number; characters: number };
    if (changes >= FOLD_CHANGES || characters >= FOLD_CHARACTERS) fold();
    return true;
  }
  return {
    apply(change) {
      try {
        return inTransaction(connection, () => applyAll(change));
      } catch (error) {
        for (const cache of keyIds) cache.clear(); // the ids of this transaction are gone
        throw error;
      }
    },
  };
}

/** Adds the gathered changes to the cells of every width, and deletes what is out of retention. */
function createFold(connection: Connection): () => void {
  const allChanges = connection.prepare('SELECT cells FROM changes ORDER BY id').pluck();
  const clear = connection.prepare('DELETE FROM changes');
  const getCell = connection.prepare('SELECT data FROM cells WHERE id = ?').pluck();
  const putCell = connection.prepare(
    'INSERT INTO cells (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data',
  );
  const dropCells = connection.prepare('DELETE FROM cells WHERE id >= ? AND id < ?');
  const newest = connection.prepare('SELECT max(watermark) FROM positions').pluck();
  let folds = 0;

  function prune(now: number): void {
    for (const level of LEVEL_NAMES) {
      if (RETENTION[level] === Number.POSITIVE_INFINITY) continue;
      const limit = Math.max(0, cellStart(now - RETENTION[level], LEVELS[level]));
      for (const slot of SLOTS) dropCells.run(cellId(level, slot, 0), cellId(level, slot, limit));
    }
  }
  return () => {
    const now = newest.get() as number;
    const cells = new Map<number, Map<number, Counters>>();
    const gather = (id: number, row: number, counters: Counters): void => {
      const rows = cells.get(id) ?? new Map<number, Counters>();
      cells.set(id, rows);
      const existing = rows.get(row);
      if (existing === undefined) rows.set(row, new Map(counters));
      else addCounters(existing, counters);
    };
    for (const text of allChanges.all() as string[]) {
      for (const [start, totals, breakdowns] of JSON.parse(text) as StoredCell[]) {
        for (const level of ['all', ...LEVEL_NAMES] as const) {
          if (level !== 'all' && start < now - RETENTION[level]) continue;
          const cell = level === 'all' ? 0 : cellStart(start, LEVELS[level]);
          gather(cellId(level, 'totals', cell), TOTALS_ROW, inflate(totals));
          breakdowns.forEach((rows, index) => {
            const id = cellId(level, DIMENSIONS[index]!, cell);
            for (const [row, counters] of rows) gather(id, row, inflate(counters));
          });
        }
      }
    }
    for (const [id, rows] of cells) {
      const data = getCell.get(id) as Buffer | undefined;
      putCell.run(id, encodeTable(addToTable(data && decodeTable(data), rows)));
    }
    clear.run();
    folds += 1;
    if (folds % PRUNE_FOLDS === 0) prune(now);
  };
}

interface Reader {
  positions(): Position[];
  snapshot(query: LiveQuery): LiveSnapshot;
}

function createReader(connection: Connection): Reader {
  const allPositions = connection.prepare(
    'SELECT part AS partition, position, watermark FROM positions ORDER BY part',
  );
  const allChanges = connection.prepare('SELECT cells FROM changes').pluck();
  const cellsIn = connection.prepare('SELECT id, data FROM cells WHERE id >= ? AND id < ? ORDER BY id');
  const getKey = connection.prepare('SELECT key FROM keys WHERE id = ?').pluck();

  function rowsOf(slot: Slot, range: CellRange | 'all'): { id: number; data: Buffer }[] {
    const [from, to] =
      range === 'all'
        ? [cellId('all', slot, 0), cellId('all', slot, 0) + 1]
        : [
            cellId(range.level, slot, range.from),
            cellId(range.level, slot, Math.min(range.to, (SPAN - 1) * LEVELS['10s'])),
          ];
    return cellsIn.all(from, to) as { id: number; data: Buffer }[];
  }
  function includes(ranges: TallyQuery['ranges'], start: number): boolean {
    return ranges === 'all' || ranges.some(({ from, to }) => start >= from && start < to);
  }
  function tablesOf(slot: Slot, ranges: TallyQuery['ranges']): CounterTable[] {
    const list = ranges === 'all' ? (['all'] as const) : ranges;
    return list.flatMap((range) => rowsOf(slot, range).map(({ data }) => decodeTable(data)));
  }
  function sumTotals(ranges: TallyQuery['ranges'], changes: readonly StoredCell[]): Counters {
    const sums: Counters = new Map();
    for (const table of tablesOf('totals', ranges)) addCounters(sums, tableRow(table, TOTALS_ROW));
    for (const [start, totals] of changes) if (includes(ranges, start)) addCounters(sums, inflate(totals));
    return sums;
  }
  function sumBreakdown(
    dimension: Dimension,
    ranges: TallyQuery['ranges'],
    changes: readonly StoredCell[],
  ): CounterSums {
    const sums = createSums();
    for (const table of tablesOf(dimension, ranges)) sums.add(table);
    for (const [start, , breakdowns] of changes) {
      if (!includes(ranges, start)) continue;
      for (const [id, counters] of breakdowns[DIMENSIONS.indexOf(dimension)]!)
        sums.addRow(id, inflate(counters));
    }
    return sums;
  }
  function rank(sums: CounterSums, { column, limit }: Ranking): RankedEntry[] {
    const rows = sums.positive(column).sort((a, b) => compareCounts(b.value, a.value));
    const last = rows[limit - 1]?.value;
    // Equal values compete by key, so all rows that equal the last one are looked up.
    const candidates = last === undefined ? rows : rows.filter(({ value }) => value >= last);
    return candidates
      .map(({ id, value }) => ({ id, value, key: getKey.get(id) as string }))
      .sort((a, b) => compareCounts(b.value, a.value) || (a.key < b.key ? -1 : 1))
      .slice(0, limit)
      .map(({ id, key }) => ({ key, counters: sums.row(id) }));
  }
  function tally({ ranges, rankings = [] }: TallyQuery, changes: readonly StoredCell[]): TallyResult {
    const breakdowns = new Map<Dimension, CounterSums>();
    for (const { dimension } of rankings) {
      if (!breakdowns.has(dimension)) breakdowns.set(dimension, sumBreakdown(dimension, ranges, changes));
    }
    return {
      totals: sumTotals(ranges, changes),
      rankings: rankings.map((ranking) => rank(breakdowns.get(ranking.dimension)!, ranking)),
    };
  }
  function series(range: CellRange, changes: readonly StoredCell[]): LiveSnapshot['series'] {
    const cells = new Map<number, Counters>();
    const addAt = (start: number, totals: Counters): void => {
      const sums = cells.get(start);
      if (sums === undefined) cells.set(start, totals);
      else addCounters(sums, totals);
    };
    const origin = cellId(range.level, 'totals', 0);
    for (const { id, data } of rowsOf('totals', range)) {
      addAt((id - origin) * LEVELS['10s'], tableRow(decodeTable(data), TOTALS_ROW));
    }
    for (const [start, totals] of changes) {
      if (start >= range.from && start < range.to)
        addAt(cellStart(start, LEVELS[range.level]), inflate(totals));
    }
    return [...cells].map(([start, totals]) => ({ start, totals })).sort((a, b) => a.start - b.start);
  }
  function snapshotNow(query: LiveQuery): LiveSnapshot {
    const changes = (allChanges.all() as string[]).flatMap((text) => JSON.parse(text) as StoredCell[]);
    return {
      positions: allPositions.all() as Position[],
      tallies: query.tallies.map((request) => tally(request, changes)),
      series: query.series === undefined ? [] : series(query.series, changes),
    };
  }
  return {
    positions: () => allPositions.all() as Position[],
    snapshot: (query) => connection.transaction(() => snapshotNow(query)).deferred(),
  };
}
