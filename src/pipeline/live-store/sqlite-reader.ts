import { compareCounts } from '../events/money.ts';
import {
  type CounterSums,
  type CounterTable,
  createSums,
  decodeTable,
  tableRow,
} from '../sqlite/counter-table.ts';
import { inTransaction, prepareValue } from '../sqlite/database.ts';
import { type Connection } from '../sqlite/driver.ts';
import {
  addCounters,
  type CellRange,
  type Counters,
  cellStart,
  DIMENSIONS,
  type Dimension,
  LEVELS,
} from './cells.ts';
import {
  type LiveQuery,
  type LiveSnapshot,
  type Position,
  type RankedEntry,
  type Ranking,
  type TallyQuery,
  type TallyResult,
} from './live-store.ts';
import { cellId, inflate, type Slot, SPAN, type StoredCell, TOTALS_ROW } from './sqlite-cells.ts';

export interface Reader {
  positions(): Position[];
  snapshot(query: LiveQuery): LiveSnapshot;
}

/** Answers from the cells and the changes that are not in them yet, as of one moment. */
export function createReader(connection: Connection): Reader {
  const allPositions = connection.prepare(
    'SELECT part AS partition, position, watermark FROM positions ORDER BY part',
  );
  const changes = createChangeReader(connection);
  const cellsIn = connection.prepare('SELECT id, data FROM cells WHERE id >= ? AND id < ? ORDER BY id');
  const getKey = prepareValue<string>(connection, 'SELECT key AS value FROM keys WHERE id = ?');

  function rowsOf(slot: Slot, range: CellRange | 'all'): { id: number; data: Buffer }[] {
    const [from, to] =
      range === 'all'
        ? [cellId('all', slot, 0), cellId('all', slot, 0) + 1]
        : [
            cellId(range.level, slot, range.from),
            cellId(range.level, slot, Math.min(range.to, (SPAN - 1) * LEVELS['10s'])),
          ];
    return cellsIn.all(from, to) as { id: number; data: Buffer }[];
  }
  function includes(ranges: TallyQuery['ranges'], start: number): boolean {
    return ranges === 'all' || ranges.some(({ from, to }) => start >= from && start < to);
  }
  function tablesOf(slot: Slot, ranges: TallyQuery['ranges']): CounterTable[] {
    const list = ranges === 'all' ? (['all'] as const) : ranges;
    return list.flatMap((range) => rowsOf(slot, range).map(({ data }) => decodeTable(data)));
  }
  function sumTotals(ranges: TallyQuery['ranges'], changes: readonly StoredCell[]): Counters {
    const sums: Counters = new Map();
    for (const table of tablesOf('totals', ranges)) addCounters(sums, tableRow(table, TOTALS_ROW));
    for (const [start, totals] of changes) if (includes(ranges, start)) addCounters(sums, inflate(totals));
    return sums;
  }
  function sumBreakdown(
    dimension: Dimension,
    ranges: TallyQuery['ranges'],
    changes: readonly StoredCell[],
  ): CounterSums {
    const sums = createSums();
    for (const table of tablesOf(dimension, ranges)) sums.add(table);
    for (const [start, , breakdowns] of changes) {
      if (!includes(ranges, start)) continue;
      for (const [id, counters] of breakdowns[DIMENSIONS.indexOf(dimension)]!)
        sums.addRow(id, inflate(counters));
    }
    return sums;
  }
  function rank(sums: CounterSums, { column, limit }: Ranking): RankedEntry[] {
    const rows = sums.positive(column).sort((a, b) => compareCounts(b.value, a.value));
    const last = rows[limit - 1]?.value;
    // Equal values compete by key, so all rows that equal the last one are looked up.
    const candidates = last === undefined ? rows : rows.filter(({ value }) => value >= last);
    return candidates
      .map(({ id, value }) => ({ id, value, key: getKey(id)! }))
      .sort((a, b) => compareCounts(b.value, a.value) || (a.key < b.key ? -1 : 1))
      .slice(0, limit)
      .map(({ id, key }) => ({ key, counters: sums.row(id) }));
  }
  function tally({ ranges, rankings = [] }: TallyQuery, changes: readonly StoredCell[]): TallyResult {
    const breakdowns = new Map<Dimension, CounterSums>();
    for (const { dimension } of rankings) {
      if (!breakdowns.has(dimension)) breakdowns.set(dimension, sumBreakdown(dimension, ranges, changes));
    }
    return {
      totals: sumTotals(ranges, changes),
      rankings: rankings.map((ranking) => rank(breakdowns.get(ranking.dimension)!, ranking)),
    };
  }
  function series(range: CellRange, changes: readonly StoredCell[]): LiveSnapshot['series'] {
    const cells = new Map<number, Counters>();
    const addAt = (start: number, totals: Counters): void => {
      const sums = cells.get(start);
      if (sums === undefined) cells.set(start, totals);
      else addCounters(sums, totals);
    };
    const origin = cellId(range.level, 'totals', 0);
    for (const { id, data } of rowsOf('totals', range)) {
      addAt((id - origin) * LEVELS['10s'], tableRow(decodeTable(data), TOTALS_ROW));
    }
    for (const [start, totals] of changes) {
      if (start >= range.from && start < range.to)
        addAt(cellStart(start, LEVELS[range.level]), inflate(totals));
    }
    return [...cells].map(([start, totals]) => ({ start, totals })).sort((a, b) => a.start - b.start);
  }
  function snapshotNow(query: LiveQuery): LiveSnapshot {
    const pending = changes();
    return {
      positions: allPositions.all() as Position[],
      tallies: query.tallies.map((request) => tally(request, pending)),
      series: query.series === undefined ? [] : series(query.series, pending),
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
