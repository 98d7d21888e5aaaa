/**
 * In which hours, or days, somebody was there: enough to count distinct people of any past stretch of whole hours or days
 * without a set. Somebody counts once in [a, b): in the first unit of it that they are there, which is the one whose
 * distance to the unit before, where they were there too, reaches back beyond a. So every unit of a person is counted by
 * that distance, the gap, and a stretch adds up the gaps that are long enough.
 */
export interface Presence {
  /** Number of the newest unit; -1 for none. */
  last: number;
  /** Bit i is set where they were there in the unit `last − i`; below 2^SPAN. */
  mask: number;
  /** Gap of the oldest unit that is known; 0 where it is the first ever. */
  oldest: number;
  /** Units that have fallen out of the mask, ascending, where they are remembered: see {@link rememberOlder}. */
  older?: number[] | undefined;
}

/** How many units back a late event is still put in its place. */
export const SPAN = 48;

export function newPresence(): Presence {
  return { last: -1, mask: 0, oldest: 0, older: undefined };
}

/** Most units that are remembered beside those in the mask. */
const MOST_OLDER = 500;

/** From now on units are remembered that fall out of the mask, so that what comes very late still finds its place. */
export function rememberOlder(presence: Presence): void {
  presence.older ??= [];
}

/** A unit is counted by another gap now. Gap 0 is that of the first unit ever; `undefined` is not counted. */
export type GapChange = (unit: number, before: number | undefined, gap: number) => void;

/** Notes that somebody was there in a unit, in place. */
export function beThere(presence: Presence, unit: number, change: GapChange): void {
  const { last } = presence;
  if (unit === last) return;
  if (last < 0) {
    presence.last = unit;
    presence.mask = 1;
    change(unit, undefined, 0);
  } else if (unit > last) {
    change(unit, undefined, unit - last);
    shift(presence, unit - last);
  } else {
    insert(presence, last - unit, change);
  }
}

function shift(presence: Presence, by: number): void {
  if (presence.older !== undefined) {
    shiftAll(presence, presence.older, by);
    return;
  }
  const { mask, last } = presence;
  presence.last = last + by;
  if (by >= SPAN) {
    presence.mask = 1;
    presence.oldest = by;
    return;
  }
  // What is `kept` places back or more falls out.
  const kept = SPAN - by;
  const limit = 2 ** kept;
  if (mask >= limit) {
    const inside = mask % limit;
    presence.oldest = lowest(Math.floor(mask / limit)) + kept - highest(inside);
    presence.mask = inside * 2 ** by + 1;
  } else presence.mask = mask * 2 ** by + 1;
}

/** The same where nothing is forgotten. */
function shiftAll(presence: Presence, older: number[], by: number): void {
  const { last, mask } = presence;
  for (let back = SPAN - 1; back >= 0 && back + by >= SPAN; back -= 1)
    if (Math.floor(mask / 2 ** back) % 2 === 1) older.push(last - back);
  presence.mask = by >= SPAN ? 1 : (mask % 2 ** (SPAN - by)) * 2 ** by + 1;
  presence.last = last + by;
  while (older.length > MOST_OLDER) presence.oldest = -older.shift()! + older[0]!;
}

/** Somebody was there in a unit before those of the mask. */
function insertOlder(presence: Presence, older: number[], unit: number, change: GapChange): void {
  const place = older.findIndex((other) => other >= unit);
  if (older[place] === unit) return;
  const newer = place < 0 ? presence.last - highest(presence.mask) : older[place]!;
  const before = place < 0 ? older.at(-1) : older[place - 1];
  if (before === undefined) {
    if (!comesFirst(presence, unit, newer, change)) return;
  } else {
    change(newer, newer - before, newer - unit);
    change(unit, undefined, unit - before);
  }
  older.splice(place < 0 ? older.length : place, 0, unit);
}

/** Tells of a unit before the oldest that is known. @returns false where nothing is known of what lies before that */
function comesFirst(presence: Presence, unit: number, newer: number, change: GapChange): boolean {
  const before = presence.oldest;
  const toNewer = newer - unit;
  // What was the first ever, or reaches further back than this, now reaches this; else it was told of something before this that is
  // forgotten: nothing is known of the order.
  if (before !== 0 && before <= toNewer) return false;
  change(newer, before, toNewer);
  presence.oldest = before === 0 ? 0 : before - toNewer;
  change(unit, undefined, presence.oldest);
  return true;
}

/** Somebody was there `back` units before the newest. */
function insert(presence: Presence, back: number, change: GapChange): void {
  if (back >= SPAN) {
    // Else it is too late to tell what lies around it.
    if (presence.older !== undefined) insertOlder(presence, presence.older, presence.last - back, change);
    return;
  }
  const bit = 2 ** back;
  const older = Math.floor(presence.mask / bit);
  if (older % 2 === 1) return;
  const unit = presence.last - back;
  const toNewer = back - highest(presence.mask % bit);
  const newer = unit + toNewer;
  presence.mask += bit;
  if (older > 0) {
    const gap = lowest(older);
    change(newer, gap + toNewer, toNewer);
    change(unit, undefined, gap);
    return;
  }
  const before = presence.older?.at(-1);
  if (before !== undefined) {
    change(newer, newer - before, toNewer);
    change(unit, undefined, unit - before);
  } else if (!comesFirst(presence, unit, newer, change)) presence.mask -= bit;
}

/** Place of the highest bit; the value is above 0. */
function highest(value: number): number {
  return value >= 2 ** 24 ? 24 + highest(Math.floor(value / 2 ** 24)) : 31 - Math.clz32(value);
}

/** Place of the lowest bit; the value is above 0. */
function lowest(value: number): number {
  const low = value % 2 ** 24;
  return low === 0 ? 24 + lowest(value / 2 ** 24) : 31 - Math.clz32(low & -low);
}
