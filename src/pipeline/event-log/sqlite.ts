import { setTimeout as sleep } from 'node:timers/promises';
import { guardFile, inTransaction, type SqliteOptions } from '../sqlite/database.ts';
import { batchId, createLogReader, type LogReader, openLogFile } from '../sqlite/log-file.ts';
import {
  type ConsumeOptions,
  type EventLog,
  isSamePlace,
  type LogBatch,
  type LogConsumer,
  type Placed,
  POLL_BYTES,
  type SourceProgress,
  sourceTakenOver,
} from './event-log.ts';
import { type HandedRecords } from './handed-records.ts';
import { NewLines, type PartitionLines } from './new-lines.ts';

export interface SqliteEventLogOptions extends SqliteOptions {
  /** Number of partitions of a log that is created now; an existing one keeps its own. */
  readonly partitions: number;
  /** What whoever appends hands over, so that it need not be read and scanned again. */
  readonly handed?: HandedRecords | undefined;
}

/** Most records, and most bytes, in one row: a reader never takes apart much more than it asked for. */
const ROW_RECORDS = 5000;
const ROW_BYTES = 1024 * 1024;

const ENOUGH = 5000;

/** Rows that are deleted in one transaction: appenders wait for it. */
const DROPPED = 200;

/** The embedded event log: record batches as rows of one table. */
export function createSqliteEventLog(options: SqliteEventLogOptions): EventLog {
  const connection = openLogFile(options);
  const guarded = guardFile(options.path);
  const reader = createLogReader(connection, options.path);
  const insert = connection.prepare('INSERT INTO batches (id, count, appended_at, data) VALUES (?, ?, ?, ?)');
  const putSource = connection.prepare(
    `INSERT INTO sources (source, row_count, bytes, digest, done) VALUES (?, ?, ?, ?, ?) ON CONFLICT (source) DO UPDATE SET
     row_count = excluded.row_count, bytes = excluded.bytes, digest = excluded.digest, done = excluded.done`,
  );
  const getSource = connection.prepare(
    'SELECT row_count AS rows, bytes, digest, done FROM sources WHERE source = ?',
  );
  const dropBatches = connection.prepare(
    `DELETE FROM batches WHERE id IN (
       SELECT id FROM batches WHERE id >= ? AND id < ? AND id + count <= ? AND appended_at < ? ORDER BY id LIMIT ?
     )`,
  );
  const partitions = guarded(() => establishPartitions());

  function establishPartitions(): number {
    const known = reader.partitions();
    if (known !== undefined) return known;
    connection
      .prepare("INSERT OR IGNORE INTO settings (name, value) VALUES ('partitions', ?)")
      .run(options.partitions);
    return reader.partitions()!;
  }
  function readSource(source: string): SourceProgress | undefined {
    type Row = Pick<SourceProgress, 'rows' | 'bytes' | 'digest'> & { readonly done: number };
    const row = getSource.get(source) as Row | undefined;
    if (row === undefined) return undefined;
    return { source, rows: row.rows, bytes: row.bytes, digest: row.digest, done: row.done === 1 };
  }
  function insertRecords(added: NewLines): Placed {
    const appendedAt = Date.now();
    const bases = added.partitions.map((lines, partition) => {
      const { end } = reader.bounds(partition);
      insertLines(lines, partition, end, appendedAt);
      return end;
    });
    return { bases, appendedAt };
  }
  function insertLines(lines: PartitionLines, partition: number, base: number, now: number): void {
    for (let from = 0; from < lines.count; ) {
      const to = lines.endOfPiece(from, ROW_RECORDS, ROW_BYTES);
      insert.run(batchId(partition, base + from), to - from, now, lines.piece(from, to));
      from = to;
    }
  }

  return {
    partitions,
    enough: ENOUGH,
    async append(records, progress, before) {
      const lines = records instanceof NewLines ? records : NewLines.of(records, partitions);
      return guarded(() =>
        inTransaction(connection, () => {
          if (progress !== undefined && !isSamePlace(readSource(progress.source), before))
            throw sourceTakenOver();
          const placed = insertRecords(lines);
          if (progress === undefined) return placed;
          const { source, rows, bytes, digest, done } = progress;
          putSource.run(source, rows, bytes, digest, done ? 1 : 0);
          return placed;
        }),
      );
    },
    async progress(source) {
      return guarded(() => readSource(source));
    },
    async expire(before, below) {
      guarded(() => {
        for (const [partition, offset] of below) {
          // The last batch tells where the partition ends.
          const { end } = reader.bounds(partition);
          const limit = batchId(partition, Math.min(offset, end - 1));
          while (dropBatches.run(batchId(partition, 0), limit, limit, before, DROPPED).changes === DROPPED);
        }
      });
    },
    consume: (consuming) => createConsumer(reader, partitions, guarded, consuming, options.handed),
    async bounds() {
      return guarded(() => Array.from({ length: partitions }, (_, partition) => reader.bounds(partition)));
    },
    async close() {
      connection.close();
    },
  };
}

function createConsumer(
  reader: LogReader,
  partitions: number,
  guarded: <T>(work: () => T) => T,
  { member = { index: 0, count: 1 }, start }: ConsumeOptions,
  handed: HandedRecords | undefined,
): LogConsumer {
  const owned = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (partition) => partition % member.count === member.index,
  );
  const positions = new Map<number, number>();

  function read(limit: number): LogBatch[] {
    const batches: LogBatch[] = [];
    let room = limit;
    let bytes = 0;
    // The partition that lags in position is read first, so that a full batch starves none.
    for (const [partition, position] of [...positions].sort(([, a], [, b]) => a - b)) {
      if (room <= 0 || bytes >= POLL_BYTES) break;
      const batch =
        handed?.take(partition, position, room) ??
        reader.read(partition, position, handed?.roomBefore(partition, position, room) ?? room);
      if (batch.records.length === 0) continue;
      room -= batch.records.length;
      bytes += batch.records.size;
      positions.set(partition, batch.next);
      batches.push(batch);
    }
    return batches;
  }

  return {
    async poll(limit, waitMs) {
      if (positions.size === 0)
        for (const [partition, offset] of await start(owned)) positions.set(partition, offset);
      const batches = guarded(() => read(limit));
      if (batches.length > 0 || waitMs <= 0) return batches;
      await sleep(waitMs);
      return guarded(() => read(limit));
    },
    owned: () => (positions.size === 0 ? [] : owned),
    seek(partition, offset) {
      positions.set(partition, offset);
    },
    // Lag is read from the live store's positions here; a write transaction would only slow the appenders.
    async commit() {},
    async close() {},
  };
}
