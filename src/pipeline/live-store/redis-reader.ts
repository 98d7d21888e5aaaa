import { timeZone } from '../events/time-zone.ts';
import { type CounterTable, decodeTable } from '../sqlite/counter-table.ts';
import { answer, named, neededIds, rankedIds, type StoredNumbers } from './answer.ts';
import { type CellLayout } from './cells.ts';
import { type LiveQuery, type LiveSnapshot, type Position } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import { type StoredCell, slotsOf } from './stored-cells.ts';

export interface RedisReader {
  snapshot(query: LiveQuery): Promise<LiveSnapshot>;
  /** Forgets what it knows of the server's data, which may have been lost. */
  forget(): void;
}

/** More cells in memory are not worth it. */
const CELL_CACHE = 5000;
const NAME_CACHE = 200_000;
/** Names asked for at once. */
const NAMES = 5000;

interface Cell {
  readonly version: string;
  readonly table: CounterTable;
}

/** What the look script gives. */
type Look = [
  epoch: Buffer,
  positions: Buffer[],
  watermarks: Buffer[],
  trimmed: Buffer,
  changes: Buffer[],
  cells: Buffer[],
  total: Buffer,
];

/**
 * Answers from the cells and the changes that are not in them yet. Who asks again and again, as the dashboard does, keeps the
 * cells and gets only those that have changed.
 */
export function createRedisReader(
  client: ScriptedClient,
  prefix: string,
  namesOf: (ids: readonly number[]) => Promise<(string | null)[]>,
  layout: () => Promise<CellLayout>,
): RedisReader {
  const cells = new Map<number, Cell>();
  const names = new Map<number, string>();
  let epoch = '';
  /** Parsed changes by number. */
  let changes = new Map<number, StoredCell[]>();
  let known = 0;

  function forget(): void {
    cells.clear();
    names.clear();
    changes.clear();
    known = 0;
  }

  async function look(ranges: readonly [number, number][], whole: boolean) {
    const [now, positions, watermarks, trimmed, texts, found, total] = (await client.ecomLookBuffer(
      prefix,
      whole ? 1 : 0,
      known,
      epoch,
      ...ranges.flat(),
    )) as Look;
    const end = Number(total);
    if (String(now) !== epoch || end < known) forget();
    epoch = String(now);
    const first = end - texts.length;
    changes = new Map([...changes].filter(([number]) => number >= Number(trimmed)));
    for (const [i, text] of texts.entries()) {
      changes.set(first + i, JSON.parse(String(text)) as StoredCell[]);
    }
    known = end;
    const versions = new Map<number, string>();
    for (let i = 0; i < found.length; i += 3) {
      const [id, version, table] = [Number(found[i]), String(found[i + 1]), found[i + 2]!];
      versions.set(id, version);
      if (whole) cells.set(id, { version, table: decodeTable(table) });
    }
    return { positions: positionsOf(positions, watermarks), versions };
  }

  /** Reads the cells that are not known in their newest version. @returns whether they are as they were when looked at */
  async function readCells(versions: ReadonlyMap<number, string>): Promise<boolean> {
    const missing = [...versions].filter(([id, version]) => cells.get(id)?.version !== version);
    if (missing.length === 0) return true;
    const found = (await client.ecomCellsBuffer(prefix, ...missing.map(([id]) => id))) as Buffer[];
    let same = true;
    missing.forEach(([id, expected], i) => {
      const [version, table] = [String(found[2 * i]), found[2 * i + 1]!];
      if (version !== expected || table.length === 0) same = false;
      else cells.set(id, { version, table: decodeTable(table) });
    });
    return same;
  }

  async function readNames(ids: readonly number[]): Promise<void> {
    if (names.size > NAME_CACHE) names.clear();
    const missing = ids.filter((id) => !names.has(id));
    for (let i = 0; i < missing.length; i += NAMES) {
      const part = missing.slice(i, i + NAMES);
      (await namesOf(part)).forEach((name, j) => {
        if (name !== null) names.set(part[j]!, name);
      });
    }
  }

  return {
    async snapshot(query) {
      const cut = await layout();
      const [slots, zone] = [slotsOf(cut), timeZone(cut.timeZone)];
      const ranges = neededIds(query, slots);
      if (cells.size > CELL_CACHE) cells.clear();
      // The first time all comes at once; later in two trips, unless a fold comes between them.
      let seen = await look(ranges, cells.size === 0);
      if (!(await readCells(seen.versions))) seen = await look(ranges, true);
      const ids = [...seen.versions.keys()].sort((a, b) => a - b);
      const numbers: StoredNumbers = {
        cells: (from, to) =>
          ids.filter((id) => id >= from && id < to).map((id) => ({ id, table: cells.get(id)!.table })),
        changes: [...changes.values()].flat(),
        slots,
        zone,
      };
      const found = answer(query, numbers);
      await readNames(rankedIds(found));
      return {
        positions: seen.positions,
        tallies: named(found, (id) => names.get(id) ?? ''),
        series: found.series,
      };
    },
    forget,
  };
}

/** @param positions partition, position … @param watermarks partition, watermark … */
export function positionsOf(
  positions: readonly (Buffer | string)[],
  watermarks: readonly (Buffer | string)[],
): Position[] {
  const marks = pairs(watermarks);
  return [...pairs(positions)]
    .map(([partition, position]) => ({ partition, position, watermark: marks.get(partition) ?? 0 }))
    .sort((a, b) => a.partition - b.partition);
}

function pairs(flat: readonly (Buffer | string)[]): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 0; i < flat.length; i += 2) found.set(Number(flat[i]), Number(flat[i + 1]));
  return found;
}
