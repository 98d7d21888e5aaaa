import { type EventLog, type NewRecord, type SourceProgress } from '../event-log/event-log.ts';
import { type Resumed } from './ledger.ts';
import { type SourceRecord } from './records.ts';
import { type Block } from './rows.ts';

/** Most records, and most characters of them, in one append. */
const CHUNK_RECORDS = 5000;
const CHUNK_CHARS = 8 * 1024 * 1024;

export interface AppenderOptions {
  readonly log: EventLog;
  /** Told after every append. */
  onProgress?(progress: IngestProgress): void;
  /**
   * Called after every append; reading goes on when it is done.
   * @param records that were appended
   * @param more whether others are at hand, as far as one can tell
   */
  afterAppend?(records: number, more: boolean): Promise<void>;
}

/** What this run has appended. */
export interface IngestProgress {
  /** Bytes read, as they lie on the disk. */
  readonly bytesRead: number;
  /** Lines, those that hold nothing included. */
  readonly lines: number;
  readonly events: number;
  /** Rejected lines by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Oldest and newest event time, ms since the epoch. */
  readonly times: { readonly from: number; readonly to: number } | undefined;
}

/** Takes records, and appends them together with how far the source is read. */
export interface Appender {
  /** Takes a row's records, and notes that the block has been read up to `end`. */
  add(records: readonly SourceRecord[], block: Block, end: number, lines: number): void;
  full(): boolean;
  /** Appends what was taken, together with how far that is. */
  append(done?: boolean): Promise<void>;
  /** Whether an append has failed. */
  failed(): boolean;
  progress(): IngestProgress;
}

export function createAppender(options: AppenderOptions, resumed: Resumed): Appender {
  const { log, onProgress, afterAppend } = options;
  const { source, key, hash } = resumed;
  const counts = { events: 0, rejected: {} as Record<string, number>, from: Number.POSITIVE_INFINITY, to: 0 };
  let records: NewRecord[] = [];
  let chars = 0;
  let { lines, bytes, done: wasDone } = resumed;
  let stored: SourceProgress | undefined = resumed.known;
  let current: { readonly block: Block; end: number } | undefined;
  let changed = false;
  let insideRow = false;
  let failing = false;

  function progress(): IngestProgress {
    const { events, rejected, from, to } = counts;
    const times = events === 0 ? undefined : { from, to };
    return {
      bytesRead: source.bytesRead(),
      lines: lines - resumed.lines,
      events,
      rejected: { ...rejected },
      times,
    };
  }

  function full(): boolean {
    return records.length >= CHUNK_RECORDS || chars >= CHUNK_CHARS;
  }

  return {
    add(added, block, end, line) {
      for (const { record, time, reason } of added) {
        records.push(record);
        chars += record.value.length;
        if (reason !== undefined) counts.rejected[reason] = (counts.rejected[reason] ?? 0) + 1;
        else {
          counts.events += 1;
          counts.from = Math.min(counts.from, time!);
          counts.to = Math.max(counts.to, time!);
        }
      }
      if (current?.block !== block) current = { block, end: 0 };
      changed ||= end > current.end;
      hash.update(block.bytes.subarray(current.end, end));
      bytes += end - current.end;
      current.end = end;
      lines = line;
      insideRow = !block.whole;
    },
    full,
    async append(done = false) {
      if (insideRow || (!changed && (wasDone || !done))) return;
      const batch = records;
      const more = full();
      records = [];
      chars = 0;
      changed = false;
      wasDone = done;
      failing = true;
      const next = { source: key, rows: lines, bytes, digest: hash.copy().digest('hex'), done };
      await log.append(batch, next, stored);
      stored = next;
      onProgress?.(progress());
      await afterAppend?.(batch.length, more);
      failing = false;
    },
    failed: () => failing,
    progress,
  };
}
