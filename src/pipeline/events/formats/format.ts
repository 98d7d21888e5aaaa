import { LIMITS, UNNAMED } from '../shop-event.ts';
import { exceedsBytes } from '../text.ts';
import { type TimeZone } from '../time-zone.ts';
import { type ColumnFacts, type Survey } from './column-facts.ts';
import { type DayOrder } from './date-text.ts';
import { type LineWriter } from './line-writer.ts';
import { type RowFields } from './row-fields.ts';

/** Names that `--format` takes; `csv` is one that a map file describes. */
export const FORMAT_NAMES = [
  'export',
  'native',
  'segment',
  'ga4',
  'rees46',
  'retailrocket',
  'taobao',
  'otto',
  'online-retail',
  'shopify',
  'woocommerce',
  'magento',
  'posthog',
  'matomo',
  'snowplow',
  'csv',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];

/** An event as a format hands it over: with the fields of a `WireEvent`, not yet validated. */
export interface RawEvent {
  id?: unknown;
  type?: unknown;
  time?: unknown;
  userId?: unknown;
  anonymousId?: unknown;
  sessionId?: unknown;
  orderId?: unknown;
  partial?: boolean;
  /** One of `ORDER_STATUSES`. */
  status?: unknown;
  currency?: unknown;
  /** Of the whole order, or of all that is given back: before tax and shipping. */
  revenue?: unknown;
  /** The same with both. */
  total?: unknown;
  tax?: unknown;
  shipping?: unknown;
  discount?: unknown;
  /** Of a refund: what all refunds of its order have given back so far. */
  refunded?: unknown;
  query?: unknown;
  items?: unknown;
  source?: unknown;
  properties?: unknown;
  /** What identifies an event without an id wherever it occurs; where absent, all that it says does, row by row. */
  naturalKey?: string | undefined;
}

/** A row, or a part of one, that is no event of a shop. */
export class BadRow {
  /** One of a small set of phrases, never with data in it. */
  readonly reason: string;
  readonly detail: string;
  /** Which part of a record that holds several it is; absent where it is all of it. */
  readonly part: unknown;
  constructor(reason: string, detail: string, part?: unknown) {
    this.reason = reason;
    this.detail = detail;
    this.part = part;
  }
}

export type Outcome = RawEvent | BadRow;

/** The outcomes of a record's parts. */
export function readParts(parts: readonly unknown[], read: (part: unknown) => Outcome): readonly Outcome[] {
  const fault = tooManyEvents(parts.length);
  return fault === undefined ? parts.map((part) => ofPart(part, read(part))) : [fault];
}

/** The same where a part holds several. */
export function readEach(
  parts: readonly unknown[],
  read: (part: unknown) => readonly Outcome[],
): readonly Outcome[] {
  const fault = tooManyEvents(parts.length);
  if (fault !== undefined) return [fault];
  const outcomes: Outcome[] = [];
  for (const part of parts) {
    for (const outcome of read(part)) outcomes.push(parts.length === 1 ? outcome : ofPart(part, outcome));
    const beyond = tooManyEvents(outcomes.length);
    if (beyond !== undefined) return [beyond];
  }
  return outcomes;
}

/** An outcome that knows which part of its record it is about. */
export function ofPart(part: unknown, outcome: Outcome): Outcome {
  return outcome instanceof BadRow ? new BadRow(outcome.reason, outcome.detail, part) : outcome;
}

export function tooManyEvents(count: number): BadRow | undefined {
  if (count <= LIMITS.recordEvents) return undefined;
  return new BadRow('too many events', `${count} in one record, ${LIMITS.recordEvents} are allowed`);
}

/** Why a value cannot be what all events of a record share: each of them holds a copy. */
export function sharedFault(name: string, value: unknown): BadRow | undefined {
  if (typeof value === 'object' && value !== null) return new BadRow('not an event', `${name} is no text`);
  if (typeof value !== 'string' || !exceedsBytes(value, LIMITS.stringBytes)) return undefined;
  const size = Buffer.byteLength(value);
  return new BadRow('string too long', `${name} has ${size} bytes, ${LIMITS.stringBytes} are allowed`);
}

/** The same of the first of some fields that cannot. */
export function sharedFaultIn(fields: Readonly<Record<string, unknown>>): BadRow | undefined {
  for (const name of Object.keys(fields)) {
    const fault = sharedFault(name, fields[name]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** What looks at columns before rows are read, and what the format is once it is known what they say. */
export interface Unsettled<Format> {
  readonly survey: Survey;
  readonly usualOrder?: DayOrder | undefined;
  /** Name of the column of dates. */
  readonly dateColumn: string;
  open(): Format;
}

interface UnsettledJson extends Unsettled<JsonFormat> {
  /** What a value says, as the rows that the survey takes. */
  rowsIn(value: unknown): Iterable<readonly string[]>;
}

/** One JSON object a line. */
export interface JsonFormat {
  readonly name: FormatName;
  readonly layout: 'json';
  /** Whether a parsed line looks like this format. */
  recognises(value: Readonly<Record<string, unknown>>): boolean;
  /** What a parsed line holds, in order. Never throws, whatever the line is. */
  read(value: unknown): readonly Outcome[];
  /** The same for the lines of one source from its beginning, of which some say more of others; as each by itself where absent. */
  open?(): (value: unknown) => readonly Outcome[];
  /** Of one that has to know something of whole columns before it reads values. */
  readonly unsettled?: UnsettledJson;
  /** Paths of a map that none of the values had which were read until now. */
  unfound?(): readonly string[];
}

/**
 * One row a line, with the fields in the order of the columns. Never throws; the number of fields is that of the columns. Of a row
 * that says several things, a list.
 */
export type ReadFields = (fields: readonly string[]) => Outcome | readonly Outcome[];

/**
 * Writes what {@link ReadFields} says of a row as JSON, but for the id and the source that every event has; an id of its own is
 * written by `LineWriter.id`.
 * @returns false for a row that is left to `ReadFields`, as is every one that may be no event
 */
export type WriteRow = (row: RowFields, line: LineWriter) => boolean;

/** Rows of separated values. */
export interface CsvFormat {
  readonly name: FormatName;
  readonly layout: 'csv';
  /**
   * Columns that have to be there, by their usual names or numbers from 1 on; in the order of the fields where the file has no header,
   * and none for as many as its first line has.
   */
  readonly columns: readonly (string | number)[];
  readonly header: boolean;
  /** What is between the fields of a file without a header. @default a comma */
  readonly delimiter?: string | undefined;
  /** Whether a header is recognised only where it has all of the columns. @default false */
  readonly isWhole?: boolean;
  /** Whether a row looks like this format; only asked where there is no header. */
  recognises?(fields: readonly string[]): boolean;
  /** Other names of a column, by its usual one. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** The one of times that name none; UTC where absent. */
  readonly timeZone?: TimeZone;
  /** What has to be known of whole columns before rows are read. */
  survey?(index: (column: string | number) => number): Survey;
  /** What dates begin with where a column does not say; refused where absent. */
  readonly usualOrder?: DayOrder;
  /** @param index position of a column by its usual name @param facts what the survey has found */
  open(index: (column: string | number) => number, facts?: ColumnFacts): ReadFields;
  /** The quick way for the rows that need no thought; none where absent. */
  openWriter?(index: (column: string | number) => number, facts?: ColumnFacts): WriteRow;
}

/** What an event of a type outside the vocabulary becomes. */
export function notOfAShop(name: unknown): BadRow {
  const shown = typeof name === 'string' ? `'${name.slice(0, 80)}'` : 'without a name';
  return new BadRow('not a shop event', `an event ${shown}`);
}

/** The value where it is an object, else an empty one. */
export function object(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The value where it is a list, else an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The first of the values that says something. */
export function firstOf(...values: readonly unknown[]): unknown {
  return values.find((value) => value !== undefined && value !== null && value !== '');
}

/** The id of a product that its source does not name: with a price, so that its worth counts; else it says nothing. */
export function noId(price: unknown): string | undefined {
  return firstOf(price) === undefined ? undefined : UNNAMED;
}

/** A number of units; a text that holds a whole number is one too. Anything else stays for the validation to refuse. */
export function units(value: unknown): unknown {
  if (typeof value === 'string' && /^[+-]?\d{1,15}(\.0*)?$/.test(value)) return Number(value);
  return value === '' ? undefined : value;
}
