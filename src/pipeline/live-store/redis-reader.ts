import { EcomError } from '../../errors.ts';
import { timeZone } from '../events/time-zone.ts';
import { answer, named, neededIds, rankedKeys, type StoredNumbers } from '../metrics/answer.ts';
import { type CellLayout } from '../metrics/cells.ts';
import { type LiveQuery } from '../metrics/query.ts';
import { decodeDeltas, type StoredDelta, slotsOf } from '../metrics/stored-cells.ts';
import { parseLayout } from './layout.ts';
import { type LiveSnapshot, type Position } from './live-store.ts';
import { type ScriptedClient } from './redis-scripts.ts';
import { createTurns } from './turns.ts';

export interface RedisReader {
  snapshot(query: LiveQuery): Promise<LiveSnapshot>;
}

/** More pages in memory are not worth it. */
const PAGE_CACHE = 20_000;
const NAME_CACHE = 200_000;
/** Names asked for at once. */
const NAMES = 5000;
/** How often is looked again because the data became another one meanwhile. */
const TRIES = 5;

interface Page {
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** What a reader remembers of the server's data, which may be lost, or become what it was before, at any moment. */
interface Memory {
  /** A moment at which all of it was so. */
  readonly moment: string;
  /** `null` where the store has none. */
  readonly layout: string | null;
  /** The changes that were not in cells, decoded, by number. */
  readonly changes: ReadonlyMap<number, StoredDelta[]>;
  /** The number of the next change. */
  readonly end: number;
  /** Of a version the bytes are the same always. */
  readonly pages: Map<number, Page>;
  /** By slot, then number. */
  readonly names: Map<number, Map<number, string>>;
  /** By number. */
  readonly columns: Map<number, string>;
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
  columns: number,
];

/** What the server had at one moment. */
interface Seen {
  readonly memory: Memory;
  readonly positions: Position[];
  readonly versions: ReadonlyMap<number, string>;
  /** How many columns there are. */
  readonly columnCount: number;
}

/**
 * Answers from the cells and the changes that are not in them yet. Who asks again and again, as the dashboard does, keeps the
 * cells and gets only those that have changed.
 */
export function createRedisReader(client: ScriptedClient, prefix: string, assumed: CellLayout): RedisReader {
  const inTurn = createTurns();
  let remembered = newMemory();

  async function look(before: Memory, ranges: readonly [number, number][], whole: boolean): Promise<Seen> {
    const [moment, same, layout, positions, watermarks, trimmed, first, texts, found, columnCount] =
      (await client.ecomLookBuffer(prefix, whole ? 1 : 0, before.end, before.moment, ranges.flat())) as Look;
    const known = same === 1 ? before : newMemory();
    const changes = new Map([...known.changes].filter(([number]) => number >= trimmed));
    texts.forEach((text, i) => {
      changes.set(first + i, decodeDeltas(text));
    });
    const { pages, names, columns } = known;
    const versions = new Map<number, string>();
    for (let i = 0; i < found.length; i += 3) {
      const [id, version, bytes] = [Number(found[i]), String(found[i + 1]), found[i + 2]!];
      versions.set(id, version);
      if (whole) pages.set(id, { version, bytes });
    }
    const memory: Memory = {
      moment: String(moment),
      layout: layout === null ? null : String(layout),
      changes,
      end: first + texts.length,
      pages,
      names,
      columns,
    };
    return { memory, positions: positionsOf(positions, watermarks), versions, columnCount };
  }

  /** The pages that were seen; `undefined` where one is not any more what it was. */
  async function pagesOf({
    memory: { pages },
    versions,
  }: Seen): Promise<Map<number, Uint8Array> | undefined> {
    const missing = [...versions].filter(([id, version]) => pages.get(id)?.version !== version);
    if (missing.length > 0) {
      const found = (await client.ecomCellsBuffer(
        prefix,
        missing.map(([id]) => id),
      )) as Buffer[];
      let same = true;
      missing.forEach(([id, expected], i) => {
        const [version, bytes] = [String(found[2 * i]), found[2 * i + 1]!];
        // The version goes with the page.
        if (version !== expected) same = false;
        else pages.set(id, { version, bytes });
      });
      if (!same) return undefined;
    }
    return new Map([...versions.keys()].sort((a, b) => a - b).map((id) => [id, pages.get(id)!.bytes]));
  }

  /** Sees to it that the names of a slot's keys are known. @returns false where they may not any more be what they were */
  async function nameKeys({ moment, names }: Memory, slot: number, ids: Iterable<number>): Promise<boolean> {
    const known = names.get(slot) ?? new Map<number, string>();
    names.set(slot, known);
    if (known.size > NAME_CACHE) known.clear();
    const missing = [...ids].filter((id) => !known.has(id));
    for (let i = 0; i < missing.length; i += NAMES) {
      const part = missing.slice(i, i + NAMES);
      const found = (await client.ecomNames(prefix, moment, slot, part)) as (string | null)[];
      if (found.length === 0) return false;
      found.forEach((name, j) => {
        if (name !== null) known.set(part[j]!, name);
      });
    }
    return true;
  }

  /** Likewise of all columns. */
  async function nameColumns({ memory: { moment, columns }, columnCount }: Seen): Promise<boolean> {
    if (columns.size >= columnCount) return true;
    const found = (await client.ecomColumns(prefix, moment)) as string[];
    for (let i = 0; i < found.length; i += 2) columns.set(Number(found[i]), found[i + 1]!);
    return columns.size >= columnCount;
  }

  /** @returns `undefined` where the data became another one meanwhile */
  async function tryToRead(query: LiveQuery, before: Memory): Promise<LiveSnapshot | undefined> {
    const cut = before.layout === null ? assumed : parseLayout(before.layout);
    const [slots, zone] = [slotsOf(cut), timeZone(cut.timeZone)];
    const ranges = neededIds(query, slots);
    if (before.pages.size > PAGE_CACHE) before.pages.clear();
    // The first time all comes at once; later in two trips, unless a fold comes between them.
    let seen = await look(before, ranges, before.pages.size === 0);
    let pages = await pagesOf(seen);
    if (pages === undefined) {
      seen = await look(seen.memory, ranges, true);
      pages = (await pagesOf(seen))!;
    }
    remembered = seen.memory;
    if (seen.memory.layout !== before.layout) return undefined;
    if (!(await nameColumns(seen))) return undefined;
    const { columns, changes, names } = seen.memory;
    const numbers: StoredNumbers = {
      pages: ([from, to]) =>
        [...pages].filter(([id]) => id >= from && id < to).map(([id, page]) => ({ id, page })),
      deltas: [...changes.values()].flat(),
      columns,
      slots,
      zone,
    };
    const found = answer(query, numbers);
    for (const [slot, ids] of rankedKeys(found)) {
      if (!(await nameKeys(seen.memory, slot, ids))) return undefined;
    }
    return {
      positions: seen.positions,
      tallies: named(found, columns, (slot, id) => names.get(slot)?.get(id) ?? ''),
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
  return {
    moment: '',
    layout: null,
    changes: new Map(),
    end: 0,
    pages: new Map(),
    names: new Map(),
    columns: new Map(),
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
