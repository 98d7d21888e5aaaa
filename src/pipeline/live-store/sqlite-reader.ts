import { timeZone } from '../events/time-zone.ts';
import { decodeTable } from '../sqlite/counter-table.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';
import { answer, named } from './answer.ts';
import { type CellLayout } from './cells.ts';
import { type LiveQuery, type LiveSnapshot, type Position } from './live-store.ts';
import { type StoredCell, slotsOf } from './stored-cells.ts';

export interface Reader {
  positions(): Position[];
  snapshot(query: LiveQuery): LiveSnapshot;
}

/** Answers from the cells and the changes that are not in them yet, as of one moment. */
export function createReader(connection: Connection, layout: () => CellLayout): Reader {
  const allPositions = connection.prepare(
    'SELECT part AS partition, position, watermark FROM positions ORDER BY part',
  );
  const pending = createChangeReader(connection);
  const cellsIn = connection.prepare('SELECT id, data FROM cells WHERE id >= ? AND id < ? ORDER BY id');
  const getKey = prepareValue<string>(connection, 'SELECT key AS value FROM keys WHERE id = ?');
  const cells = (from: number, to: number) =>
    (cellsIn.all(from, to) as { id: number; data: Buffer }[]).map(({ id, data }) => ({
      id,
      table: decodeTable(data),
    }));

  function snapshotNow(query: LiveQuery): LiveSnapshot {
    const cut = layout();
    const [slots, zone] = [slotsOf(cut), timeZone(cut.timeZone)];
    const found = answer(query, { cells, changes: pending(), slots, zone });
    return {
      positions: allPositions.all() as Position[],
      tallies: named(found, (id) => getKey(id)!),
      series: found.series,
    };
  }
  return {
    positions: () => allPositions.all() as Position[],
    snapshot: (query) => inTransaction(connection, () => snapshotNow(query), 'DEFERRED'),
  };
}

/** Reads the changes that are not in the cells yet. A change never changes, so each is parsed once. */
function createChangeReader(connection: Connection): () => StoredCell[] {
  const allIds = connection.prepare('SELECT id FROM changes ORDER BY id');
  const cellsOf = prepareValue<string>(connection, 'SELECT cells AS value FROM changes WHERE id = ?');
  let parsed = new Map<number, StoredCell[]>();

  return () => {
    const ids = (allIds.all() as { id: number }[]).map(({ id }) => id);
    parsed = new Map(ids.map((id) => [id, parsed.get(id) ?? (JSON.parse(cellsOf(id)!) as StoredCell[])]));
    return [...parsed.values()].flat();
  };
}
