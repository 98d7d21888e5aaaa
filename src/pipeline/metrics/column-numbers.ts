import { ByteDictionary } from '../events/byte-dictionary.ts';
import { EVENT_TYPES, type EventType } from '../events/shop-event.ts';
import * as names from './columns.ts';

export { MOST_HOURS } from './columns.ts';

/** The columns by number, for all that this process counts: an event adds to ten, so they are not looked up by name. */
export const COLUMN_NAMES = new ByteDictionary();

function numbered<K extends string>(list: Readonly<Record<K, string>>): Readonly<Record<K, number>> {
  const pairs = Object.entries<string>(list).map(([name, column]) => [name, COLUMN_NAMES.numberOf(column)]);
  return Object.fromEntries(pairs) as Record<K, number>;
}

export const COLUMNS = numbered(names.COLUMNS);
export const TYPE_COLUMNS: Readonly<Record<EventType, number>> = numbered(names.TYPE_COLUMNS);
/** By place of the type in `EVENT_TYPES`. */
export const TYPE_COLUMN_NUMBERS: readonly number[] = EVENT_TYPES.map((type) => TYPE_COLUMNS[type]);

/** The columns of a prefix, by what comes after it. */
class Family {
  readonly #prefix: string;
  readonly #byNumber: (number | undefined)[] = [];
  readonly #byText = new Map<string, number>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }
  /** @param suffix a small number */
  at(suffix: number): number {
    this.#byNumber[suffix] ??= COLUMN_NAMES.numberOf(this.#prefix + suffix);
    return this.#byNumber[suffix];
  }
  of(suffix: string): number {
    let number = this.#byText.get(suffix);
    if (number === undefined) {
      number = COLUMN_NAMES.numberOf(this.#prefix + suffix);
      this.#byText.set(suffix, number);
    }
    return number;
  }
}

/** Columns that go on with a currency, a path, a class or a reason. */
export const FAMILIES = Object.fromEntries(
  Object.entries(names.PREFIXES).map(([name, prefix]) => [name, new Family(prefix)]),
) as Readonly<Record<keyof typeof names.PREFIXES, Family>>;

export type { Family };
