import { EcomError, errorMessage } from '../../errors.ts';
import { keptOf, NOT_COUNTABLE, type Rejected } from '../events/decode.ts';
import { type ShopEvent } from '../events/shop-event.ts';
import { stripControls } from '../events/text.ts';
import { type DecodedBatch } from './reduce.ts';

/**
 * Whether an error may be a record's own fault: a store says so, or what it holds cannot be worked on. Whatever else a store
 * throws is about the store: it may be away, full, or somebody else's.
 */
export function mayBeOfRecord(error: unknown): boolean {
  if (error instanceof EcomError) return error.code === 'REFUSED';
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
}

/**
 * Records that could not be counted, each of which becomes a dead letter. What is known here may be lost at any time: the
 * same record fails again then, at the same place, and becomes the same dead letter.
 */
export interface Refused {
  /**
   * Notes that the only offset in the batches has failed: the first time it is only suspected, the second time its records
   * are refused.
   * @returns false where that was refused already, or there is none
   */
  add(batches: readonly DecodedBatch[], error: unknown): boolean;
  /** The batch with what is refused as dead letters. */
  takeOut(batch: DecodedBatch): DecodedBatch;
  /** Forgets what lies below a position: it is counted. */
  forget(partition: number, position: number): void;
}

export function createRefused(): Refused {
  /** Why, by partition and offset. */
  const known = new Map<number, Map<number, string>>();
  /** What has failed alone once, as `partition:offset`: it may have been by chance. */
  let suspect = '';
  return {
    add(batches, error) {
      const batch = batches.find(({ origins }) => origins.length > 0);
      if (batch === undefined) return false;
      const { partition, origins } = batch;
      const places = known.get(partition) ?? new Map<number, string>();
      known.set(partition, places);
      const { offset } = origins[0]!;
      if (places.has(offset)) return false;
      const place = `${partition}:${offset}`;
      if (suspect !== place) {
        suspect = place;
        return true;
      }
      places.set(offset, stripControls(errorMessage(error)).slice(0, 200));
      return true;
    },
    takeOut(batch) {
      const places = known.get(batch.partition);
      if (places === undefined || places.size === 0) return batch;
      const { origins } = batch;
      const isRefused = (i: number): boolean => places.has(origins[i]!.offset);
      return {
        ...batch,
        records: batch.records.map((record, i) =>
          isRefused(i) ? asLetter(record, origins[i]!.value ?? '', places.get(origins[i]!.offset)!) : record,
        ),
        shoppers: batch.shoppers.map((shopper, i) => (isRefused(i) ? undefined : shopper)),
      };
    },
    forget(partition, position) {
      const places = known.get(partition);
      for (const offset of places?.keys() ?? []) if (offset < position) places!.delete(offset);
    },
  };
}

/** It keeps its id: so that whoever reads it again, without knowing that it was refused, finds the same duplicates. */
function asLetter(
  { id, source }: ShopEvent | Rejected,
  value: string | Uint8Array,
  detail: string,
): Rejected {
  // It may be for its size that it was refused.
  return { id, reason: NOT_COUNTABLE, detail, source, bytes: keptOf(value) };
}

/** How many offsets batches hold. */
export function offsetsIn(batches: readonly DecodedBatch[]): number {
  let count = 0;
  for (const { origins } of batches) {
    for (let i = 0; i < origins.length; i += 1)
      if (i === 0 || origins[i]!.offset !== origins[i - 1]!.offset) count += 1;
  }
  return count;
}

/**
 * The first `most` offsets of batches.
 * @param leave is told where to go on with a partition of which something is left
 */
export function firstOffsets(
  batches: readonly DecodedBatch[],
  most: number,
  leave: (partition: number, offset: number) => void,
): DecodedBatch[] {
  let room = most;
  return batches.flatMap((batch) => {
    const { partition, origins } = batch;
    let end = 0;
    for (; end < origins.length; end += 1) {
      if (end > 0 && origins[end]!.offset === origins[end - 1]!.offset) continue;
      if (room === 0) break;
      room -= 1;
    }
    if (end === origins.length) return [batch];
    const next = origins[end]!.offset;
    leave(partition, next);
    return end === 0 ? [] : [sliceOf(batch, 0, end, next)];
  });
}

/** Some of a batch's records, and where to go on after them. */
export function sliceOf(batch: DecodedBatch, from: number, to: number, next: number): DecodedBatch {
  return {
    ...batch,
    records: batch.records.slice(from, to),
    origins: batch.origins.slice(from, to),
    shoppers: batch.shoppers.slice(from, to),
    next,
  };
}
