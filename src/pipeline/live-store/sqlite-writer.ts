import { randomUUID } from 'node:crypto';
import { type TimeZone, timeZone } from '../events/time-zone.ts';
import { addToTable, decodeTable, encodeTable } from '../sqlite/counter-table.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';
import { type CellLayout, maxKeys, OTHER_KEY } from './cells.ts';
import { agreedLayout, parseLayout } from './layout.ts';
import { type LiveChange } from './live-store.ts';
import { GENERATION } from './sqlite-rebuild.ts';
import {
  expiredIds,
  foldChanges,
  type Slots,
  type StoredCell,
  slotsOf,
  storedCells,
} from './stored-cells.ts';

/** Changes are gathered until there are so many, or so much text, then added to the cells at once. */
const FOLD_CHANGES = 32;
const FOLD_CHARACTERS = 512 * 1024;
/** Every so many folds, cells that are out of retention are deleted. */
const PRUNE_FOLDS = 64;
/** Most dictionary entries that a writer keeps in memory. */
const KEY_CACHE = 200_000;

/** Applies changes in transactions of their own. */
export function createWriter(
  connection: Connection,
  wanted: CellLayout,
  stored: () => string | undefined,
): { apply(change: LiveChange): boolean } {
  const getPosition = prepareValue<number>(
    connection,
    'SELECT position AS value FROM positions WHERE part = ?',
  );
  const putPosition = connection.prepare(
    `INSERT INTO positions (part, position, watermark) VALUES (?, ?, ?)
     ON CONFLICT (part) DO UPDATE SET position = excluded.position, watermark = excluded.watermark`,
  );
  // Two statements: with OR it would look at every step of the partition.
  const dropOld = connection.prepare('DELETE FROM seen WHERE part = ? AND upto <= ?');
  const dropLate = connection.prepare('DELETE FROM seen WHERE part = ? AND upto > ?');
  const putSeen = connection.prepare('INSERT INTO seen (part, upto, start, ids) VALUES (?, ?, ?, ?)');
  const hasState = prepareValue<number>(connection, 'SELECT 1 AS value FROM states WHERE key = ?');
  const states = createStateWriter(connection);
  // The newest event wins; of two at the same time the greater text, so that the order of arrival does not matter.
  const putProduct = connection.prepare(
    `INSERT INTO products (key, time, name, category, brand, price) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET time = excluded.time, name = coalesce(excluded.name, name),
       category = coalesce(excluded.category, category), brand = coalesce(excluded.brand, brand),
       price = coalesce(excluded.price, price)
     WHERE (excluded.time, coalesce(excluded.name, ''), coalesce(excluded.price, 0)) > (time, coalesce(name, ''), coalesce(price, 0))`,
  );
  const getKey = prepareValue<number>(
    connection,
    'SELECT id AS value FROM keys WHERE dimension = ? AND key = ?',
  );
  const putKey = connection.prepare('INSERT INTO keys (dimension, key) VALUES (?, ?)');
  const putChange = connection.prepare('INSERT INTO changes (size, cells) VALUES (?, ?)');
  const backlog = connection.prepare('SELECT count(*) AS changes, total(size) AS characters FROM changes');
  const putLayout = connection.prepare(
    "INSERT INTO settings (name, json) VALUES ('layout', ?) ON CONFLICT (name) DO UPDATE SET json = excluded.json",
  );
  const countKeys = prepareValue<number>(
    connection,
    'SELECT count(*) AS value FROM keys WHERE dimension = ?',
  );
  const getEpoch = prepareValue<string>(
    connection,
    "SELECT json AS value FROM settings WHERE name = 'epoch'",
  );
  const putEpoch = connection.prepare("INSERT OR REPLACE INTO settings (name, json) VALUES ('epoch', ?)");
  const getGeneration = prepareValue<string>(connection, GENERATION);
  let slots: Slots | undefined;
  let agreed: string | undefined;
  /** Of what is remembered: another one is stored after somebody has emptied the store. */
  let epoch: string | undefined;
  const zone = timeZone(wanted.timeZone);
  const fold = createFold(connection, zone);
  /** By slot. */
  const keyIds = new Map<number, Map<string, number>>();
  const keyCounts = new Map<number, number>();

  function agreeOnLayout(): Slots {
    const before = stored();
    if (before === undefined) putEpoch.run(randomUUID());
    const now = getEpoch();
    if (now !== epoch) forget();
    epoch = now;
    if (slots !== undefined && before === agreed) return slots;
    const layout = agreedLayout(before === undefined ? undefined : parseLayout(before), wanted);
    agreed = JSON.stringify(layout);
    if (agreed !== before) putLayout.run(agreed);
    return slotsOf(layout);
  }
  function keyId(slot: number, key: string): number {
    let cache = keyIds.get(slot);
    if (cache === undefined) {
      cache = new Map();
      keyIds.set(slot, cache);
    }
    const known = cache.get(key);
    if (known !== undefined) return known;
    if (cache.size >= KEY_CACHE) cache.clear();
    const id = getKey(slot, key) ?? newKey(slot, key);
    cache.set(key, id);
    return id;
  }
  function newKey(slot: number, key: string): number {
    const count = keyCounts.get(slot) ?? countKeys(slot) ?? 0;
    if (count >= maxKeys(slots!.names[slot]!) && key !== OTHER_KEY) return keyId(slot, OTHER_KEY);
    keyCounts.set(slot, count + 1);
    return Number(putKey.run(slot, key).lastInsertRowid);
  }
  function applyAll({
    advances,
    generation,
    cells,
    claims,
    states: newStates,
    products,
  }: LiveChange): boolean {
    if (generation !== undefined && generation !== (getGeneration() ?? '')) return false;
    slots = agreeOnLayout();
    for (const { partition, from } of advances) {
      if ((getPosition(partition) ?? 0) !== from) return false;
    }
    for (const key of claims) if (hasState(key) !== undefined) return false;
    for (const { partition, from, to, watermark, seen } of advances) {
      putPosition.run(partition, to, watermark);
      if (seen === undefined) continue;
      dropOld.run(partition, seen.since);
      dropLate.run(partition, from);
      putSeen.run(partition, to, from, seen.ids);
    }
    for (const [key, value] of newStates) states.put(key, value);
    for (const [key, { time, name, category, brand, price }] of products) {
      putProduct.run(key, time, name ?? null, category ?? null, brand ?? null, price ?? null);
    }
    if (cells.size > 0) {
      const text = JSON.stringify(storedCells(cells, slots, keyId));
      putChange.run(text.length, text);
    }
    const { changes, characters } = backlog.get() as { changes: number; characters: number };
    if (changes >= FOLD_CHANGES || characters >= FOLD_CHARACTERS) fold();
    return true;
  }
  function forget(): void {
    keyIds.clear();
    keyCounts.clear();
    states.forget();
    slots = undefined;
    epoch = undefined;
  }
  return {
    apply(change) {
      try {
        return inTransaction(connection, () => applyAll(change));
      } catch (error) {
        // What this transaction added is gone.
        forget();
        throw error;
      }
    },
  };
}

/** Rows of states that a writer remembers the place of: that saves looking for the key. */
const STATE_CACHE = 100_000;

function createStateWriter(connection: Connection): {
  put(key: string, value: Uint8Array): void;
  forget(): void;
} {
  const find = prepareValue<number>(connection, 'SELECT id AS value FROM states WHERE key = ?');
  const insert = connection.prepare('INSERT INTO states (key, value) VALUES (?, ?)');
  const update = connection.prepare('UPDATE states SET value = ? WHERE id = ? AND key = ?');
  const ids = new Map<string, number>();
  return {
    put(key, value) {
      const known = ids.get(key);
      // Somebody else may have emptied the store meanwhile.
      if (known !== undefined && update.run(value, known, key).changes === 1) return;
      if (ids.size >= STATE_CACHE) ids.clear();
      const id = find(key);
      if (id === undefined) ids.set(key, Number(insert.run(key, value).lastInsertRowid));
      else {
        update.run(value, id, key);
        ids.set(key, id);
      }
    },
    forget: () => ids.clear(),
  };
}

/** Adds the gathered changes to the cells of every width, and deletes what is out of retention. */
function createFold(connection: Connection, zone: TimeZone): () => void {
  const allChanges = connection.prepare('SELECT cells FROM changes ORDER BY id');
  const clear = connection.prepare('DELETE FROM changes');
  const getCell = prepareValue<Buffer>(connection, 'SELECT data AS value FROM cells WHERE id = ?');
  const putCell = connection.prepare(
    'INSERT INTO cells (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data',
  );
  const dropCells = connection.prepare('DELETE FROM cells WHERE id >= ? AND id < ?');
  const newest = prepareValue<number>(connection, 'SELECT max(watermark) AS value FROM positions');
  let folds = 0;

  return () => {
    // A clock that was ahead is to take nothing away from the others.
    const now = Math.min(newest() ?? 0, Date.now());
    const changes = (allChanges.all() as { cells: string }[]).flatMap(
      ({ cells }) => JSON.parse(cells) as StoredCell[],
    );
    for (const [id, rows] of foldChanges(changes, now, zone)) {
      const data = getCell(id);
      putCell.run(id, encodeTable(addToTable(data && decodeTable(data), rows)));
    }
    clear.run();
    folds += 1;
    if (folds % PRUNE_FOLDS === 0) for (const range of expiredIds(now)) dropCells.run(range);
  };
}
