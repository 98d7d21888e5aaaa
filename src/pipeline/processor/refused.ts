import { TEXT } from '../events/columns.ts';
import { type Rejected } from '../events/decode.ts';
import { DecodedBatch } from './decoded-batch.ts';
import { faultOf, notCountable } from './record-fault.ts';

/**
 * Records that could not be counted, each of which becomes a dead letter. What is known here may be lost at any time: the
 * same record fails again then, at the same place, and becomes the same dead letter.
 */
export interface Refused {
  /**
   * Notes that the only offset in the batches has failed: the first time it is only suspected, the second time it is refused, or
   * has to be searched where it holds several events.
   * @returns false where that was refused already, or there is none
   */
  add(batches: readonly DecodedBatch[], error: unknown): boolean;
  /** The batch of an offset whose events are to be counted one by one, to find the one that fails; its states are wrong then. */
  toSearch(batches: readonly DecodedBatch[]): DecodedBatch | undefined;
  /** Refuses the event that was found, or all of the offset where none fails by itself. */
  found(batch: DecodedBatch, record?: number, error?: unknown): void;
  /** The batch with what is refused as dead letters. */
  takeOut(batch: DecodedBatch): DecodedBatch;
  /** Forgets what lies below a position: it is counted. */
  forget(partition: number, position: number): void;
}

export function createRefused(): Refused {
  /** Why, by partition, offset and index. */
  const known = new Map<number, Map<number, Map<number, string>>>();
  /** What has failed alone once, as `partition:offset`: it may have been by chance. */
  let suspect = '';
  /** Why it failed again, where it holds several events. */
  let sought: string | undefined;

  const placeOf = ({ partition, records, from }: DecodedBatch): string =>
    `${partition}:${records.offset(from)}`;
  function refuse({ partition, records }: DecodedBatch, record: number, detail: string): void {
    const places = known.get(partition) ?? new Map<number, Map<number, string>>();
    known.set(partition, places);
    const events = places.get(records.offset(record)) ?? new Map<number, string>();
    places.set(records.offset(record), events);
    events.set(records.index(record), detail);
  }
  /** How many events of the first offset are not refused yet. */
  function left({ partition, records, from, to }: DecodedBatch): number {
    const refused = known.get(partition)?.get(records.offset(from))?.size ?? 0;
    return to - from - refused;
  }
  return {
    add(batches, error) {
      const batch = batches.find(({ from, to }) => to > from);
      if (batch === undefined) return false;
      if (left(batch) === 0) return false;
      if (suspect !== placeOf(batch)) {
        suspect = placeOf(batch);
        sought = undefined;
      } else if (batch.to - batch.from > 1) sought = faultOf(error);
      else refuse(batch, batch.from, faultOf(error));
      return true;
    },
    toSearch(batches) {
      const batch = batches.find(({ from, to }) => to > from);
      const isIt = sought !== undefined && batch !== undefined && suspect === placeOf(batch);
      return isIt ? batch : undefined;
    },
    found(batch, record, error) {
      if (record !== undefined) refuse(batch, record, faultOf(error));
      else for (let i = batch.from; i < batch.to; i += 1) refuse(batch, i, sought ?? '');
      sought = undefined;
    },
    takeOut(batch) {
      const places = known.get(batch.partition);
      if (places === undefined || places.size === 0) return batch;
      const rejected = new Map(batch.rejected);
      for (let i = batch.from; i < batch.to; i += 1) {
        const detail = places.get(batch.records.offset(i))?.get(batch.records.index(i));
        if (detail !== undefined) rejected.set(i, asLetter(batch, i, detail));
      }
      return new DecodedBatch({ ...batch, rejected }, batch.from, batch.to, batch.next);
    },
    forget(partition, position) {
      const places = known.get(partition);
      for (const offset of places?.keys() ?? []) if (offset < position) places!.delete(offset);
    },
  };
}

function asLetter({ columns, records, rejected }: DecodedBatch, i: number, detail: string): Rejected {
  const known = rejected.get(i) ?? {
    id: columns.text(i, TEXT.id),
    source: columns.text(i, TEXT.source) ?? 'unknown',
  };
  return notCountable(known, records.text(i) ?? '', detail);
}

/** How many offsets batches hold. */
export function offsetsIn(batches: readonly DecodedBatch[]): number {
  let count = 0;
  for (const { records, from, to } of batches) {
    for (let i = from; i < to; i += 1)
      if (i === from || records.offset(i) !== records.offset(i - 1)) count += 1;
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
    const { partition, records, from, to } = batch;
    let end = from;
    for (; end < to; end += 1) {
      if (end > from && records.offset(end) === records.offset(end - 1)) continue;
      if (room === 0) break;
      room -= 1;
    }
    if (end === to) return [batch];
    const next = records.offset(end);
    leave(partition, next);
    return end === from ? [] : [batch.part(from, end, next)];
  });
}
