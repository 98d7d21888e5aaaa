import { type NewRecord } from '../event-log/event-log.ts';
import { type Arrivals, createArrivals, type Rhythm } from './arrivals.ts';
import { createCatalogue } from './catalogue.ts';
import { createDirt, type Tally } from './dirt.ts';
import { hashText, Random } from './random.ts';
import { createVisits } from './visits.ts';

export interface GeneratorOptions {
  /** Decides the assortment and the shoppers' tastes, and with `runId` all that happens. */
  readonly seed: string;
  /** Mean records a second. */
  readonly rate: number;
  /** The first record comes after this time, ms since the epoch. */
  readonly start: number;
  /** Share of malformed, invalid, late and duplicate records, 0 to 1. */
  readonly dirty: number;
  readonly rhythm: Rhythm;
  /** ISO 4217 code of all prices. */
  readonly currency: string;
  /** Beginning of all ids, `[a-z0-9]`: unique among all runs that feed one log. By default it follows from the other options. */
  readonly runId?: string;
}

/** An event, or what has become of one on its way, as a record for the log. */
export interface GeneratedRecord extends NewRecord {
  /** When it arrives at the shop, ms since the epoch: never before the record before. A late event happened before that. */
  readonly time: number;
}

/** A simulated shop: an endless series of records in the order in which they arrive. */
export interface Generator {
  /** When the next record arrives, ms since the epoch. */
  peekTime(): number;
  next(): GeneratedRecord;
  /** Leaves out a period: the next record arrives after `time`. */
  skipTo(time: number): void;
  /** Changes the mean number of records a second and the rhythm. */
  setPace(rate: number, rhythm: Rhythm): void;
  /** What was made so far. */
  readonly tally: Readonly<Tally>;
}

/** Products of a simulated shop. */
export const PRODUCTS = 1200;
/** A second copy follows within so many records. */
const COPY_DISTANCE = 20;

/**
 * Creates a simulated shop. The same options give the same bytes, on every machine; memory is bounded at any rate, by the
 * number of sessions that go on at the same time.
 */
export function createGenerator(options: GeneratorOptions): Generator {
  const { seed, rate, start, dirty, rhythm, currency } = options;
  const runId = options.runId ?? deriveRunId(options);
  const stream = (name: string): Random => new Random(`${seed}/${runId}/${name}`);
  const arrivals: Arrivals = createArrivals(stream('arrivals'), rate, start, rhythm);
  const dirtRandom = stream('dirt');
  const dirt = createDirt(dirtRandom, dirty);
  const visits = createVisits({
    catalogue: createCatalogue(seed, PRODUCTS),
    random: stream('visits'),
    seed,
    rate,
    runId,
    currency,
    dirt,
  });
  const tally: Tally = { written: 0, malformed: 0, invalid: 0, late: 0, duplicates: 0, duplicateOrders: 0 };
  /** Second copies that wait to be sent, in order, each after so many records. */
  const copies: { readonly record: NewRecord; readonly after: number }[] = [];

  function fresh(time: number): NewRecord {
    const { key, value, type, late, reloaded } = visits.next(time, arrivals.density());
    const fate = dirt.fate(type);
    if (fate === 'malformed' || fate === 'invalid') {
      tally[fate] += 1;
      return { key, value: fate === 'malformed' ? dirt.malform(value) : dirt.invalidate(value) };
    }
    if (late) tally.late += 1;
    if (reloaded) tally.duplicateOrders += 1;
    const record = { key, value };
    if (fate === 'twice') copies.push({ record, after: tally.written + 1 + dirtRandom.below(COPY_DISTANCE) });
    return record;
  }
  function next(): GeneratedRecord {
    const time = arrivals.time();
    let record: NewRecord;
    if (copies.length > 0 && copies[0]!.after <= tally.written) {
      record = copies.shift()!.record;
      tally.duplicates += 1;
    } else record = fresh(time);
    tally.written += 1;
    arrivals.advance();
    return { key: record.key, value: record.value, time };
  }
  return {
    peekTime: arrivals.time,
    next,
    skipTo: arrivals.moveTo,
    setPace: arrivals.setPace,
    tally,
  };
}

function deriveRunId({ seed, rate, start, dirty, rhythm, currency }: GeneratorOptions): string {
  const text = JSON.stringify([seed, rate, start, dirty, rhythm, currency]);
  return (hashText(text, 7) * 0x100000 + (hashText(text, 8) >>> 12)).toString(36);
}
