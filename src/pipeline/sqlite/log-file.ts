import { type LogBatch, LogRecords, type PartitionBounds } from '../event-log/event-log.ts';
import { guardFile, type Migrations, openDatabase, type SqliteOptions } from './database.ts';
import { type Connection, type Statement } from './driver.ts';

const MIGRATIONS: Migrations = [
  `CREATE TABLE settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE batches (
     id INTEGER PRIMARY KEY, -- partition and base offset in one, see batchId
     count INTEGER NOT NULL,
     appended_at INTEGER NOT NULL,
     data BLOB NOT NULL      -- one record a line, in UTF-8
   );
   CREATE TABLE sources (
     source TEXT PRIMARY KEY, row_count INTEGER NOT NULL, bytes INTEGER NOT NULL, digest TEXT NOT NULL, done INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  // What was appended before is TEXT and stays; from here on it is BLOB, which earlier versions cannot read.
  'SELECT 1;',
];

/**
 * A shop that appends a few events at a time rewrites a page of every partition for each: with pages of 64 KiB it writes three
 * times as much as with these, which save nearly as much where many come at once.
 */
const PAGE_KIB = 16;

/** Opens the log's file, whoever reads or writes it. */
export function openLogFile(options: SqliteOptions): Connection {
  return openDatabase({ pageKib: PAGE_KIB, ...options }, MIGRATIONS);
}

/** Offsets a partition can have: 2^44, so that 256 partitions fit into a double. */
const PARTITION_SPAN = 2 ** 44;

/** Row id of the batch of a partition that begins at an offset: a partition's batches lie together and in order. */
export function batchId(partition: number, base: number): number {
  return partition * PARTITION_SPAN + base;
}

/** A read ends once it has so many bytes: records may be large, and memory is not. */
const READ_BYTES = 4 * 1024 * 1024;

interface BatchRow {
  readonly id: number;
  readonly count: number;
  readonly appended_at: number;
  readonly data: string | Uint8Array | ArrayBuffer;
}

/** Rows of earlier versions hold a text; libsql may give the memory of a blob alone. */
function bytesOf(data: BatchRow['data']): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

/** Reads the tables above; the statements are prepared once. Whoever reads, it is the log's file that errors name. */
export interface LogReader {
  /**
   * Up to `limit` records from offset `from`, fewer where they are large; none only at the end. A `from` below what is
   * retained starts at the first retained record.
   * @param bytes it ends with the row that makes it so many, or with more @default 4 MiB
   */
  read(partition: number, from: number, limit: number, bytes?: number): LogBatch;
  bounds(partition: number): PartitionBounds;
  /** Number of partitions; `undefined` where the log is not set up yet. */
  partitions(): number | undefined;
}

export function createLogReader(connection: Connection, path: string): LogReader {
  const guarded = guardFile(path);
  const first = connection.prepare('SELECT id FROM batches WHERE id >= ? AND id < ? ORDER BY id LIMIT 1');
  const last = connection.prepare(
    'SELECT id, count FROM batches WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1',
  );
  const containing = connection.prepare(
    'SELECT id, count FROM batches WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1',
  );
  const following: Statement = connection.prepare(
    'SELECT * FROM batches WHERE id >= ? AND id < ? ORDER BY id',
  );
  /** What the next read has room for at once: memory that grows leaves twice as much behind. */
  let lastRead = { records: 0, bytes: 0 };
  const setting = connection.prepare("SELECT value FROM settings WHERE name = 'partitions'");

  function read(partition: number, from: number, limit: number, bytes = READ_BYTES): LogBatch {
    const origin = batchId(partition, 0);
    const holder = containing.get(origin, origin + from) as Pick<BatchRow, 'id' | 'count'> | undefined;
    const start =
      holder !== undefined && holder.id + holder.count > origin + from ? holder.id : origin + from;
    const records = new LogRecords(lastRead.records, lastRead.bytes);
    for (const row of following.iterate(start, origin + PARTITION_SPAN) as IterableIterator<BatchRow>) {
      const base = row.id - origin;
      const room = limit - records.length;
      const lines = records.addLines(
        base,
        bytesOf(row.data),
        Math.max(0, from - base),
        room,
        row.appended_at,
      );
      if (lines !== row.count) throw new Error(`malformed: a row of ${row.count} records has ${lines}`);
      if (records.length >= limit || records.size >= bytes) break;
    }
    lastRead = { records: records.length, bytes: records.size };
    return { partition, records, next: records.length === 0 ? from : records.offset(records.length - 1) + 1 };
  }
  function bounds(partition: number): PartitionBounds {
    const origin = batchId(partition, 0);
    const end = last.get(origin, origin + PARTITION_SPAN) as Pick<BatchRow, 'id' | 'count'> | undefined;
    if (end === undefined) return { begin: 0, end: 0 };
    const begin = first.get(origin, origin + PARTITION_SPAN) as Pick<BatchRow, 'id'>;
    return { begin: begin.id - origin, end: end.id + end.count - origin };
  }
  function partitions(): number | undefined {
    return (setting.get() as { value: number } | undefined)?.value;
  }
  return {
    // biome-ignore lint/plugin: the parameters of read
    read: (...place) => guarded(() => read(...place)),
    bounds: (partition) => guarded(() => bounds(partition)),
    partitions: () => guarded(partitions),
  };
}
