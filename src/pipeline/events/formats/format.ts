/** Names that `--format` takes; `csv` is one that a map file describes. */
export const FORMAT_NAMES = [
  'native',
  'segment',
  'ga4',
  'rees46',
  'retailrocket',
  'taobao',
  'otto',
  'online-retail',
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
  currency?: unknown;
  query?: unknown;
  items?: unknown;
  source?: unknown;
  properties?: unknown;
}

/** A row, or a part of one, that is no event of a shop. */
export class BadRow {
  /** One of a small set of phrases, never with data in it. */
  readonly reason: string;
  readonly detail: string;
  constructor(reason: string, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

export type Outcome = RawEvent | BadRow;

/** One JSON object a line. */
export interface JsonFormat {
  readonly name: FormatName;
  readonly layout: 'json';
  /** Whether a parsed line looks like this format. */
  recognises(value: Readonly<Record<string, unknown>>): boolean;
  /** What a parsed line holds, in order. Never throws, whatever the line is. */
  read(value: unknown): readonly Outcome[];
}

/** One row a line, with the fields in the order of the columns. Never throws; the number of fields is that of the columns. */
export type ReadFields = (fields: readonly string[]) => Outcome;

/** Rows of separated values. */
export interface CsvFormat {
  readonly name: FormatName;
  readonly layout: 'csv';
  /** Columns that have to be there, by their usual names; in the order of the fields where the file has no header. */
  readonly columns: readonly string[];
  readonly header: boolean;
  /** Whether a row looks like this format; only asked where there is no header. */
  recognises?(fields: readonly string[]): boolean;
  /** Other names of a column, by its usual one. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** @param index position of a column by its usual name */
  open(index: (column: string) => number): ReadFields;
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

/** A number of units; a text that holds a whole number is one too. Anything else stays for the validation to refuse. */
export function units(value: unknown): unknown {
  if (typeof value === 'string' && /^[+-]?\d{1,15}(\.0*)?$/.test(value)) return Number(value);
  return value === '' ? undefined : value;
}
