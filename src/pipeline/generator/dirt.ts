import { type EventType } from '../events/shop-event.ts';
import { type Random } from './random.ts';

/** How many records of each kind a generator has made. */
export interface Tally {
  /** All records. */
  written: number;
  /** Rejected, as they are no JSON. */
  malformed: number;
  /** Rejected, as a field is missing or wrong. */
  invalid: number;
  /** Valid and new, but happened minutes to hours before they were written. */
  late: number;
  /** The same line as one before. */
  duplicates: number;
  /** Valid, but the order was sent before, under another event id. */
  duplicateOrders: number;
}

/** What becomes of an event on its way. */
export type Fate = 'clean' | 'malformed' | 'invalid' | 'twice';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Of all that is dirty, this part is malformed, and so are the parts that are invalid, sent twice and late. */
const PART = 0.25;
/** Orders are rare: so many times as often as an event is dirty, an order is sent again by its last page. */
const RELOADS = 5;

/** Spoils a share of the events. Purchases and refunds arrive, so that what is counted of them can be foretold. */
export interface Dirt {
  /** Probability that the page after an order is loaded again. */
  readonly reloads: number;
  /** For a new session: how late its events arrive, ms; 0 for in time. */
  delay(): number;
  fate(type: EventType): Fate;
  /** A line that is no JSON. */
  malform(line: string): string;
  /** A line that is JSON, but no event. */
  invalidate(line: string): string;
}

/** @param share of all events, 0 to 1 */
export function createDirt(random: Random, share: number): Dirt {
  return {
    reloads: Math.min(0.5, share * RELOADS),
    delay() {
      if (!random.chance(share * PART)) return 0;
      const skewed = random.next() ** 2;
      return 5 * MINUTE_MS + Math.floor(skewed * 5 * HOUR_MS);
    },
    fate(type) {
      const drawn = random.next();
      if (drawn >= share * 3 * PART) return 'clean';
      if (drawn < share * PART) return 'twice';
      if (type === 'purchase' || type === 'refund') return 'clean';
      return drawn < share * 2 * PART ? 'malformed' : 'invalid';
    },
    malform: (line) => random.pick(MALFORMATIONS)(line, random),
    invalidate(line) {
      const spoilt = random.pick(INVALIDATIONS)(line);
      return spoilt === line ? WITHOUT_TYPE(line) : spoilt;
    },
  };
}

const MALFORMATIONS: readonly ((line: string, random: Random) => string)[] = [
  (line, random) => line.slice(0, 1 + random.below(line.length - 1)),
  (line) => `${line}}`,
  (line) => line.replace('"time":', '"time":NaN,"t":'),
  (line) => line.replaceAll('"', "'"),
];

const WITHOUT_TYPE = (line: string): string => line.replace(/"type":"\w+",/, '');

/** Some only do something to an event with items. */
const INVALIDATIONS: readonly ((line: string) => string)[] = [
  WITHOUT_TYPE,
  (line) => line.replace(/"type":"(\w+)"/, '"type":"$1ed"'),
  (line) => line.replace(/"time":\d+,/, ''),
  (line) => line.replace(/"time":\d+/, '"time":"yesterday"'),
  (line) => line.replace(/"time":(\d+)\d{3}/, '"time":$1'), // seconds
  (line) => line.replace('"price":', '"price":-'),
  (line) => line.replace('"quantity":', '"quantity":-'),
  (line) => line.replace(/"productId":"\w+"/, '"productId":""'),
  (line) => line.replace(/"sessionId":("[^"]+")/, '"sessionId":{"id":$1}'),
];
