import { add, type Count } from '../../../src/pipeline/events/money.ts';

/** Counters by name, as the first `reduce` gathered them. */
export type Counters = Map<string, Count>;
export interface Tally {
  readonly totals: Counters;
  readonly breakdowns: Map<string, Map<string, Counters>>;
}
/** By start of the 10-second cell. */
export type CellChanges = Map<number, Tally>;

export function createTally(): Tally {
  return { totals: new Map(), breakdowns: new Map() };
}

export function countersOf({ breakdowns }: Tally, dimension: string, key: string): Counters {
  let entries = breakdowns.get(dimension);
  if (entries === undefined) {
    entries = new Map();
    breakdowns.set(dimension, entries);
  }
  let counters = entries.get(key);
  if (counters === undefined) {
    counters = new Map();
    entries.set(key, counters);
  }
  return counters;
}

export function increment(counters: Counters, column: string, amount: Count): void {
  counters.set(column, add(counters.get(column) ?? 0, amount));
}

export function addTo(into: Counters, from: Counters): void {
  for (const [column, amount] of from) increment(into, column, amount);
}
