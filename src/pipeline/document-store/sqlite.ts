import { existsSync } from 'node:fs';
import { LogRecords } from '../event-log/event-log.ts';
import { CLOCK_AHEAD } from '../events/decode.ts';
import {
  guardFile,
  inTransaction,
  type Migrations,
  openDatabase,
  prepareValue,
  type SqliteOptions,
} from '../sqlite/database.ts';
import { createLogReader, type LogReader, openLogFile } from '../sqlite/log-file.ts';
import {
  type DeadLetter,
  type DocumentBatch,
  type DocumentStore,
  type LetterBound,
  type ModelDocument,
  type StoredRecords,
} from './document-store.ts';
import { eventsOf } from './events-of.ts';
import { boundLetters, LETTER_BOUND_MIGRATION, LETTER_INDEX_MIGRATION } from './sqlite-letter-bound.ts';
import { createSqliteRecords, RECORDS_MIGRATION } from './sqlite-records.ts';

export interface SqliteDocumentStoreOptions extends SqliteOptions {
  /** The embedded event log, which already holds every event: none is written twice. Absent where the log is on servers. */
  readonly logPath: string | undefined;
  readonly letterBound: LetterBound;
}

const MIGRATIONS: Migrations = [
  `CREATE TABLE appended (part INTEGER PRIMARY KEY, next INTEGER NOT NULL);
   CREATE TABLE duplicates (part INTEGER, pos INTEGER, PRIMARY KEY (part, pos)) WITHOUT ROWID;
   CREATE TABLE dead_letters (
     part INTEGER NOT NULL, pos INTEGER NOT NULL, time INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
     source TEXT NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (part, pos)
   );
   CREATE INDEX dead_letters_by_reason ON dead_letters (reason, time);
   CREATE INDEX dead_letters_by_time ON dead_letters (time);
   CREATE TABLE models (name TEXT PRIMARY KEY, time INTEGER NOT NULL, json TEXT NOT NULL);`,
  // Only used beside a log on servers.
  `CREATE TABLE events (
     part INTEGER NOT NULL, pos INTEGER NOT NULL, idx INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (part, pos, idx)
   ) WITHOUT ROWID;`,
  'ALTER TABLE dead_letters ADD COLUMN resent INTEGER;',
  LETTER_BOUND_MIGRATION,
  LETTER_INDEX_MIGRATION,
  RECORDS_MIGRATION,
];

/** A read ends with the row of the log that makes it so many bytes: one that it took a part of would be read twice. */
const READ_BYTES = 512 * 1024;

const LETTER = 'part AS partition, pos AS offset, idx, time, reason, detail, source, bytes, cleared';

type LetterRow = Omit<DeadLetter, 'index' | 'cleared' | 'bytes'> & {
  readonly idx: number;
  /** libsql may give the memory alone. */
  readonly bytes: Uint8Array | ArrayBuffer;
  readonly cleared: number | null;
};

/** The columns alone: a driver may add what it likes to a row. */
function toLetter({
  partition,
  offset,
  idx: index,
  time,
  reason,
  detail,
  source,
  bytes,
  cleared,
}: LetterRow): DeadLetter {
  const place = index === 0 ? { partition, offset } : { partition, offset, index };
  const letter = { ...place, time, reason, detail, source, bytes: new Uint8Array(bytes) };
  return cleared === null ? letter : { ...letter, cleared: true };
}

/**
 * The embedded document store. Beside the embedded log, events are read from that; duplicates, dead letters and models have
 * tables of their own.
 */
export function createSqliteDocumentStore(options: SqliteDocumentStoreOptions): DocumentStore {
  const connection = openDatabase(options, MIGRATIONS);
  const guarded = guardFile(options.path);
  const getNext = prepareValue<number>(connection, 'SELECT next AS value FROM appended WHERE part = ?');
  const putNext = connection.prepare(
    'INSERT INTO appended (part, next) VALUES (?, ?) ON CONFLICT (part) DO UPDATE SET next = max(next, excluded.next)',
  );
  const putDuplicate = connection.prepare('INSERT OR IGNORE INTO duplicates (part, pos) VALUES (?, ?)');
  const dropDuplicates = connection.prepare('DELETE FROM duplicates WHERE part = ? AND pos >= ? AND pos < ?');
  const dropLetter = connection.prepare('DELETE FROM dead_letters WHERE part = ? AND pos = ? AND idx = ?');
  const duplicatesIn = connection.prepare(
    'SELECT pos FROM duplicates WHERE part = ? AND pos >= ? AND pos < ?',
  );
  const lettersIn = connection.prepare(
    'SELECT pos, idx FROM dead_letters WHERE part = ? AND pos >= ? AND pos < ?',
  );
  const putLetter = connection.prepare(
    `INSERT OR IGNORE INTO dead_letters (part, pos, idx, time, reason, detail, source, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const records = createSqliteRecords(connection);
  const clearLetters = boundLetters(connection, options.letterBound);
  let log: { reader: LogReader; close(): void } | undefined;

  function openLog(): LogReader | undefined {
    const { logPath } = options;
    if (log === undefined && logPath !== undefined && existsSync(logPath)) {
      const file = openLogFile({ ...options, path: logPath });
      log = { reader: createLogReader(file, logPath), close: () => file.close() };
    }
    return log?.reader;
  }
  function appendBatch(batch: DocumentBatch): void {
    const { partition, from, to, duplicates, deadLetters } = batch;
    putNext.run(partition, to);
    // A batch that is counted again may find that the time of an arrival has come, or that a record cannot be counted.
    if (options.logPath === undefined) records.append(batch);
    else {
      dropDuplicates.run(partition, from, to);
      for (const { offset } of duplicates) putDuplicate.run(partition, offset);
      // Read by itself, such a record is an event.
      for (const { offset, reason } of deadLetters)
        if (reason === CLOCK_AHEAD) putDuplicate.run(partition, offset);
    }
    const former = lettersIn.all(partition, from, to) as { pos: number; idx: number }[];
    if (former.length > 0) {
      const still = new Set(deadLetters.map(({ offset, index = 0 }) => `${offset}:${index}`));
      for (const { pos, idx } of former) if (!still.has(`${pos}:${idx}`)) dropLetter.run(partition, pos, idx);
    }
    for (const letter of deadLetters) {
      const { offset, index = 0, time, reason, detail, source, bytes } = letter;
      putLetter.run(partition, offset, index, time, reason, detail, source, Buffer.from(bytes));
    }
  }
  function readLog(partition: number, from: number, limit: number): StoredRecords {
    const end = getNext(partition) ?? 0;
    const reader = openLog();
    if (from >= end || reader === undefined)
      return { records: new LogRecords(), skipped: new Set(), next: from };
    const { records, next: after } = reader.read(partition, from, Math.min(limit, end - from), READ_BYTES);
    const next = Math.min(after, end);
    const skipped = new Set<number>();
    // Where the log begins later than this, as many records of it reach further: they are yet to be counted.
    for (let i = records.firstFrom(end); i < records.length; i += 1) skipped.add(i);
    // A dead letter may be an event that could not be counted.
    for (const query of [duplicatesIn, lettersIn]) {
      for (const { pos } of query.all(partition, from, next) as { pos: number }[]) {
        const record = records.firstFrom(pos);
        if (record < records.length && records.offset(record) === pos) skipped.add(record);
      }
    }
    return { records, skipped, next };
  }
  function read(partition: number, from: number, limit: number): StoredRecords {
    if (options.logPath !== undefined) return readLog(partition, from, limit);
    return records.read(partition, from, getNext(partition) ?? 0, limit);
  }

  return {
    async append(batches) {
      guarded(() =>
        inTransaction(connection, () => {
          batches.forEach(appendBatch);
          clearLetters();
        }),
      );
    },
    async appended(partition) {
      return guarded(() => getNext(partition) ?? 0);
    },
    async readEvents(partition, from, limit) {
      return guarded(() => eventsOf(partition, read(partition, from, limit)));
    },
    async readRecords(partition, from, limit) {
      return guarded(() => read(partition, from, limit));
    },
    async deadLetters({ reason, limit }) {
      const where = `WHERE resent IS NULL${reason === undefined ? '' : ' AND reason = :reason'}`;
      const sql = `SELECT ${LETTER} FROM dead_letters ${where} ORDER BY time DESC, part DESC, pos DESC, idx DESC LIMIT :limit`;
      const rows = guarded(() =>
        connection.prepare(sql).all(reason === undefined ? { limit } : { reason, limit }),
      );
      return (rows as LetterRow[]).map(toLetter);
    },
    async deadLetter({ partition, offset, index = 0 }) {
      const sql = `SELECT ${LETTER} FROM dead_letters WHERE part = ? AND pos = ? AND idx = ?`;
      const found = guarded(() => connection.prepare(sql).get(partition, offset, index));
      const letter = found as LetterRow | undefined;
      return letter && toLetter(letter);
    },
    async deadLettersAfter(after, limit, reason) {
      const { partition = -1, offset = -1, index = 0 } = after ?? {};
      const sql = `SELECT ${LETTER} FROM dead_letters WHERE (part, pos, idx) > (?, ?, ?) AND resent IS NULL AND (? IS NULL OR reason = ?)
        ORDER BY part, pos, idx LIMIT ?`;
      const only = reason ?? null;
      const rows = guarded(() => connection.prepare(sql).all(partition, offset, index, only, only, limit));
      return (rows as LetterRow[]).map(toLetter);
    },
    async markResent(places, time) {
      const mark = connection.prepare(
        'UPDATE dead_letters SET resent = ? WHERE part = ? AND pos = ? AND idx = ?',
      );
      guarded(() =>
        inTransaction(connection, () => {
          for (const { partition, offset, index = 0 } of places) mark.run(time, partition, offset, index);
        }),
      );
    },
    async deadLetterReasons() {
      const sql =
        'SELECT reason, count(*) AS count FROM dead_letters WHERE resent IS NULL GROUP BY reason ORDER BY count DESC, reason';
      return guarded(() => connection.prepare(sql).all()) as { reason: string; count: number }[];
    },
    async clearedDeadLetters() {
      const sql = 'SELECT count(*) AS count FROM dead_letters WHERE cleared = 1 AND resent IS NULL';
      return (guarded(() => connection.prepare(sql).get()) as { count: number }).count;
    },
    async saveModel({ name, time, json }) {
      const sql = `INSERT INTO models (name, time, json) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET
        time = excluded.time, json = excluded.json`;
      guarded(() => connection.prepare(sql).run(name, time, json));
    },
    async loadModel(name) {
      const sql = 'SELECT name, time, json FROM models WHERE name = ?';
      const model = guarded(() => connection.prepare(sql).get(name)) as ModelDocument | undefined;
      return model && { name, time: model.time, json: model.json };
    },
    async deleteModel(name) {
      guarded(() => connection.prepare('DELETE FROM models WHERE name = ?').run(name));
    },
    async close() {
      log?.close();
      connection.close();
    },
  };
}
