import { EcomError } from '../errors.ts';
import { type Condition, FILTER_FIELDS, propertiesOf } from '../pipeline/stats/filter.ts';
import { meantBy } from './similar-names.ts';

/** Tells which fields of a filter exist. */
export interface KnownFields {
  /** To be told each property of the filter that an event has. */
  onProperty(name: string): void;
  /** Whether all properties of the filter are known by now. */
  isComplete(): boolean;
  /**
   * To be called once all events were looked at.
   * @throws EcomError `USAGE` where a condition is about what no event has: its numbers would be zeros that say nothing
   */
  check(): void;
}

/**
 * @param counted properties that the shop's numbers are broken down by: they are known whether an event has them or not
 * @param seen properties that are known already
 */
export function knownFields(
  conditions: readonly Condition[],
  counted: readonly string[],
  seen: Iterable<string> = [],
): KnownFields {
  const known = new Set([...counted, ...seen]);
  return {
    onProperty: (name) => void known.add(name),
    isComplete: () => propertiesOf(conditions).every((name) => known.has(name)),
    check() {
      const unknown = propertiesOf(conditions).find((name) => !known.has(name));
      if (unknown === undefined) return;
      const fields = [...FILTER_FIELDS, ...known];
      const meant = meantBy(fields, unknown);
      throw new EcomError('USAGE', `--where: no event has a property '${unknown}'`, {
        hint: `${meant === undefined ? '' : `did you mean ${meant}? `}known are ${fields.join(', ')}, and every property that events have`,
      });
    },
  };
}
