import { randomUUID } from 'node:crypto';
import { type ByteDictionary } from '../events/byte-dictionary.ts';
import { asBuffer, ByteWriter } from '../events/bytes.ts';
import { timeZone } from '../events/time-zone.ts';
import { type BucketDeltas, type DeltaNames, type OwnDeltas, translated } from '../metrics/bucket-deltas.ts';
import { type CellLayout, OTHER_KEY } from '../metrics/cells.ts';
import { mostKeys, type Slots, slotsOf } from '../metrics/stored-cells.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Blob, blobBytes, type Connection } from '../sqlite/driver.ts';
import { agreedLayout, parseLayout } from './layout.ts';
import { type Advance, type LiveChange } from './live-store.ts';
import { createAdder } from './sqlite-cells.ts';
import { createProductWriter } from './sqlite-products.ts';
import { GENERATION } from './sqlite-rebuild.ts';

export interface Writer {
  apply(change: LiveChange): boolean;
  /** Makes what was applied quick to read. */
  finish(): void;
}

/** Applies changes in transactions of their own. */
export function createWriter(
  connection: Connection,
  wanted: CellLayout,
  stored: () => string | undefined,
): Writer {
  const getPosition = prepareValue<number>(
    connection,
    'SELECT position AS value FROM positions WHERE part = ?',
  );
  const putPosition = connection.prepare(
    `INSERT INTO positions (part, position, watermark) VALUES (?, ?, ?)
     ON CONFLICT (part) DO UPDATE SET position = excluded.position, watermark = excluded.watermark`,
  );
  const putSeen = stepWriter(connection, 'seen');
  const putDerived = stepWriter(connection, 'derived');
  const hasState = prepareValue<number>(connection, 'SELECT 1 AS value FROM states WHERE key = ?');
  const getState = prepareValue<Blob>(connection, 'SELECT value FROM states WHERE key = ?');
  const putState = connection.prepare(
    'INSERT INTO states (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  const putLayout = connection.prepare(
    "INSERT INTO settings (name, json) VALUES ('layout', ?) ON CONFLICT (name) DO UPDATE SET json = excluded.json",
  );
  const getTaken = prepareValue<number>(connection, 'SELECT taken AS value FROM inboxes WHERE part = ?');
  const putTaken = connection.prepare('UPDATE inboxes SET taken = ? WHERE part = ?');
  const dropMessages = connection.prepare('DELETE FROM messages WHERE part = ? AND number <= ?');
  const countMessage = connection.prepare(
    'INSERT INTO inboxes (part, sent, taken) VALUES (?, 1, 0) ON CONFLICT (part) DO UPDATE SET sent = sent + 1',
  );
  const putMessage = connection.prepare(
    'INSERT INTO messages (part, number, data) SELECT part, sent, ? FROM inboxes WHERE part = ?',
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
  const numbers = createNumbers(connection);
  const putProducts = createProductWriter(connection);
  const adder = createAdder(connection, timeZone(wanted.timeZone));

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
  function applyAll(change: LiveChange): boolean {
    const { advances, generation, cells, names, claims, expects, states, products, messages = [] } = change;
    if (generation !== undefined && generation !== (getGeneration() ?? '')) return false;
    slots = agreeOnLayout();
    for (const { partition, from, taken } of advances) {
      if ((getPosition(partition) ?? 0) !== from) return false;
      if (taken !== undefined && (getTaken(partition) ?? 0) !== taken.from) return false;
    }
    for (const key of claims) if (hasState(key) !== undefined) return false;
    for (const [key, expected] of expects ?? []) {
      const value = getState(key);
      if (value === undefined || !asBuffer(blobBytes(value)).equals(expected)) return false;
    }
    for (const { partition, from, to, watermark, seen, derived, taken } of advances) {
      putPosition.run(partition, to, watermark);
      if (taken !== undefined && taken.to > taken.from) {
        putTaken.run(taken.to, partition);
        dropMessages.run(partition, taken.to);
      }
      if (seen !== undefined) putSeen(partition, { from, ...seen }, to);
      if (derived !== undefined) putDerived(partition, derived, to);
    }
    for (const { partition, bytes } of messages) {
      countMessage.run(partition);
      putMessage.run(bytes, partition);
    }
    for (const [key, value] of states) putState.run(key, value);
    const deltas = cells.starts.length > 0 ? numbers.translate(cells, names, slots) : undefined;
    // Only then the products that are new have numbers.
    putProducts.put(products, numbers.finder(names, slots.numberOf('product')));
    if (deltas !== undefined) adder.add(deltas);
    return true;
  }
  function forget(): void {
    numbers.forget();
    putProducts.forget();
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
    finish: adder.finish,
  };
}

/** Keeps the ids that a step leaves, and lets those go that are not needed any more or are of another time. */
function stepWriter(
  connection: Connection,
  table: 'seen' | 'derived',
): (partition: number, step: NonNullable<Advance['derived']>, to: number) => void {
  // Two statements: with OR it would look at every step of the partition.
  const dropOld = connection.prepare(`DELETE FROM ${table} WHERE part = ? AND upto <= ?`);
  const dropLate = connection.prepare(`DELETE FROM ${table} WHERE part = ? AND upto > ?`);
  const put = connection.prepare(`INSERT INTO ${table} (part, upto, start, ids) VALUES (?, ?, ?, ?)`);
  return (partition, { from, ids, since }, to) => {
    dropOld.run(partition, since);
    dropLate.run(partition, from);
    put.run(partition, to, from, ids);
  };
}

/** Gives keys and columns the numbers that the store has for them. */
function createNumbers(connection: Connection): {
  translate(deltas: OwnDeltas, names: DeltaNames, slots: Slots): BucketDeltas;
  /** Finds the number of a key of a slot, where that was translated and no other key has it. */
  finder(names: DeltaNames, slot: number): (key: string) => number | undefined;
  forget(): void;
} {
  const find = prepareValue<number>(connection, 'SELECT id AS value FROM keys WHERE slot = ? AND key = ?');
  const last = prepareValue<number>(connection, 'SELECT max(id) AS value FROM keys WHERE slot = ?');
  const insert = connection.prepare('INSERT INTO keys (slot, id, key) VALUES (?, ?, ?)');
  let known = new WeakMap<ByteDictionary, number[]>();
  const text = new ByteWriter();

  function idOf(slot: number, key: string, most: number): number {
    const id = find(slot, key);
    if (id !== undefined) return id;
    // From 1 on: column 0 has a meaning of its own in pages.
    const next = (last(slot) ?? 0) + 1;
    if (next > most && key !== OTHER_KEY) return idOf(slot, OTHER_KEY, most);
    insert.run(slot, next, key);
    return next;
  }
  function idsOf(slot: number, keys: ByteDictionary, slots: Slots): number[] {
    const ids = known.get(keys) ?? [];
    known.set(keys, ids);
    for (let i = ids.length; i < keys.size; i += 1)
      ids.push(idOf(slot, keys.textOf(i), mostKeys(slots, slot)));
    return ids;
  }
  return {
    translate: (deltas, { columns, keys }, slots) =>
      translated(deltas, (slot) => idsOf(slot, keys[slot]!, slots), idsOf(0, columns, slots)),
    finder({ keys }, slot) {
      const [names, ids] = [keys[slot]!, known.get(keys[slot]!) ?? []];
      const other = find(slot, OTHER_KEY);
      return (key) => {
        text.clear();
        const size = text.characters(key);
        const id = ids[names.find(text.bytes, 0, size)];
        return id === other ? undefined : id;
      };
    },
    forget() {
      known = new WeakMap();
    },
  };
}
