import { EcomError } from '../../errors.ts';
import { timeZone } from '../events/time-zone.ts';
import { type CounterTable, decodeTable } from '../sqlite/counter-table.ts';
import { answer, named, neededIds, rankedIds, type StoredNumbers } from './answer.ts';
import { type CellLayout } from './cells.ts';
import { parseLayout } from './layout.ts';
import { type LiveQuery, type LiveSnapshot, type Position } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import { type StoredCell, slotsOf } from './stored-cells.ts';
import { createTurns } from './turns.ts';

export interface RedisReader {
  snapshot(query: LiveQuery): Promise<LiveSnapshot>;
}

/** More cells in memory are not worth it. */
const CELL_CACHE = 5000;
const NAME_CACHE = 200_000;
/** Names asked for at once. */
const NAMES = 5000;
/** How often is looked again because the data became another one meanwhile. */
const TRIES = 5;

interface Cell {
  readonly version: string;
  readonly table: CounterTable;
}

/** What a reader remembers of the server's data, which may be lost, or become what it was before, at any moment. */
interface Memory {
  /** A moment at which all of it was so. */
  readonly moment: string;
  /** `null` where the store has none. */
  readonly layout: string | null;
  /** The changes that were not in cells, parsed, by number. */
  readonly changes: ReadonlyMap<number, StoredCell[]>;
  /** The number of the next change. */
  readonly end: number;
  /** Of a version there is one table only. */
  readonly cells: Map<number, Cell>;
  readonly names: Map<number, string>;
}

/** What the look script gives. */
type Look = [
  moment: Buffer,
  same: number,
  layout: Buffer | null,
  positions: Buffer[],
  watermarks: Buffer[],
  trimmed: number,
  first: number,
  changes: Buffer[],
  cells: Buffer[],
];

/** What the server had at one moment. */
interface Seen {
  readonly memory: Memory;
  readonly positions: Position[];
  readonly versions: ReadonlyMap<number, string>;
}

/**
 * Answers from the cells and the changes that are not in them yet. Who asks again and again, as the dashboard does, keeps the
 * cells and gets only those that have changed.
 */
export function createRedisReader(client: ScriptedClient, prefix: string, assumed: CellLayout): RedisReader {
  const inTurn = createTurns();
  let remembered = newMemory();

  async function look(before: Memory, ranges: readonly [number, number][], whole: boolean): Promise<Seen> {
    const [moment, same, layout, positions, watermarks, trimmed, first, texts, found] =
      (await client.ecomLookBuffer(prefix, whole ? 1 : 0, before.end, before.moment, ranges.flat())) as Look;
    const known = same === 1 ? before : newMemory();
    const changes = new Map([...known.changes].filter(([number]) => number >= trimmed));
    texts.forEach((text, i) => {
      changes.set(first + i, JSON.parse(String(text)) as StoredCell[]);
    });
    const { cells, names } = known;
    const versions = new Map<number, string>();
    for (let i = 0; i < found.length; i += 3) {
      const [id, version, table] = [Number(found[i]), String(found[i + 1]), found[i + 2]!];
      versions.set(id, version);
      if (whole) cells.set(id, { version, table: decodeTable(table) });
    }
    const memory: Memory = {
      moment: String(moment),
      layout: layout === null ? null : String(layout),
      changes,
      end: first + texts.length,
      cells,
      names,
    };
    return { memory, positions: positionsOf(positions, watermarks), versions };
  }

  /** The tables of the cells that were seen; `undefined` where one is not any more what it was. */
  async function tablesOf({
    memory: { cells },
    versions,
  }: Seen): Promise<Map<number, CounterTable> | undefined> {
    const missing = [...versions].filter(([id, version]) => cells.get(id)?.version !== version);
    if (missing.length > 0) {
      const found = (await client.ecomCellsBuffer(
        prefix,
        missing.map(([id]) => id),
      )) as Buffer[];
      let same = true;
      missing.forEach(([id, expected], i) => {
        const [version, table] = [String(found[2 * i]), found[2 * i + 1]!];
        if (version !== expected || table.length === 0) same = false;
        else cells.set(id, { version, table: decodeTable(table) });
      });
      if (!same) return undefined;
    }
    return new Map([...versions.keys()].sort((a, b) => a - b).map((id) => [id, cells.get(id)!.table]));
  }

  /** The names of numbers; `undefined` where they may not any more be what they were. */
  async function namesOf(
    { moment, names }: Memory,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, string> | undefined> {
    if (names.size > NAME_CACHE) names.clear();
    const missing = ids.filter((id) => !names.has(id));
    for (let i = 0; i < missing.length; i += NAMES) {
      const part = missing.slice(i, i + NAMES);
      const found = (await client.ecomNames(prefix, moment, part)) as (string | null)[];
      if (found.length === 0) return undefined;
      found.forEach((name, j) => {
        if (name !== null) names.set(part[j]!, name);
      });
    }
    return names;
  }

  /** @returns `undefined` where the data became another one meanwhile */
  async function tryToRead(query: LiveQuery, before: Memory): Promise<LiveSnapshot | undefined> {
    const cut = before.layout === null ? assumed : parseLayout(before.layout);
    const [slots, zone] = [slotsOf(cut), timeZone(cut.timeZone)];
    const ranges = neededIds(query, slots);
    if (before.cells.size > CELL_CACHE) before.cells.clear();
    // The first time all comes at once; later in two trips, unless a fold comes between them.
    let seen = await look(before, ranges, before.cells.size === 0);
    let tables = await tablesOf(seen);
    if (tables === undefined) {
      seen = await look(seen.memory, ranges, true);
      tables = (await tablesOf(seen))!;
    }
    remembered = seen.memory;
    if (seen.memory.layout !== before.layout) return undefined;
    const numbers: StoredNumbers = {
      cells: (from, to) =>
        [...tables].filter(([id]) => id >= from && id < to).map(([id, table]) => ({ id, table })),
      changes: [...seen.memory.changes.values()].flat(),
      slots,
      zone,
    };
    const found = answer(query, numbers);
    const names = await namesOf(seen.memory, rankedIds(found));
    if (names === undefined) return undefined;
    return {
      positions: seen.positions,
      tallies: named(found, (id) => names.get(id) ?? ''),
      series: found.series,
    };
  }

  return {
    snapshot: (query) =>
      inTurn(async () => {
        for (let tries = 0; tries < TRIES; tries += 1) {
          const answered = await tryToRead(query, remembered);
          if (answered !== undefined) return answered;
        }
        throw new EcomError('UNAVAILABLE', 'the numbers on Redis become other ones again and again', {
          hint: 'is one of its replicas behind, or does somebody empty it?',
        });
      }),
  };
}

function newMemory(): Memory {
  return { moment: '', layout: null, changes: new Map(), end: 0, cells: new Map(), names: new Map() };
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
