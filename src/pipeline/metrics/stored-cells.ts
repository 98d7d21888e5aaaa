import { type TimeZone } from '../events/time-zone.ts';
import { BucketDeltas } from './bucket-deltas.ts';
import {
  type CellLayout,
  type CellRange,
  cellStart,
  type Dimension,
  LEVEL_NAMES,
  LEVELS,
  type Level,
  levelStart,
  maxKeys,
  OWN_DIMENSIONS,
  RECOMMENDER,
  RETENTION,
} from './cells.ts';
import { type DeltaTable } from './delta-table.ts';
import { PageReader } from './page-reader.ts';
import { PageWriter } from './page-writer.ts';

/** What a cell holds pages of. */
export type Slot = 'totals' | Dimension;
/** Room for all dimensions that there may ever be. */
export const SLOTS = 16;
/** Starts that an id has room for, in the narrowest width: up to the year 2650. */
const STARTS = 2 ** 31;
/** Pages of a cell that an id has room for. */
const PAGES = 2 ** 12;
/**
 * Keys of a page, powers of 2. Where a cell lives long, a change rewrites little of it, but no less than a page of SQLite's file;
 * where there are many cells, each with few of the keys, it does not fall apart.
 */
const PAGE_KEYS: Readonly<Record<Level | 'all', number>> = {
  '10s': 65_536,
  '1m': 8192,
  '1h': 512,
  '1d': 512,
  all: 512,
};
/** Keys of a page of those cells that live long. */
export const WIDE_PAGE_KEYS = PAGE_KEYS.all;

/** Numbers of the slots of a layout. */
export interface Slots {
  readonly names: readonly Slot[];
  /** -1 for a dimension that is not counted. */
  numberOf(slot: Slot): number;
}

export function slotsOf({ properties }: CellLayout): Slots {
  const names: Slot[] = ['totals', ...OWN_DIMENSIONS, ...properties];
  // Behind the room for properties that are added later.
  names[SLOTS - 1] = RECOMMENDER;
  return { names, numberOf: (slot) => names.indexOf(slot) };
}

/** Most keys of a slot; those of the totals' slot are the columns of all, whose names are not up to strangers. */
export function mostKeys({ names }: Slots, slot: number): number {
  return slot === 0 ? Number.MAX_SAFE_INTEGER : maxKeys(names[slot]!);
}

/** Id of a page of a cell: level, slot, start and page in one number, so that a range of cells is a range of ids. */
export function pageId(level: Level | 'all', slot: number, start: number, page = 0): number {
  const rank = level === 'all' ? LEVEL_NAMES.length : LEVEL_NAMES.indexOf(level);
  return ((rank * SLOTS + slot) * STARTS + start / LEVELS['10s']) * PAGES + page;
}

/** What an id stands for. */
export function placeOf(id: number): {
  readonly level: Level | 'all';
  readonly slot: number;
  readonly start: number;
} {
  const cell = Math.floor(id / PAGES);
  const place = Math.floor(cell / STARTS);
  return {
    level: LEVEL_NAMES[Math.floor(place / SLOTS)] ?? 'all',
    slot: place % SLOTS,
    start: (cell % STARTS) * LEVELS['10s'],
  };
}

/** Ids of the pages of the cells of a range: from, and to exclusive. */
export function pageIds(slot: number, range: CellRange | 'all'): [from: number, to: number] {
  if (range === 'all') return [pageId('all', slot, 0), pageId('all', slot, 0) + PAGES];
  const { level, from, to } = range;
  const last = (STARTS - 1) * LEVELS['10s'];
  return [pageId(level, slot, Math.max(0, from)), pageId(level, slot, Math.min(to, last))];
}

/** Takes what is added to a page: the counters of `table`, which has read its bucket, from `from` on, up to `to`. */
type VisitPage = (id: number, table: DeltaTable, from: number, to: number) => void;

/**
 * What a change adds to the pages of the cells of every width. An amount is carried from a width to the next one as part of the
 * sum of its cell.
 * @param narrow by start of the 10-second cell, under the store's numbers
 * @param now newest event time, ms since the epoch: what is out of retention by it is left out
 */
export type RollUp = (narrow: BucketDeltas, now: number, visit: VisitPage) => void;

/** The sums of one change are made where those of the one before were. */
export function createRollUp(zone: TimeZone): RollUp {
  const sums = WIDER.map(() => new BucketDeltas());
  return (narrow, now, visit) => {
    let deltas = narrow;
    visitPages('10s', deltas, now, visit);
    for (let i = 0; i < WIDER.length; i += 1) {
      const level = WIDER[i]!;
      const wider = sums[i]!;
      wider.clear();
      deltas.addTo(wider, (start) => (level === 'all' ? 0 : levelStart(level, start, zone)));
      visitPages(level, wider, now, visit);
      deltas = wider;
    }
  };
}

/** In the order in which amounts are carried from one to the next. */
const WIDER = ['1m', '1h', '1d', 'all'] as const;

function visitPages(
  level: Level | 'all',
  { starts, tables }: BucketDeltas,
  now: number,
  visit: VisitPage,
): void {
  const kept = level === 'all' ? Number.NEGATIVE_INFINITY : now - RETENTION[level];
  const size = PAGE_KEYS[level];
  for (let bucket = 0; bucket < starts.length; bucket += 1) {
    const start = starts[bucket]!;
    if (start < kept) continue;
    for (let slot = 0; slot < tables.length; slot += 1) {
      const table = tables[slot];
      const count = table?.read(bucket, size) ?? 0;
      for (let from = 0, to = 0; from < count; from = to) {
        const page = Math.floor(table!.key(from) / size);
        const end = (page + 1) * size;
        for (to = from + 1; to < count && table!.key(to) < end; to += 1);
        visit(pageId(level, slot, start, page), table!, from, to);
      }
    }
  }
}

/** What is added to one slot of a 10-second cell. */
export interface StoredDelta {
  readonly slot: number;
  readonly start: number;
  readonly page: Uint8Array;
}

/** Bytes before a page: its slot, its cell, its length. */
const DELTA_HEAD = 10;
/** More than there may be in any dimension: of a delta there is one page. */
const ALL_KEYS = 2 ** 20;

/** Deltas as bytes, for a store that gathers them before it adds them to its cells. */
export function encodeDeltas({ starts, tables }: BucketDeltas): Buffer {
  const writer = new PageWriter();
  const parts: Buffer[] = [];
  tables.forEach((table, slot) => {
    starts.forEach((start, bucket) => {
      const count = table?.read(bucket, ALL_KEYS) ?? 0;
      if (count === 0) return;
      for (let i = 0; i < count; i += 1) writer.put(table!.column(i), table!.key(i), table!.amount(i));
      const page = writer.finish();
      const head = Buffer.allocUnsafe(DELTA_HEAD);
      head.writeUInt16LE(slot, 0);
      head.writeUInt32LE(start / LEVELS['10s'], 2);
      head.writeUInt32LE(page.length, 6);
      parts.push(head, page);
    });
  });
  return Buffer.concat(parts);
}

export function decodeDeltas(bytes: Buffer): StoredDelta[] {
  const deltas: StoredDelta[] = [];
  for (let at = 0; at < bytes.length; ) {
    const from = at + DELTA_HEAD;
    const to = from + bytes.readUInt32LE(at + 6);
    const start = bytes.readUInt32LE(at + 2) * LEVELS['10s'];
    deltas.push({ slot: bytes.readUInt16LE(at), start, page: bytes.subarray(from, to) });
    at = to;
  }
  return deltas;
}

/** Adds up what was gathered. */
export function sumDeltas(list: Iterable<StoredDelta>): BucketDeltas {
  const [sums, reader] = [new BucketDeltas(), new PageReader()];
  for (const { slot, start, page } of list) {
    const [bucket, table] = [sums.bucketAt(start), sums.table(slot)];
    reader.open(page);
    while (reader.nextColumn()) {
      for (let i = 0; i < reader.count; i += 1)
        table.add(bucket, reader.keys[i]!, reader.column, reader.value(i));
    }
  }
  return sums;
}

/** Ranges of page ids that are out of retention. @param now newest event time, ms since the epoch */
export function expiredIds(now: number): [from: number, to: number][] {
  return LEVEL_NAMES.flatMap((level): [number, number][] => {
    if (RETENTION[level] === Number.POSITIVE_INFINITY) return [];
    const limit = Math.max(0, cellStart(now - RETENTION[level], LEVELS[level]));
    return Array.from({ length: SLOTS }, (_, slot) => [pageId(level, slot, 0), pageId(level, slot, limit)]);
  });
}
