import { EcomError } from '../errors.ts';
import { type EventLog } from '../pipeline/event-log/event-log.ts';
import { type FormatChoice } from '../pipeline/events/formats/choose.ts';
import { type IngestProgress } from '../pipeline/ingest/appender.ts';
import { type IngestResult, ingest } from '../pipeline/ingest/ingest.ts';
import { type Input } from '../pipeline/ingest/source.ts';
import { type Patience } from '../pipeline/patience.ts';
import { type CommandContext } from './context.ts';
import { type Numbers } from './ingest-numbers.ts';
import { count, createProgressReporter, rejectedLines } from './ingest-progress.ts';

/** Reads files into the log, one after the other, and shows how it gets on. */
export interface FileReader {
  read(input: Input, log: EventLog, numbers: Numbers, patience: Patience): Promise<IngestResult>;
  /** Says something in a line of its own. */
  note(text: string): void;
  /** Whether anything was appended. */
  changed(): boolean;
  /** What was appended of all files, in words; empty where nothing was. */
  appended(): string;
  /** What is to be thrown for an error: with what is safe, where it is no fault of the file. */
  failure(error: unknown): unknown;
}

export interface ReadOptions {
  readonly choice: FormatChoice;
  readonly speed: number | undefined;
  readonly rebase: boolean;
}

export function createFileReader(
  { config, stderr, signal }: CommandContext,
  { choice, speed, rebase }: ReadOptions,
): FileReader {
  let progress = createProgressReporter(stderr);
  let last: IngestProgress | undefined;
  let changed = false;
  /** Of the files before the last one. */
  const before = { events: 0, rejected: 0 };
  return {
    async read(input, stored, numbers, patience) {
      const log: EventLog = {
        ...stored,
        append: (records, progress, before) => patience(() => stored.append(records, progress, before)),
        progress: (source) => patience(() => stored.progress(source)),
      };
      if (last !== undefined) {
        before.events += last.events;
        before.rejected += rejectedLines(last.rejected);
      }
      last = undefined;
      progress = createProgressReporter(stderr);
      try {
        const result = await ingest({
          log,
          input,
          choice,
          speed,
          rebase,
          clock: Date.now,
          signal,
          onStart: (start) => progress.start(start, choice.format === 'auto'),
          onProgress(now) {
            last = now;
            changed = true;
            progress.update(now);
          },
          properties: config.layout.properties,
          afterAppend: numbers.afterAppend,
        });
        changed ||= result.lines > 0;
        return result;
      } finally {
        progress.stop();
      }
    },
    note: (text) => progress.note(text),
    changed: () => changed,
    appended() {
      const events = before.events + (last?.events ?? 0);
      const rejected = before.rejected + (last === undefined ? 0 : rejectedLines(last.rejected));
      const kinds = [...counted(events, 'event'), ...counted(rejected, 'rejected line')];
      return kinds.join(' and ');
    },
    failure(error) {
      if (signal.aborted) return new EcomError('INTERRUPTED', 'interrupted', { hint: whatIsSafe(last) });
      // What failed for a server that is away leaves something to go on from; anything else stays as it is.
      if (!(error instanceof EcomError) || error.code !== 'UNAVAILABLE') return error;
      return new EcomError('UNAVAILABLE', error.message, { hint: whatIsSafe(last), cause: error });
    },
  };
}

function counted(value: number, what: string): string[] {
  return value === 0 ? [] : [`${count(value)} ${what}${value === 1 ? '' : 's'}`];
}

function whatIsSafe(progress: IngestProgress | undefined): string {
  const lines = count(progress?.lines ?? 0);
  return `stopped after ${lines} new lines, which are safe; run the same command again to go on from there`;
}
