import { timeZone } from '../events/time-zone.ts';
import { answer, named } from '../metrics/answer.ts';
import { type CellLayout } from '../metrics/cells.ts';
import { KeptSums } from '../metrics/kept-sums.ts';
import { type LiveQuery } from '../metrics/query.ts';
import { slotsOf } from '../metrics/stored-cells.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Blob, blobBytes, type Connection } from '../sqlite/driver.ts';
import { type LiveSnapshot, type Position } from './live-store.ts';
import { gatheredIn, prepareGathered } from './sqlite-cells.ts';

export interface Reader {
  positions(): Position[];
  snapshot(query: LiveQuery): LiveSnapshot;
}

/** Answers from the cells, and the changes that are not in them yet, as of one moment. */
export function createReader(connection: Connection, layout: () => CellLayout): Reader {
  const allPositions = connection.prepare(
    'SELECT part AS partition, position, watermark FROM positions ORDER BY part',
  );
  const pagesIn = connection.prepare(
    'SELECT id, data AS page FROM cells WHERE id >= ? AND id < ? ORDER BY id',
  );
  const allChanges = prepareGathered(connection);
  const allColumns = connection.prepare('SELECT id, key FROM keys WHERE slot = 0');
  const getKey = prepareValue<string>(connection, 'SELECT key AS value FROM keys WHERE slot = ? AND id = ?');

  const kept = new KeptSums();

  function snapshotNow(query: LiveQuery): LiveSnapshot {
    const cut = layout();
    const [slots, zone] = [slotsOf(cut), timeZone(cut.timeZone)];
    const names = allColumns.all() as { id: number; key: string }[];
    const columns = new Map(names.map(({ id, key }) => [id, key]));
    const pages = ([from, to]: readonly [number, number]) =>
      (pagesIn.all(from, to) as { id: number; page: Blob }[]).map(({ id, page }) => ({
        id,
        page: blobBytes(page),
      }));
    const deltas = gatheredIn(allChanges);
    const found = answer(query, { pages, deltas, columns, slots, zone, kept });
    return {
      positions: allPositions.all() as Position[],
      tallies: named(found, columns, (slot, id) => getKey(slot, id)!),
      series: found.series,
    };
  }
  return {
    positions: () => allPositions.all() as Position[],
    snapshot: (query) => inTransaction(connection, () => snapshotNow(query), 'DEFERRED'),
  };
}
