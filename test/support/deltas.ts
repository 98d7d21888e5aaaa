import { ByteDictionary } from '../../src/pipeline/events/byte-dictionary.ts';
import { type Count } from '../../src/pipeline/events/money.ts';
import { type LiveChange } from '../../src/pipeline/live-store/live-store.ts';
import { BucketDeltas, createNames } from '../../src/pipeline/metrics/bucket-deltas.ts';
import { BASE_CELL_MS, cellStart } from '../../src/pipeline/metrics/cells.ts';
import { SLOTS, slotsOf } from '../../src/pipeline/metrics/stored-cells.ts';

/** What is added to one key of a dimension; the totals' dimension is undefined. */
export interface Delta {
  readonly time: number;
  readonly dimension?: string;
  readonly key?: string;
  readonly counters: Readonly<Record<string, Count>>;
}

/** Counters of a change, by name. @param properties that counters are broken down by */
export function deltasOf(
  list: readonly Delta[],
  properties: readonly string[] = ['country'],
): Pick<LiveChange, 'cells' | 'names'> {
  const slots = slotsOf({ timeZone: 'UTC', properties });
  const cells = new BucketDeltas();
  const names = createNames(new ByteDictionary(), SLOTS);
  for (const { time, dimension, key = '', counters } of list) {
    const bucket = cells.bucketAt(cellStart(time, BASE_CELL_MS));
    const slot = slots.numberOf(dimension ?? 'totals');
    const number = slot === 0 ? 0 : names.keys[slot]!.numberOf(key);
    for (const [column, amount] of Object.entries(counters)) {
      cells.add(bucket, slot, number, names.columns.numberOf(column), amount);
    }
  }
  return { cells: cells.copy(), names };
}

/** A change that counts nothing. */
export const NO_DELTAS = deltasOf([]);
