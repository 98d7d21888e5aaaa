import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Readable } from 'node:stream';
import { EcomError, errorCode, errorMessage } from '../errors.ts';
import { openPipe } from '../pipe.ts';
import {
  type DeadLetter,
  type DocumentStore,
  type Place,
} from '../pipeline/document-store/document-store.ts';
import { type NewRecord } from '../pipeline/event-log/event-log.ts';
import { CLOCK_AHEAD, decodeRecord, isRejected } from '../pipeline/events/decode.ts';
import { writeJson } from '../pipeline/events/foreign.ts';
import { partitionKey, shopperOf } from '../pipeline/events/shop-event.ts';
import { type CommandContext } from './context.ts';
import { eventOf, letterId, placeIn, readAll } from './dead-letters.ts';
import { createNumbers } from './ingest-numbers.ts';
import { printJson, write } from './output.ts';
import { requireData } from './require-data.ts';
import { withCountingStores } from './stores.ts';
import { patienceOf } from './wait.ts';

export interface ReplayOptions {
  readonly reason?: string;
  /** What `dead-letters export` wrote, mended; `-` for standard input. */
  readonly from?: string;
  /** `field=value`, put into every event; a dot leads into an object. */
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** A dead letter as it is to be sent again. */
interface Mended {
  readonly place: Place;
  readonly event: Record<string, unknown>;
  /** Of one that is an event itself, once its time has come. */
  readonly original?: Original | undefined;
}

/** What an event that came ahead of the clock is known by. */
interface Original {
  readonly id: string;
  readonly shopper: string | undefined;
}

const PARTS = 500;

type Letters = Pick<DocumentStore, 'deadLettersAfter' | 'markResent'>;

/**
 * Sends dead letters again, mended. Only what is a valid event now is sent, each once, however often it is tried; the rest
 * stays where it is. An event that was received, rejected, and is received again counts as both.
 */
export async function replay(context: CommandContext, options: ReplayOptions): Promise<void> {
  const { config, stdout, signal } = context;
  const changes = (options.set ?? []).map(parseChange);
  requireData(config);
  await withCountingStores(config, async (stores) => {
    const patience = patienceOf(context);
    const documents: Letters = {
      deadLettersAfter: (after, limit, reason) =>
        patience(() => stores.documents.deadLettersAfter(after, limit, reason)),
      markResent: (places, time) => patience(() => stores.documents.markResent(places, time)),
    };
    const numbers = await createNumbers(config, stores, signal, patience);
    let sent = 0;
    const left = new Map<string, number>();
    for await (const part of options.from === undefined
      ? fromStore(documents, options.reason)
      : fromFile(options.from, context, documents)) {
      signal.throwIfAborted();
      const records: NewRecord[] = [];
      const places: Place[] = [];
      for (const { place, event, unreadable, original } of part) {
        const outcome = event === undefined ? unreadable! : record({ place, event, original }, changes);
        if (typeof outcome === 'string') left.set(outcome, (left.get(outcome) ?? 0) + 1);
        else {
          records.push(outcome);
          places.push(place);
        }
      }
      await patience(() => stores.log.append(records));
      // A crash before this sends them once more, and their ids make them duplicates.
      await documents.markResent(places, Date.now());
      sent += records.length;
    }
    if (sent > 0) {
      await numbers.finish();
      await numbers.learn(true);
    }
    const reasons = [...left].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
    if (options.json) {
      await printJson(stdout, { schema: 'ecom.replay/1', sent, left: reasons });
      return;
    }
    const lines = reasons.map(({ reason, count }) => `  ${count.toLocaleString('en-US')} left: ${reason}\n`);
    await write(stdout, `${sent.toLocaleString('en-US')} sent again\n${lines.join('')}`);
  });
}

interface Candidate extends Omit<Mended, 'event'> {
  readonly event: Record<string, unknown> | undefined;
  /** Why there is no event. */
  readonly unreadable?: string;
}

async function* fromStore(documents: Letters, reason: string | undefined): AsyncIterable<Candidate[]> {
  for await (const letters of readAll(documents, reason)) {
    yield letters.map((letter) => ({
      place: placeOf(letter),
      event: eventOf(letter),
      original: originalOf(letter),
      unreadable: letter.cleared
        ? 'no longer kept whole'
        : 'no JSON object: export, mend and replay --from FILE',
    }));
  }
}

/** @returns undefined for what is no event whenever it is read */
function originalOf(letter: DeadLetter): Original | undefined {
  if (letter.reason !== CLOCK_AHEAD) return undefined;
  const decoded = decodeRecord(letter.bytes, { ...placeOf(letter), appendedAt: Number.MAX_SAFE_INTEGER });
  const shopper = isRejected(decoded) ? undefined : shopperOf(decoded);
  return { id: decoded.id ?? letterId(letter), shopper };
}

function placeOf({ partition, offset, index }: DeadLetter): Place {
  return index === undefined ? { partition, offset } : { partition, offset, index };
}

/** Mended letters of a file, those that are still there to be sent. */
async function* fromFile(
  path: string,
  { stdin, signal }: CommandContext,
  documents: Letters,
): AsyncIterable<Candidate[]> {
  const open = new Map<string, Original | undefined>();
  for await (const letters of readAll(documents, undefined))
    for (const one of letters) open.set(letterId(one), originalOf(one));
  let part: Candidate[] = [];
  try {
    for await (const line of linesOf(
      path === '-' ? stdin : (openPipe(path) ?? createReadStream(path)),
      signal,
    )) {
      if (line.trim() === '') continue;
      part.push(candidateOf(line, open));
      if (part.length < PARTS) continue;
      yield part;
      part = [];
    }
  } catch (error) {
    if (errorCode(error) === undefined || error instanceof EcomError) throw error;
    throw new EcomError('NOT_FOUND', `${path} cannot be read: ${errorMessage(error)}`, {
      hint: 'write it with ecom dead-letters export --out FILE, and mend the events in it',
    });
  }
  yield part;
}

/** Lines, until the signal aborts: a pipe may never have any. */
async function* linesOf(input: Readable, signal: AbortSignal): AsyncIterable<string> {
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = (): void => {
    lines.close();
    input.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  yield* lines;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
}

function candidateOf(line: string, open: ReadonlyMap<string, Original | undefined>): Candidate {
  const nowhere = { partition: -1, offset: -1 };
  let said: { id?: unknown; event?: unknown };
  try {
    said = JSON.parse(line) as typeof said;
  } catch {
    return { place: nowhere, event: undefined, unreadable: 'a line of the file is no JSON' };
  }
  const place = placeIn(String(said?.id));
  if (place === undefined || !open.has(letterId(place))) {
    return { place: nowhere, event: undefined, unreadable: 'no dead letter of that id waits' };
  }
  const { event } = said;
  return event !== null && typeof event === 'object' && !Array.isArray(event)
    ? { place, event: event as Record<string, unknown>, original: open.get(String(said.id)) }
    : { place, event: undefined, unreadable: 'a line of the file has no event' };
}

/** @returns the record, or why it still is no event */
function record({ place, event, original }: Mended, changes: readonly Change[]): NewRecord | string {
  const { partition, offset, index } = place;
  // An id of its own: the old one is known by the one that was rejected.
  const id = ['replay', partition, offset, ...(index === undefined ? [] : [index])].join(':');
  const mended: Record<string, unknown> = { ...event, id };
  for (const { path, value } of changes) setAt(mended, path, value);
  // Both are one event, so that only one counts when all is counted again after its time has come.
  if (original !== undefined) mended.id = original.id;
  const value = writeJson(mended);
  if (value === undefined) return 'nested too deeply';
  const decoded = decodeRecord(value, { partition, offset, appendedAt: Date.now() });
  if (isRejected(decoded)) return decoded.reason;
  const key = partitionKey(decoded);
  // Duplicates are found within a partition. Whoever is somebody else now has to be where his other events are.
  return original !== undefined && original.shopper === shopperOf(decoded)
    ? { key, value, partition }
    : { key, value };
}

interface Change {
  readonly path: readonly string[];
  readonly value: string | number | boolean | null;
}

function parseChange(text: string): Change {
  const [, name = '', value = ''] = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(text) ?? [];
  const path = name.split('.');
  if (name === '' || path.includes('__proto__')) {
    throw new EcomError('USAGE', `--set '${text}' is no field=value`, {
      hint: 'such as --set currency=EUR or --set properties.country=DE',
    });
  }
  // What is a number, true, false or null in JSON is that; everything else is a text.
  const literal = /^(-?\d+(\.\d+)?|true|false|null)$/.test(value);
  return { path, value: literal ? (JSON.parse(value) as Change['value']) : value };
}

function setAt(event: Record<string, unknown>, path: readonly string[], value: Change['value']): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    event[name] = value;
    return;
  }
  const inner = event[name];
  const copy = inner !== null && typeof inner === 'object' && !Array.isArray(inner) ? { ...inner } : {};
  event[name] = copy;
  setAt(copy as Record<string, unknown>, rest, value);
}
