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
  /** Gap of the oldest unit in the mask; 0 where it is the first ever. */
  oldest: number;
}

/** How many units back a late event is still put in its place. */
export const SPAN = 48;

export function newPresence(): Presence {
  return { last: -1, mask: 0, oldest: 0 };
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

/** Somebody was there `back` units before the newest. */
function insert(presence: Presence, back: number, change: GapChange): void {
  if (back >= SPAN) return; // too late to tell what lies around it
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
  const before = presence.oldest;
  // What was the first ever, or reaches further back than this, now reaches this.
  if (before !== 0 && before <= toNewer) {
    // It was told earlier of something before this that has fallen out: nothing is known of the order.
    presence.mask -= bit;
    return;
  }
  change(newer, before, toNewer);
  presence.oldest = before === 0 ? 0 : before - toNewer;
  change(unit, undefined, presence.oldest);
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
