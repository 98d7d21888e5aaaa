import { type CellLayout } from '../metrics/cells.ts';
import {
  guardFile,
  inTransaction,
  openDatabase,
  prepareValue,
  removeDatabase,
  type SqliteOptions,
} from '../sqlite/database.ts';
import { type Blob, blobBytes, type Connection } from '../sqlite/driver.ts';
import { outdatedError, parseLayout } from './layout.ts';
import {
  type Inbox,
  type LiveStore,
  type ProductInfo,
  type SeenStep,
  type WorkerReport,
} from './live-store.ts';
import { createReader } from './sqlite-reader.ts';
import { GENERATION, replaceCounts } from './sqlite-rebuild.ts';
import { createWriter } from './sqlite-writer.ts';
import { COUNTED_SINCE, MIGRATIONS } from './tables.ts';

const DAY_MS = 86_400_000;

export interface SqliteLiveStoreOptions extends SqliteOptions {
  /** How cells are to be cut where there are none yet. */
  readonly layout: CellLayout;
  /** Whether numbers in an older form are emptied, to be counted again. */
  readonly counts?: boolean;
}

/** The embedded live store. */
export function createSqliteLiveStore(options: SqliteLiveStoreOptions): LiveStore {
  // Shoppers come back from all over the file: with a third of this, the slowest of a hundred batches takes three times as long.
  const refuse = (version: number): void => {
    if (options.counts !== true && version < COUNTED_SINCE) throw outdatedError(options.path);
  };
  const connection = openDatabase({ cacheKib: 48_000, refuse, ...options }, MIGRATIONS);
  const getLayout = prepareValue<string>(
    connection,
    "SELECT json AS value FROM settings WHERE name = 'layout'",
  );
  const layout = (): CellLayout => {
    const json = getLayout();
    return json === undefined ? options.layout : parseLayout(json);
  };
  const writer = createWriter(connection, options.layout, getLayout);
  const reader = createReader(connection, layout);
  const guarded = guardFile(options.path);
  const getGeneration = prepareValue<string>(connection, GENERATION);
  const getStates = prepareStates(connection);
  const getSeen = stepReader(connection, 'seen');
  const getDerived = stepReader(connection, 'derived');
  const getTaken = prepareValue<number>(connection, 'SELECT taken AS value FROM inboxes WHERE part = ?');
  const getMessages = connection.prepare(
    `SELECT data FROM messages WHERE part = ? ORDER BY number LIMIT ${MESSAGES_AT_ONCE}`,
  );
  const getProduct = connection.prepare(
    'SELECT time, name, category, brand, price FROM products WHERE key = ?',
  );
  const getPublished = prepareValue<string>(
    connection,
    'SELECT json AS value FROM published WHERE kind = ? AND key = ?',
  );

  const putReport = connection.prepare(
    'INSERT INTO reports (id, time, json) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET time = excluded.time, json = excluded.json',
  );
  const dropReports = connection.prepare('DELETE FROM reports WHERE time < ?');
  const getReports = connection.prepare('SELECT id, time, json FROM reports WHERE time >= ? ORDER BY id');

  return {
    async layout() {
      return guarded(layout);
    },
    async generation() {
      return guarded(() => getGeneration() ?? '');
    },
    async positions() {
      return guarded(reader.positions);
    },
    async seen(partition) {
      return guarded(() => getSeen(partition));
    },
    async derived(partition) {
      return guarded(() => getDerived(partition));
    },
    async inboxes(partitions) {
      const read = (partition: number): [number, Inbox] => {
        const rows = getMessages.all(partition) as { data: Blob }[];
        const messages = rows.map(({ data }) => blobBytes(data));
        return [partition, { taken: getTaken(partition) ?? 0, messages }];
      };
      return guarded(() => new Map(inTransaction(connection, () => partitions.map(read), 'DEFERRED')));
    },
    async states(keys) {
      return guarded(() => getStates(keys));
    },
    async apply(change) {
      return guarded(() => writer.apply(change));
    },
    async snapshot(query) {
      return guarded(() => reader.snapshot(query));
    },
    async products(ids) {
      return guarded(() =>
        lookUp(ids, (id) => {
          const row = getProduct.get(id) as ProductRow | undefined;
          return row === undefined ? undefined : toProduct(row);
        }),
      );
    },
    async publish(kind, entries) {
      guarded(() => inTransaction(connection, () => publish(connection, kind, entries)));
    },
    async published(kind, keys) {
      return guarded(() => lookUp(keys, (key) => getPublished(kind, key)));
    },
    async report({ id, time, json }) {
      guarded(() =>
        inTransaction(connection, () => {
          putReport.run(id, time, json);
          dropReports.run(time - DAY_MS);
        }),
      );
    },
    async reports(since) {
      return guarded(() => getReports.all(since)) as WorkerReport[];
    },
    async rebuild() {
      const path = `${options.path}.rebuild`;
      removeDatabase(path);
      const beside = createSqliteLiveStore({ ...options, path });
      return {
        live: beside,
        replace: async (force) => guarded(() => replaceCounts(connection, path, force)),
        async close() {
          await beside.close();
          removeDatabase(path);
        },
      };
    },
    async close() {
      try {
        if (connection.open) writer.finish();
      } catch {
        // Nothing is lost: whoever counts next sees to it.
      }
      connection.close();
    },
  };
}

function stepReader(connection: Connection, table: 'seen' | 'derived'): (partition: number) => SeenStep[] {
  const get = connection.prepare(
    `SELECT start AS "from", upto AS "to", ids FROM ${table} WHERE part = ? ORDER BY upto`,
  );
  return (partition) => {
    const steps = get.all(partition) as (Omit<SeenStep, 'ids'> & { ids: Blob })[];
    return steps.map(({ from, to, ids }) => ({ from, to, ids: blobBytes(ids) }));
  };
}

/** Most messages of an inbox that are read at once. */
const MESSAGES_AT_ONCE = 2000;
/** How many states one statement reads: half the cost of one by one. */
const STATES_AT_ONCE = 64;

function prepareStates(connection: Connection): (keys: readonly string[]) => Map<string, Uint8Array> {
  const sql = (count: number) =>
    `SELECT key, value FROM states WHERE key IN (${Array(count).fill('?').join(', ')})`;
  const many = connection.prepare(sql(STATES_AT_ONCE));
  const one = connection.prepare(sql(1));
  return (keys) => {
    const found = new Map<string, Uint8Array>();
    const take = (rows: unknown[]): void => {
      for (const { key, value } of rows as { key: string; value: Blob }[]) found.set(key, blobBytes(value));
    };
    const whole = keys.length - (keys.length % STATES_AT_ONCE);
    for (let i = 0; i < whole; i += STATES_AT_ONCE) take(many.all(keys.slice(i, i + STATES_AT_ONCE)));
    for (const key of keys.slice(whole)) take(one.all(key));
    return found;
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
  const stored = connection.prepare('SELECT key FROM published WHERE kind = ?').all(kind) as {
    key: string;
  }[];
  const remove = connection.prepare('DELETE FROM published WHERE kind = ? AND key = ?');
  for (const { key } of stored) if (!entries.has(key)) remove.run(kind, key);
  const put = connection.prepare(
    `INSERT INTO published (kind, key, json) VALUES (?, ?, ?)
     ON CONFLICT (kind, key) DO UPDATE SET json = excluded.json WHERE json <> excluded.json`,
  );
  for (const [key, json] of entries) put.run(kind, key, json);
}

interface ProductRow {
  readonly time: number;
  readonly name: string | null;
  readonly category: string | null;
  readonly brand: string | null;
  readonly price: number | null;
}

function toProduct({ time, name, category, brand, price }: ProductRow): ProductInfo {
  return {
    time,
    ...(name !== null && { name }),
    ...(category !== null && { category }),
    ...(brand !== null && { brand }),
    ...(price !== null && { price }),
  };
}
