/** An event whose id occurred within so many earlier offsets of its partition is a duplicate. */
export const DUPLICATE_HORIZON = 100_000;

/** The ids of the last records of a partition. What it answers depends on the log alone, so a replay decides alike. */
export interface SeenIds {
  /** Notes the id of the record at an offset. @returns whether it occurred within the horizon before */
  add(id: string, offset: number): boolean;
}

export function createSeenIds(horizon = DUPLICATE_HORIZON): SeenIds {
  const newest = new Map<string, number>();
  const ring = new Array<string | undefined>(horizon);

  return {
    add(id, offset) {
      const before = newest.get(id);
      newest.set(id, offset);
      const slot = offset % horizon;
      const expired = ring[slot];
      if (expired !== undefined && newest.get(expired)! <= offset - horizon) newest.delete(expired);
      ring[slot] = id;
      return before !== undefined && before >= offset - horizon;
    },
  };
}
