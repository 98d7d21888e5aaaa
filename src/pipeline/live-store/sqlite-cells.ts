import { asBuffer } from '../events/bytes.ts';
import { type TimeZone } from '../events/time-zone.ts';
import { type BucketDeltas } from '../metrics/bucket-deltas.ts';
import { type DeltaTable } from '../metrics/delta-table.ts';
import { PageReader } from '../metrics/page-reader.ts';
import { mergePage, PageWriter } from '../metrics/page-writer.ts';
import {
  createRollUp,
  decodeDeltas,
  encodeDeltas,
  expiredIds,
  type StoredDelta,
  sumDeltas,
  WIDE_PAGE_KEYS,
} from '../metrics/stored-cells.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Blob, blobBytes, type Connection, type Statement } from '../sqlite/driver.ts';

/** Whenever the events have gone on by so much, ms, cells that are out of retention are deleted. */
const PRUNE_MS = 3_600_000;

/**
 * A change that adds to more pages of an hour, a day and everything than this, of many products each, is gathered with others,
 * until there are so many, or so many bytes, which whoever reads reads too: then they are added to the cells at once.
 */
const WIDE_PAGES = 64;
const GATHERED_CHANGES = 32;
const GATHERED_BYTES = 1024 * 1024;

export interface Adder {
  add(deltas: BucketDeltas): void;
  /** Adds what was gathered, if this one has gathered anything: who reads is quicker then. */
  finish(): void;
}

/** Adds deltas to the cells of every width, and deletes what is out of retention. */
export function createAdder(connection: Connection, zone: TimeZone): Adder {
  const getPage = prepareValue<Blob>(connection, 'SELECT data AS value FROM cells WHERE id = ?');
  const putPage = connection.prepare(
    'INSERT INTO cells (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data',
  );
  const dropPages = connection.prepare('DELETE FROM cells WHERE id >= ? AND id < ?');
  const newest = prepareValue<number>(connection, 'SELECT max(watermark) AS value FROM positions');
  const putChange = connection.prepare('INSERT INTO changes (deltas) VALUES (?)');
  const changes = prepareValue<number>(connection, 'SELECT count(*) AS value FROM changes');
  const bytes = prepareValue<number>(connection, 'SELECT sum(length(deltas)) AS value FROM changes');
  const allChanges = prepareGathered(connection);
  const dropChanges = connection.prepare('DELETE FROM changes');
  const rollUp = createRollUp(zone);
  const empty = new Uint8Array();
  /** Newest event time when it was last looked for what is out of retention. */
  let prunedAt = Number.NEGATIVE_INFINITY;
  let gathered = false;

  const reader = new PageReader();
  let writer = new PageWriter();
  function addToPage(id: number, table: DeltaTable, from: number, to: number): void {
    putPage.run(id, mergePage(writer, reader.open(blobBytes(getPage(id) ?? empty)), table, from, to));
  }
  /** A clock that was ahead is to take nothing away from the others. */
  function clock(): number {
    return Math.min(newest() ?? 0, Date.now());
  }
  function addToCells(deltas: BucketDeltas): void {
    // Of this change alone: where a page is damaged, half of another one stays in it.
    writer = new PageWriter();
    rollUp(deltas, clock(), addToPage);
  }
  function addGathered(): void {
    gathered = false;
    if ((changes() ?? 0) === 0) return;
    addToCells(sumDeltas(gatheredIn(allChanges)));
    dropChanges.run();
  }
  function prune(): void {
    const now = clock();
    if (now - prunedAt < PRUNE_MS) return;
    for (const range of expiredIds(now)) dropPages.run(range);
    prunedAt = now;
  }

  return {
    add(deltas) {
      const isWide = deltas.tables.some((table) => (table?.pages(WIDE_PAGE_KEYS) ?? 0) > WIDE_PAGES);
      if (isWide) {
        // In a list: libsql takes a buffer alone for named parameters.
        putChange.run([encodeDeltas(deltas)]);
        gathered = true;
        if (changes()! >= GATHERED_CHANGES || bytes()! >= GATHERED_BYTES) addGathered();
      } else {
        addGathered();
        addToCells(deltas);
      }
      prune();
    },
    finish() {
      if (gathered) inTransaction(connection, addGathered);
    },
  };
}

export function prepareGathered(connection: Connection): Statement {
  return connection.prepare('SELECT deltas FROM changes');
}

/** @throws RangeError where one is none */
export function gatheredIn(allChanges: Statement): StoredDelta[] {
  const rows = allChanges.all() as { deltas: Blob }[];
  return rows.flatMap(({ deltas }) => decodeDeltas(asBuffer(blobBytes(deltas))));
}
