import { type Migrations } from '../sqlite/database.ts';

/** Tables of the embedded live store's file. */
export const MIGRATIONS: Migrations = [
  `CREATE TABLE positions (part INTEGER PRIMARY KEY, position INTEGER NOT NULL, watermark INTEGER NOT NULL);
   -- Found by key, but stored in order of appearance: shoppers who are active together share pages.
   CREATE TABLE states (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT NOT NULL);
   CREATE TABLE products (
     key TEXT PRIMARY KEY, time INTEGER NOT NULL, name TEXT, category TEXT, brand TEXT, price INTEGER
   ) WITHOUT ROWID;
   CREATE TABLE keys (id INTEGER PRIMARY KEY, dimension INTEGER NOT NULL, key TEXT NOT NULL, UNIQUE (dimension, key));
   CREATE TABLE cells (id INTEGER PRIMARY KEY, data BLOB NOT NULL); -- see pageId and page-reader.ts
   -- Never the same id twice: a reader remembers what is behind one.
   CREATE TABLE changes (id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL, cells TEXT NOT NULL); -- not yet in cells
   CREATE TABLE published (kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;`,
  'CREATE TABLE reports (id TEXT PRIMARY KEY, time INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;',
  // Cells and states are cut in another way: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM states; DELETE FROM keys; DELETE FROM cells; DELETE FROM changes;
   CREATE TABLE settings (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;`,
  'CREATE TABLE seen (part INTEGER, upto INTEGER, start INTEGER NOT NULL, ids TEXT NOT NULL, PRIMARY KEY (part, upto));',
  // Ids are bytes: those that were text are read again from the log.
  `DROP TABLE seen;
   CREATE TABLE seen (part INTEGER, upto INTEGER, start INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (part, upto));`,
  // States are bytes: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM seen; DELETE FROM keys; DELETE FROM cells; DELETE FROM changes;
   DELETE FROM settings WHERE name = 'layout';
   DROP TABLE states;
   CREATE TABLE states (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL);`,
  // Cells are pages of bytes, and keys have numbers by slot: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM states; DELETE FROM seen; DELETE FROM cells; DELETE FROM settings WHERE name = 'layout';
   DROP TABLE changes; DROP TABLE keys;
   CREATE TABLE keys (slot INTEGER, id INTEGER, key TEXT NOT NULL, PRIMARY KEY (slot, id), UNIQUE (slot, key)) WITHOUT ROWID;`,
  // Pages go column after column: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM states; DELETE FROM seen; DELETE FROM cells; DELETE FROM keys;
   DELETE FROM settings WHERE name = 'layout';`,
  'CREATE TABLE IF NOT EXISTS derived (part INTEGER, upto INTEGER, start INTEGER NOT NULL, ids BLOB NOT NULL, PRIMARY KEY (part, upto));',
  // Orders remember what they are made of: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM states; DELETE FROM seen; DELETE FROM derived; DELETE FROM cells; DELETE FROM keys;
   DELETE FROM settings WHERE name = 'layout';`,
  // States know what can be taken back where a shopper turns out to be another one: everything is counted again from the log.
  `DELETE FROM positions; DELETE FROM states; DELETE FROM seen; DELETE FROM derived; DELETE FROM cells; DELETE FROM keys;
   DELETE FROM settings WHERE name = 'layout';
   DROP TABLE IF EXISTS inboxes; DROP TABLE IF EXISTS messages;
   CREATE TABLE inboxes (part INTEGER PRIMARY KEY, sent INTEGER NOT NULL, taken INTEGER NOT NULL);
   CREATE TABLE messages (part INTEGER, number INTEGER, data BLOB NOT NULL, PRIMARY KEY (part, number)) WITHOUT ROWID;`,
  // See sqlite-products.ts; the numbers are those of keys, so both are emptied together.
  `DROP TABLE IF EXISTS product_times;
   CREATE TABLE product_times (number INTEGER PRIMARY KEY, times BLOB NOT NULL);`,
  // A list of a kibibyte takes a page of its own in a table without row ids.
  `ALTER TABLE published RENAME TO published_before;
   CREATE TABLE published (
     id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, UNIQUE (kind, key)
   );
   INSERT INTO published (kind, key, json) SELECT kind, key, json FROM published_before;
   DROP TABLE published_before;`,
  // What is not in cells yet: see sqlite-cells.ts.
  `DROP TABLE IF EXISTS changes;
   CREATE TABLE changes (number INTEGER PRIMARY KEY, deltas BLOB NOT NULL);`,
];

/** Files of an earlier `user_version` than this are emptied of what was counted. */
export const COUNTED_SINCE =
  MIGRATIONS.findLastIndex((script) => script.includes('DELETE FROM positions')) + 1;
