import { randomUUID } from 'node:crypto';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';

/** Reads the name that each rebuild gives to what it has counted. */
export const GENERATION = "SELECT json AS value FROM settings WHERE name = 'generation'";

/** Tables of what is counted, and the columns that are taken over. */
const COUNTED = {
  positions: 'part, position, watermark',
  seen: 'part, upto, start, ids',
  derived: 'part, upto, start, ids',
  inboxes: 'part, sent, taken',
  messages: 'part, number, data',
  states: 'id, key, value',
  products: 'key, time, name, category, brand, price',
  product_times: 'number, times',
  keys: 'slot, id, key',
  cells: 'id, data',
  changes: 'number, deltas',
  settings: 'name, json',
} as const;

/**
 * Copies what is counted in another file into this one, in a transaction of this one alone: whatever happens, it has the one or
 * the other. Renaming the file instead would leave who has it open with the old one, and lose what is published.
 * @returns false, having changed nothing, where the other is behind and `force` is not given
 */
export function replaceCounts(connection: Connection, path: string, force = false): boolean {
  connection.prepare('ATTACH ? AS rebuilt').run(path);
  try {
    const behind = prepareValue<number>(
      connection,
      `SELECT count(*) AS value FROM main.positions AS old LEFT JOIN rebuilt.positions AS new USING (part)
       WHERE coalesce(new.position, 0) < old.position`,
    );
    return inTransaction(connection, () => {
      if (!force && behind() !== 0) return false;
      for (const [table, columns] of Object.entries(COUNTED)) {
        connection.exec(`DELETE FROM main.${table}`);
        connection.exec(`INSERT INTO main.${table} (${columns}) SELECT ${columns} FROM rebuilt.${table}`);
      }
      connection.prepare("INSERT INTO main.settings (name, json) VALUES ('generation', ?)").run(randomUUID());
      return true;
    });
  } finally {
    connection.exec('DETACH rebuilt');
  }
}
