import { EcomError } from '../../errors.ts';
import { type EventColumns } from '../events/columns.ts';
import { type LogRecords } from './log-records.ts';
import { type NewLines, type NewRecord } from './new-lines.ts';

export { type LogRecord, LogRecords } from './log-records.ts';
export type { NewRecord } from './new-lines.ts';

/** Records of one partition in the order of their offsets, which may have gaps. */
export interface LogBatch {
  readonly partition: number;
  /** Possibly none, where what lies there holds nothing for a reader. */
  readonly records: LogRecords;
  /** What is known of some of them by those who appended them. */
  readonly scanned?: readonly ScannedRecords[];
  /** Offset to go on from: after the last record, and after what follows it that holds none. */
  readonly next: number;
}

/** Consecutive records of a batch that were scanned before. */
export interface ScannedRecords {
  /** Number of the first record, and how many there are. */
  readonly record: number;
  readonly count: number;
  /** Their rows, which hold none where a record was not scanned, from the `row`-th on. */
  readonly columns: EventColumns;
  readonly row: number;
  /** How much further back their lines lie among the batch's bytes. */
  readonly shift: number;
}

/** How far a finite source (a file, a stream with a fingerprint) has been appended. */
export interface SourceProgress {
  /** Fingerprint of the source's content. */
  readonly source: string;
  /** Records of the source that are in the log. */
  readonly rows: number;
  /** Bytes of the source, uncompressed, that those records took. */
  readonly bytes: number;
  /** Digest of those bytes, so that another file with the same beginning is not taken for this one. */
  readonly digest: string;
  readonly done: boolean;
}

/** Where appended records are: those of a partition have offsets that follow each other. */
export interface Placed {
  /** Offset of the first one, by partition. */
  readonly bases: readonly number[];
  /** When the log took them, ms since the epoch. */
  readonly appendedAt: number;
}

/** Retained offsets of a partition: the first that can be read, and the one that the next record gets. */
export interface PartitionBounds {
  readonly begin: number;
  readonly end: number;
}

export interface ConsumeOptions {
  /**
   * Which of how many processors this is, for a log that leaves the sharing of the partitions to whoever starts them; one
   * with consumer groups deals them out itself and goes on dealing while members come and go.
   */
  readonly member?: { readonly index: number; readonly count: number } | undefined;
  /** Name of one that reads apart from the processors, all partitions by itself. */
  readonly reader?: string | undefined;
  /**
   * Where to begin with partitions that the consumer has come to own, by partition. Called inside `poll` only, whenever
   * partitions are owned anew; an offset outside of what is retained becomes the nearest one inside.
   */
  start(partitions: readonly number[]): Promise<ReadonlyMap<number, number>>;
}

/** Most bytes that one `poll` returns, about: however many records are asked for, memory stays bounded. */
export const POLL_BYTES = 24 * 1024 * 1024;

/** Reads the partitions that one of several processors owns. */
export interface LogConsumer {
  /**
   * The next records, about `limit` of them, each owned partition at most once; none after `waitMs` without any. What it
   * returned before counts as taken: it is not returned again unless `seek` goes back.
   */
  poll(limit: number, waitMs: number): Promise<readonly LogBatch[]>;
  /** Partitions owned as of the last `poll`, ascending. */
  owned(): readonly number[];
  /** Goes on from an offset of an owned partition; what was read ahead of it is dropped. */
  seek(partition: number, offset: number): void;
  /** Notes how far partitions are counted, for lag monitoring; nothing depends on it. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Gives the partitions up. */
  close(): Promise<void>;
}

/** The durable, partitioned, replayable order of everything that happened. */
export interface EventLog {
  readonly partitions: number;
  /** How many records are enough for an append, where there are more: so many share what any append costs. */
  readonly enough: number;
  /**
   * Appends records, each partition's in order; lines may be gathered anew once that is done. With `progress`, that is stored with them atomically, and only where what is stored of the
   * source is still `before`, from which it was computed: a source counts once whenever the process dies, and however many
   * read it. One that rejects for a server that is away may have got through: called again with the very same `progress` object,
   * it does nothing then. Without, an append that rejects may have left some of its records: their ids make it safe to repeat.
   * @param before progress of the source as it was read, or stored last; `undefined` where there was none
   * @returns where they are, from a log that knows it at no cost
   * @throws EcomError `CONFLICT` where the stored progress is not `before`; nothing is appended then
   */
  append(
    records: readonly NewRecord[] | NewLines,
    progress?: SourceProgress,
    before?: SourceProgress,
  ): Promise<Placed | undefined>;
  /** Progress of a source; `undefined` for one that was never appended. */
  progress(source: string): Promise<SourceProgress | undefined>;
  /** A new reader; it owns nothing before its first `poll`. */
  consume(options: ConsumeOptions): LogConsumer;
  /**
   * Forgets records that were taken before a moment, ms since the epoch, and lie below the offsets given by partition. Nothing
   * where the server sees to that by itself.
   */
  expire(before: number, below: ReadonlyMap<number, number>): Promise<void>;
  /** Bounds of every partition, by partition number. */
  bounds(): Promise<readonly PartitionBounds[]>;
  /** Closes its consumers too. */
  close(): Promise<void>;
}

/** Whether two say the same of how far a source is appended; whether it ended there does not matter. */
export function isSamePlace(a: SourceProgress | undefined, b: SourceProgress | undefined): boolean {
  return a?.rows === b?.rows && a?.bytes === b?.bytes && a?.digest === b?.digest;
}

/** What is thrown where the stored progress of a source is not the one that an append was computed from. */
export function sourceTakenOver(cause?: unknown): EcomError {
  return new EcomError('CONFLICT', 'another ingest of the same source has taken over', {
    hint: 'nothing is lost or counted twice; let that one finish, or run this again to go on from where it stopped',
    cause,
  });
}
