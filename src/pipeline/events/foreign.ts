import { notJson } from './decode.ts';
import { BadRow, type JsonFormat, type Outcome, type RawEvent } from './formats/format.ts';
import { parseJson } from './formats/json.ts';
import { encodeRejectedLine } from './record.ts';
import { contentId, isAbsent } from './row-content.ts';
import { idOfKey } from './row-ids.ts';

/** A format of JSON objects. */
export type ForeignFormat = Pick<JsonFormat, 'name' | 'read'>;

export interface ForeignRecord {
  readonly format: ForeignFormat;
  /** Name of the feed, for events that name none. */
  readonly source: string;
  /** Names the record: what the ids of its rejected lines begin with. */
  readonly id: string;
}

/**
 * What a record in somebody else's format holds, as lines of our own, one an event, in order. What is no event becomes a
 * rejected line with the record's own bytes.
 *
 * An event without an id gets one from what it says, so that one that is sent again is known. Nothing tells where a source of records begins, so only
 * within a record are two equal ones two.
 */
export function readForeign(value: string | Uint8Array, { format, source, id }: ForeignRecord): string[] {
  const outcomes = typeof value === 'string' ? readOutcomes(value, format) : [NOT_UTF8];
  const originals = createOriginals(value, outcomes.length);
  const idFor = contentIds(outcomes.length);
  return outcomes.map((outcome, index) => {
    const place = index === 0 ? id : `${id}:${index}`;
    if (outcome instanceof BadRow) return rejected(outcome, place, source, originals(outcome.part));
    const { naturalKey } = outcome;
    if (naturalKey !== undefined) delete outcome.naturalKey;
    if (isAbsent(outcome.id))
      outcome.id = naturalKey === undefined ? (idFor(outcome) ?? place) : idOfKey(naturalKey);
    if (isAbsent(outcome.source)) outcome.source = source;
    const line = writeJson(outcome);
    if (line !== undefined) return line;
    const unwritable = new BadRow('nested too deeply', 'the record cannot be written again');
    return rejected(unwritable, place, source, originals(undefined));
  });
}

/**
 * What the dead letters of a record keep of it: all of it where it is one, else each its own part, so that many bad parts
 * take no more room than the record. Of a part that cannot be written again, the first one keeps the whole record.
 * @param count outcomes of the record
 */
export function createOriginals(
  record: string | Uint8Array,
  count: number,
): (part: unknown) => string | Uint8Array {
  let whole: string | Uint8Array = record;
  return (part) => {
    if (count === 1) return record;
    const text = part === undefined ? undefined : writeJson(part);
    if (text !== undefined) return text;
    const kept = whole;
    whole = '';
    return kept;
  };
}

/** The value as JSON; `undefined` where it is nested too deeply for that. */
export function writeJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}

/** Names the events of one record by what they say; `undefined` for what is nested too deeply. */
function contentIds(count: number): (event: RawEvent) => string | undefined {
  const came = count > 1 ? new Map<string, number>() : undefined;
  return (event) => {
    const id = contentId(event);
    if (id === undefined || came === undefined) return id;
    const before = came.get(id) ?? 0;
    came.set(id, before + 1);
    return before === 0 ? id : `${id}.${before}`;
  };
}

const NOT_UTF8 = new BadRow('not UTF-8', 'the record holds bytes that are no UTF-8');

function readOutcomes(text: string, format: ForeignFormat): readonly Outcome[] {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    const { reason, detail } = notJson(text, error);
    return [new BadRow(reason, detail)];
  }
  const outcomes = format.read(value);
  return outcomes.length > 0 ? outcomes : [new BadRow('not an event', 'the record holds no event')];
}

function rejected({ reason, detail }: BadRow, id: string, source: string, raw: string | Uint8Array): string {
  return encodeRejectedLine({ id: `${id}:rejected`, reason, detail, source, raw });
}
