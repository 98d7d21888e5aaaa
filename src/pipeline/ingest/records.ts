import { type NewRecord } from '../event-log/event-log.ts';
import { decodeParsed, isRejected, type Rejected } from '../events/decode.ts';
import { createOriginals, writeJson } from '../events/foreign.ts';
import { type OpenFormat } from '../events/formats/choose.ts';
import { BadRow, type Outcome, type RawEvent } from '../events/formats/format.ts';
import { holdsLongInteger, parseJson } from '../events/formats/json.ts';
import { mendNames } from '../events/near-names.ts';
import { encodeRejectedLine } from '../events/record.ts';
import { canonical, isAbsent, makePlain, timeOf } from '../events/row-content.ts';
import { idOfKey, RowIds } from '../events/row-ids.ts';
import { ALIAS_PROPERTY, LINK_TYPE, partitionKey } from '../events/shop-event.ts';
import { productlessIn } from './productless.ts';
import { type Row } from './rows.ts';

/** A record for the log, with what the importer counts. */
export interface SourceRecord {
  readonly record: NewRecord;
  /** Event time, ms since the epoch; `undefined` for a rejected line. */
  readonly time: number | undefined;
  /** Why the line is rejected. */
  readonly reason: string | undefined;
  /** Paths of what it says and the event does not hold, such as `items.colour`. */
  readonly leftOut: readonly string[];
  /** Whether it had an id of somebody that is none. */
  readonly placeholder?: boolean;
  /** Whether it is no event, but links a device to a user. */
  readonly link?: boolean;
  /** Whether it names a user's former id. */
  readonly alias?: boolean;
  /** Whether it is money of an order of which its row names no product. */
  readonly productless?: boolean;
}

const NOTHING: readonly string[] = [];
/** So many paths of one event are told, and one more says that there are others. */
const MOST_PATHS = 50;

export interface RecordOptions {
  readonly format: OpenFormat;
  /** Name of the source for people. */
  readonly name: string;
  /** Names what has no id; of a source that is read from its beginning where absent. */
  readonly ids?: RowIds | undefined;
  /** Moves an event's time; both in ms since the epoch. */
  readonly shift?: ((time: number) => number) | undefined;
}

/** What a row holds, as a format reads it. */
export function readOutcomes(format: OpenFormat, row: Row): readonly Outcome[] {
  if (row.bad !== undefined) return [row.bad];
  if (format.layout === 'csv') {
    const outcome = format.read(row.fields!);
    return isList(outcome) ? outcome : [outcome];
  }
  const value = parseLine(row.raw as string, parseJson);
  if (value instanceof BadRow) return [value];
  const outcomes = format.read(value);
  return outcomes.length > 0 ? outcomes : [NO_EVENT];
}

const NO_EVENT = new BadRow('not an event', 'the line holds no event');

function parseLine(line: string, parse: (line: string) => unknown): unknown {
  try {
    return parse(line);
  } catch (error) {
    return new BadRow('not JSON', (error as Error).message.slice(0, 200));
  }
}

/**
 * Makes the records of rows. Each is validated here, so that what is rejected keeps the source's own line and its number;
 * `now` is the time of arrival, ms since the epoch.
 */
export function createRecordMaker(
  options: RecordOptions,
): (row: Row, now: number) => readonly SourceRecord[] {
  const { format, name, shift, ids = new RowIds() } = options;
  const source = JSON.stringify(name);
  const linesApart = format.layout === 'json' && format.name !== 'csv';

  function rejected(
    row: Row,
    { reason, detail }: Pick<Rejected, 'reason' | 'detail'>,
    raw = row.raw,
  ): SourceRecord {
    // Not the id of an event, so that a line that was cut can be read again when it is whole.
    const line = { id: `${ids.take(raw)}:rejected`, reason, detail, source: `${name}:${row.line}`, raw };
    return {
      record: { key: line.id, value: encodeRejectedLine(line) },
      time: undefined,
      reason,
      leftOut: NOTHING,
    };
  }

  /** @param raw what a dead letter keeps */
  function accept(row: Row, event: RawEvent, value: string, now: number, raw = row.raw): SourceRecord {
    // A moved event waits for its time before it is appended.
    const appendedAt = shift === undefined ? now : Math.max(now, timeOf(event) || 0);
    let leftOut = NOTHING;
    const onLeftOut = (path: string): void => {
      if (leftOut.length <= MOST_PATHS && !leftOut.includes(path)) leftOut = [...leftOut, path];
    };
    const decoded = decodeParsed(value, value, event, { partition: 0, offset: 0, appendedAt, onLeftOut });
    if (isRejected(decoded)) return rejected(row, decoded, raw);
    const { time, placeholder = false } = decoded;
    const link = decoded.type === LINK_TYPE;
    const alias = link && decoded.properties?.[ALIAS_PROPERTY] === true;
    return {
      record: { key: partitionKey(decoded), value },
      time,
      reason: undefined,
      leftOut,
      placeholder,
      link,
      alias,
    };
  }

  /** @param originals of a row's parts; absent where the row is one event */
  function convert(
    row: Row,
    outcome: Outcome,
    now: number,
    originals?: (part: unknown) => string | Uint8Array,
  ): SourceRecord {
    if (outcome instanceof BadRow) return rejected(row, outcome, originals?.(outcome.part));
    const event = outcome;
    const value = complete(event);
    if (value === undefined) {
      const why = { reason: 'nested too deeply', detail: 'the line cannot be written again' };
      return rejected(row, why, originals?.(undefined));
    }
    return accept(row, event, value, now, originals === undefined ? row.raw : value);
  }

  /** Gives an event its id and its source, and writes it; `undefined` where it is nested too deeply for that. */
  function complete(event: RawEvent): string | undefined {
    makePlain(event);
    let content: string | undefined;
    if (isAbsent(event.id)) {
      event.id = undefined;
      const { naturalKey } = event;
      if (naturalKey !== undefined) delete event.naturalKey;
      content = writeJson(event);
      if (content === undefined) return undefined;
      event.id = naturalKey === undefined ? ids.take(content.slice(0, -1)) : idOfKey(naturalKey);
    }
    const isNamed = !isAbsent(event.source);
    if (!isNamed) event.source = name;
    if (shift !== undefined) {
      const time = timeOf(event);
      if (!Number.isNaN(time)) event.time = shift(time);
    } else if (content !== undefined && !isNamed) {
      return `${content.slice(0, -1)}${content === '{}' ? '' : ','}"id":"${event.id}","source":${source}}`;
    }
    return writeJson(event);
  }

  /** A line in our own format is passed on as it is where it can be: that is what makes a large log quick to read. */
  function native(row: Row, now: number): SourceRecord {
    const line = row.raw as string;
    const value = parseLine(line, JSON.parse);
    if (value instanceof BadRow) return rejected(row, value);
    if (!isObject(value)) {
      return rejected(row, { reason: 'not an event', detail: 'the line is no JSON object' });
    }
    const event = value as RawEvent;
    // Under another name, an id is one all the same.
    if (isAbsent(event.id)) mendNames(event);
    const id = isAbsent(event.id) ? ids.take(canonical(event) ?? line) : undefined;
    const accepted = passOn(row, id, line, event, now);
    // Long numbers are looked for where the line was refused only: it would cost every line.
    if (accepted.reason === undefined || !holdsLongInteger(line)) return accepted;
    return convertNative(row, id, parseJson(line) as RawEvent, now);
  }

  function convertNative(row: Row, id: string | undefined, event: RawEvent, now: number): SourceRecord {
    return convert(row, withoutEnvelope(id === undefined ? event : { ...event, id }), now);
  }

  function passOn(
    row: Row,
    id: string | undefined,
    line: string,
    event: RawEvent,
    now: number,
  ): SourceRecord {
    if (
      shift !== undefined ||
      'rejected' in event ||
      event.id === null ||
      event.source === null ||
      event.id === ''
    ) {
      return convertNative(row, id, event, now);
    }
    let added = '';
    if (id !== undefined) {
      event.id = id;
      added += `"id":"${id}",`;
    }
    if (event.source === undefined) {
      event.source = name;
      added += `"source":${source},`;
    }
    const text = added === '' ? line : `{${added}${line.slice(line.indexOf('{') + 1)}`;
    return accept(row, event, text, now);
  }

  return (row, now) => {
    if (format.name === 'native' && row.bad === undefined) return [native(row, now)];
    const outcomes = readOutcomes(format, row);
    const originals = outcomes.length === 1 ? undefined : createOriginals(row.raw, outcomes.length);
    const isProductless = productlessIn(outcomes, linesApart);
    return outcomes.map((outcome) => {
      const productless = !(outcome instanceof BadRow) && isProductless(outcome);
      const made = convert(row, outcome, now, originals);
      return productless && made.reason === undefined ? { ...made, productless } : made;
    });
  };
}

/** Only an importer may send rejected lines. */
function withoutEnvelope(event: RawEvent & { rejected?: unknown }): RawEvent {
  delete event.rejected;
  return event;
}

function isList(outcome: Outcome | readonly Outcome[]): outcome is readonly Outcome[] {
  return Array.isArray(outcome);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
