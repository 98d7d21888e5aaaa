import { EcomError } from '../errors.ts';
import { bySimilarity } from './similar-names.ts';

/** A value of the answer. */
export type Value = string | number | null;

/** A place in the answer. */
export interface Path {
  /** As it was written. */
  readonly text: string;
  readonly segments: readonly string[];
}

const HINT = "an expression is such as 'kpis.orders < 10 && kpis.conversion.session < 0.02'";

/**
 * The value at a path.
 * @throws EcomError `USAGE` where the answer has no such place, naming those that are near
 */
export function lookUp({ text, segments }: Path, answer: object): Value {
  let value: unknown = answer;
  for (const [index, segment] of segments.entries()) {
    // A list that is shorter than what is asked of it has no value there yet.
    if (Array.isArray(value) && /^\d+$/.test(segment) && Number(segment) >= value.length) return null;
    if (value === null) return null;
    if (
      typeof value !== 'object' ||
      !Object.hasOwn(value, segment) ||
      (Array.isArray(value) && segment === 'length')
    ) {
      throw unknownPath(text, segments.slice(0, index), segment, value);
    }
    value = (value as Record<string, unknown>)[segment];
  }
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value !== 'object') return String(value);
  throw usage(
    `${text} is no single value`,
    `name one of ${names(value, '').join(', ') || 'its parts'} after it`,
  );
}

function unknownPath(path: string, parents: readonly string[], segment: string, parent: unknown): EcomError {
  const where = parents.length === 0 ? 'the answer' : parents.join('.');
  const near = typeof parent === 'object' && parent !== null ? names(parent, segment) : [];
  const hint = near.length === 0 ? HINT : `${where} has ${near.join(', ')}`;
  return usage(`${path} is not in the answer: ${where} has no '${segment}'`, hint);
}

/** Names in an object, the most similar to a wanted one first. */
function names(object: object, wanted: string): string[] {
  const keys = Array.isArray(object) ? object.map((_, index) => String(index)) : Object.keys(object);
  return (wanted === '' ? keys : bySimilarity(keys, wanted)).slice(0, 6);
}

/** The failure of whoever wrote the expression. */
export function usage(message: string, hint = HINT): EcomError {
  return new EcomError('USAGE', `--fail-if: ${message}`, { hint });
}
