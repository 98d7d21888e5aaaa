/** An event whose id occurred within so many earlier offsets of its partition is a duplicate. */
export const DUPLICATE_HORIZON = 100_000;

/** The ids of the last records of a partition. What it answers depends on the log alone, so a replay decides alike. */
export interface SeenIds {
  /**
   * Notes the id of an event of the record at an offset, which is not below the one before.
   * @returns whether it occurred within the horizon before
   */
  add(id: string, offset: number): boolean;
}

export function createSeenIds(horizon = DUPLICATE_HORIZON): SeenIds {
  const newest = new Map<string, number>();
  // By offset modulo the horizon: the ids of a record, which are forgotten when another one takes the slot.
  const ring = new Array<string | string[] | undefined>(horizon);
  const offsets = new Float64Array(horizon).fill(-1);

  function forget(id: string, limit: number): void {
    if (newest.get(id)! <= limit) newest.delete(id);
  }
  return {
    add(id, offset) {
      const before = newest.get(id);
      newest.set(id, offset);
      const slot = offset % horizon;
      const held = ring[slot];
      if (offsets[slot] === offset) ring[slot] = typeof held === 'string' ? [held, id] : [...held!, id];
      else {
        if (typeof held === 'string') forget(held, offset - horizon);
        else for (const old of held ?? []) forget(old, offset - horizon);
        ring[slot] = id;
        offsets[slot] = offset;
      }
      return before !== undefined && before >= offset - horizon;
    },
  };
}
