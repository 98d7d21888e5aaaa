import { setTimeout as sleep } from 'node:timers/promises';
import { EcomError } from '../../errors.ts';
import { greatest } from '../../extremes.ts';
import { chooseFormat, type FormatChoice, type OpenFormat } from '../events/formats/choose.ts';
import { BadRow, type FormatName } from '../events/formats/format.ts';
import { timeOf } from '../events/row-content.ts';
import { type AppenderOptions, createAppender, type IngestProgress } from './appender.ts';
import { createKnownRows, type KnownRows } from './known-rows.ts';
import { type Resumed, resume } from './ledger.ts';
import { createPace, type Pace } from './pace.ts';
import { createPlain } from './plain-lines.ts';
import { createRecordMaker, readOutcomes, type SourceRecord } from './records.ts';
import { type Block, createRowReader, splitLines, withoutMark } from './rows.ts';
import { settle } from './settle.ts';
import { type Input, type Source } from './source.ts';

/** A stream that pauses for so long has what came from it appended, ms. */
const IDLE_MS = 200;
/** A wait that is shorter is left out, ms. */
const SHORTEST_WAIT_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface IngestOptions extends AppenderOptions {
  readonly input: Input;
  readonly choice: FormatChoice;
  /** Multiple of real time; `undefined` is as fast as it goes. */
  readonly speed: number | undefined;
  /** Whether the events' times are moved so that they happen now. */
  readonly rebase: boolean;
  /** Ms since the epoch. */
  readonly clock: () => number;
  readonly signal: AbortSignal;
  /** Told once, when the format is known and what was ingested earlier is skipped. */
  onStart?(start: IngestStart): void;
}

export interface IngestStart {
  readonly name: string;
  readonly format: FormatName;
  /** Size as it lies on the disk, bytes; `undefined` for a stream. */
  readonly size: number | undefined;
  /** Lines that the log held already. */
  readonly knownLines: number;
  /** Bytes read to skip them, as they lie on the disk. */
  readonly bytesRead: number;
}

export interface IngestResult extends IngestStart, IngestProgress {
  /** The source's name in the ledger. */
  readonly source: string;
  /** What it is encoded in; `undefined` for UTF-8. */
  readonly encoding: string | undefined;
  /** Paths of a map that no record has which was read now. */
  readonly unfound: readonly string[];
}

/**
 * Appends a source's events to the log, in bounded memory. What the log holds of the source already is skipped, so it
 * counts once however often it is ingested, and goes on where it stopped.
 * @throws EcomError where the source cannot be read or understood, and the signal's reason where that is aborted; what was
 * appended until then stays, and another run goes on from there
 */
export async function ingest(options: IngestOptions): Promise<IngestResult> {
  const { input, choice, log, signal } = options;
  let source = await input.open(signal);
  try {
    const chosen = chooseFormat(choice, firstLines(source.head), source.name);
    const format = await settle(chosen, input, source.head, signal);
    const pace = createPace({ ...options, newest: await newestTime(options, format) });
    const known = createKnownRows(format, source.name);
    const resumed = await resume(log, input, source, signal, known.take);
    source = resumed.source;
    const { name, size } = source;
    const start = {
      name,
      format: format.name,
      size,
      knownLines: resumed.lines,
      bytesRead: source.bytesRead(),
    };
    options.onStart?.(start);
    const progress = await appendAll(options, resumed, format, pace, known);
    const unfound = format.layout === 'json' && progress.lines > 0 ? (format.unfound?.() ?? []) : [];
    return { ...start, ...progress, source: resumed.key, encoding: source.encoding(), unfound };
  } finally {
    source.close();
  }
}

function firstLines(head: Buffer): string[] {
  const lines = splitLines(head).slice(0, 20);
  return lines.map((line, index) => (typeof line !== 'string' ? '' : index === 0 ? withoutMark(line) : line));
}

/** Time of the newest event, which takes a reading of its own; only where it is needed. */
async function newestTime(
  { input, rebase, speed, signal }: IngestOptions,
  format: OpenFormat,
): Promise<number | undefined> {
  if (!rebase || speed !== undefined) return undefined;
  if (!input.rewindable) {
    throw new EcomError(
      'USAGE',
      '--rebase now has to know the newest event, and a stream is only read once',
      {
        hint: 'add a speed, such as --speed 1x, or write the stream to a file first',
      },
    );
  }
  const source = await input.open(signal);
  const reader = createRowReader(format, 0);
  let newest = Number.NEGATIVE_INFINITY;
  try {
    for (let ended = false; !ended; ) {
      const chunk = await source.next().catch((error: unknown) => {
        // The second reading finds the same fault and says so, after it has appended what comes before.
        if (signal.aborted) throw error;
      });
      ended = chunk === undefined;
      for (const { rows } of chunk === undefined ? reader.end() : reader.push(chunk)) {
        for (const row of rows) {
          for (const outcome of readOutcomes(format, row)) {
            const time = outcome instanceof BadRow ? Number.NaN : timeOf(outcome);
            if (time > newest) newest = time;
          }
        }
      }
    }
  } finally {
    source.close();
  }
  return newest === Number.NEGATIVE_INFINITY ? undefined : newest;
}

async function appendAll(
  options: IngestOptions,
  resumed: Resumed,
  format: OpenFormat,
  pace: Pace,
  known: KnownRows,
): Promise<IngestProgress> {
  const { input, signal, clock } = options;
  const { source } = resumed;
  const { ids } = known;
  const makeRecords = createRecordMaker({ format, name: source.name, ids, shift: pace.shift });
  const appender = createAppender(options, resumed);
  const isTimed = pace.shift !== undefined || options.speed !== undefined;
  const plain = isTimed
    ? undefined
    : createPlain(format, { ids, name: source.name }, appender, clock, options.properties);
  const reader = createRowReader(format, resumed.lines, plain);
  let isKnown = resumed.bytes === 0;

  async function take(block: Block): Promise<void> {
    if (!isKnown) await known.finish(input, resumed.bytes, signal);
    isKnown = true;
    // Inside a row that is too long there is no place to go on from: the last one is before it.
    if (!block.whole) await appender.append();
    for (const row of block.rows) {
      const records = makeRecords(row, clock());
      const wait = options.speed === undefined ? 0 : longestWait(records, pace);
      if (wait >= SHORTEST_WAIT_MS) {
        await appender.append();
        await pause(wait, signal);
      }
      appender.add(records, block, row.end, row.lastLine);
      if (appender.full()) {
        await appender.append();
        signal.throwIfAborted();
      }
    }
    appender.add([], block, block.end, block.lines);
    if (appender.full()) await appender.append();
    signal.throwIfAborted();
  }

  try {
    for (const block of reader.push(resumed.rest)) await take(block);
    for (let ended = false; !ended; ) {
      const chunk = await nextChunk(source, () => appender.append());
      ended = chunk === undefined;
      for (const block of chunk === undefined ? reader.end() : reader.push(chunk)) await take(block);
    }
  } catch (error) {
    if (!appender.failed()) await appender.append();
    throw error;
  }
  await appender.append(true);
  return appender.progress();
}

/** How long a row has to wait until all of its events have happened, ms. */
function longestWait(records: readonly SourceRecord[], pace: Pace): number {
  const waits = records.flatMap(({ time }) => (time === undefined ? [] : [pace.wait(time)]));
  return greatest(waits, 0);
}

/** The next bytes; a stream that pauses has what it sent so far appended meanwhile. */
async function nextChunk(source: Source, flush: () => Promise<void>): Promise<Buffer | undefined> {
  const read = source.next();
  if (source.size !== undefined) return read;
  const timer = new AbortController();
  const idle = sleep(IDLE_MS, 'idle' as const, { signal: timer.signal }).catch(() => 'idle' as const);
  try {
    if ((await Promise.race([read, idle])) === 'idle') await flush();
    return await read;
  } finally {
    timer.abort();
    read.catch(() => {});
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= LONGEST_TIMER_MS) {
    await sleep(Math.min(left, LONGEST_TIMER_MS), undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }
}
