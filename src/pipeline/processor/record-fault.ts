import { EcomError, errorMessage } from '../../errors.ts';
import { keptOf, NOT_COUNTABLE, type Rejected } from '../events/decode.ts';
import { stripControls } from '../events/text.ts';

/**
 * Whether an error may be a record's own fault: a store says so, or what it holds cannot be worked on. Whatever else a store
 * throws is about the store: it may be away, full, or somebody else's.
 */
export function mayBeOfRecord(error: unknown): boolean {
  if (error instanceof EcomError) return error.code === 'REFUSED';
  return error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError;
}

/** What is said of a record that counting failed for. */
export function faultOf(error: unknown): string {
  return stripControls(errorMessage(error)).slice(0, 200);
}

/**
 * A record that cannot be counted, as a dead letter. It keeps its id: so that whoever reads it again, without knowing that it was
 * refused, finds the same duplicates.
 */
export function notCountable(
  { id, source }: Pick<Rejected, 'id' | 'source'>,
  value: string | Uint8Array,
  detail: string,
): Rejected {
  // It may be for its size that it was refused.
  return { id, reason: NOT_COUNTABLE, detail, source, bytes: keptOf(value) };
}
