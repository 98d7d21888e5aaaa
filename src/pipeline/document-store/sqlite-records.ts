import { LogRecords } from '../event-log/event-log.ts';
import { type Connection } from '../sqlite/driver.ts';
import { type DocumentBatch, type StoredRecords } from './document-store.ts';
import {
  addDecoded,
  blocksOf,
  cutBlock,
  decodeBlock,
  type RecordBlock,
  takeRecords,
} from './record-block.ts';

/** Beside a log on servers. What older versions stored as rows of `events` stays there until it is counted again. */
export const RECORDS_MIGRATION = `CREATE TABLE blocks (
    part INTEGER NOT NULL, pos INTEGER NOT NULL, next INTEGER NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (part, pos)
  );`;

interface BlockRow {
  readonly pos: number;
  readonly next: number;
  readonly count: number;
  /** libsql may give the memory alone. */
  readonly data: Uint8Array | ArrayBuffer;
}

export interface SqliteRecords {
  /** Inside of a transaction. */
  append(batch: DocumentBatch): void;
  /** @param end how far the partition was appended */
  read(partition: number, from: number, end: number, limit: number): StoredRecords;
}

/** The events of each partition as blocks, none of which overlap. */
export function createSqliteRecords(connection: Connection): SqliteRecords {
  const overlapping = connection.prepare(
    'SELECT pos, next, count, data FROM blocks WHERE part = ? AND pos < ? AND next > ? ORDER BY pos',
  );
  const drop = connection.prepare('DELETE FROM blocks WHERE part = ? AND pos = ?');
  const put = connection.prepare('INSERT INTO blocks (part, pos, next, count, data) VALUES (?, ?, ?, ?, ?)');
  const nextBlock = connection.prepare(
    'SELECT pos, next, count, data FROM blocks WHERE part = ? AND pos >= ? ORDER BY pos LIMIT 1',
  );
  const blockBefore = connection.prepare(
    'SELECT pos, next, count, data FROM blocks WHERE part = ? AND pos < ? ORDER BY pos DESC LIMIT 1',
  );
  const dropEvents = connection.prepare('DELETE FROM events WHERE part = ? AND pos >= ? AND pos < ?');
  const eventsIn = connection.prepare(
    'SELECT pos, idx, json FROM events WHERE part = ? AND pos >= ? AND pos < ? ORDER BY pos, idx LIMIT ?',
  );

  function putBlock(partition: number, { from, to, count, bytes }: RecordBlock): void {
    if (count > 0) put.run(partition, from, to, count, bytes);
  }
  function append(batch: DocumentBatch): void {
    const { partition, from, to } = batch;
    for (const row of overlapping.all(partition, to, from) as BlockRow[]) {
      const block = toBlock(row);
      drop.run(partition, block.from);
      if (block.from < from) putBlock(partition, cutBlock(block, block.from, from));
      if (block.to > to) putBlock(partition, cutBlock(block, to, block.to));
    }
    dropEvents.run(partition, from, to);
    for (const block of blocksOf(batch)) putBlock(partition, block);
  }
  function blockFrom(partition: number, from: number): RecordBlock | undefined {
    const before = blockBefore.get(partition, from) as BlockRow | undefined;
    if (before !== undefined && before.next > from) return toBlock(before);
    const row = nextBlock.get(partition, from) as BlockRow | undefined;
    return row && toBlock(row);
  }
  /** What older versions stored of a stretch. @returns where to go on */
  function addEvents(into: LogRecords, partition: number, from: number, to: number, limit: number): number {
    type Row = { pos: number; idx: number; json: string };
    const room = limit - into.length;
    let rows = eventsIn.all(partition, from, to, room) as Row[];
    const next = rows.length < room ? to : rows.at(-1)!.pos + 1;
    // Of a record with several events, all are given, though they be one or two more than the limit.
    if (rows.length === room) rows = eventsIn.all(partition, from, next, -1) as Row[];
    for (const { pos, idx, json } of rows) addDecoded(into, pos, idx, json);
    return next;
  }
  function read(partition: number, from: number, end: number, limit: number): StoredRecords {
    const records = new LogRecords();
    let next = from;
    while (next < end && records.length < limit) {
      const block = blockFrom(partition, next);
      const start = Math.max(next, block?.from ?? end);
      if (start > next) next = addEvents(records, partition, next, start, limit);
      if (block === undefined || next < start || records.length >= limit) continue;
      const held = decodeBlock(block.bytes);
      const left = takeRecords(records, held, held.firstFrom(next), limit);
      next = left < held.length ? held.offset(left) : block.to;
    }
    return { records, skipped: NONE, next };
  }
  return { append, read };
}

const NONE: ReadonlySet<number> = new Set();

function toBlock({ pos, next, count, data }: BlockRow): RecordBlock {
  return { from: pos, to: next, count, bytes: Buffer.from(data as ArrayBuffer) };
}
