/** A record to be appended: one line of text, normally a JSON event, and the key that picks its partition. */
export interface NewRecord {
  readonly key: string;
  /** No line feed in it. */
  readonly value: string;
}

export interface LogRecord {
  /** As it was appended; bytes where a foreign producer wrote what is no UTF-8. */
  readonly value: string | Uint8Array;
  /** When the log took it, ms since the epoch. */
  readonly appendedAt: number;
}

/** Consecutive records of one partition: `records[i]` has offset `baseOffset + i`. */
export interface LogBatch {
  readonly partition: number;
  readonly baseOffset: number;
  readonly records: readonly LogRecord[];
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

/** Retained offsets of a partition: the first that can be read, and the one that the next record gets. */
export interface PartitionBounds {
  readonly begin: number;
  readonly end: number;
}

/** The durable, partitioned, replayable order of everything that happened. */
export interface EventLog {
  readonly partitions: number;
  /**
   * Appends records in order, atomically: all, or none where it rejects. With `progress`, that is stored in the same
   * transaction, so that a source counts once whenever the process dies.
   */
  append(records: readonly NewRecord[], progress?: SourceProgress): Promise<void>;
  /** Progress of a source; `undefined` for one that was never appended. */
  progress(source: string): Promise<SourceProgress | undefined>;
  /**
   * Up to `limit` records from offset `from`, fewer where they are large; an empty batch only at the end. A `from` below what is retained starts at the
   * first retained record: look at `baseOffset`.
   */
  read(partition: number, from: number, limit: number): Promise<LogBatch>;
  /** Bounds of every partition, by partition number. */
  bounds(): Promise<readonly PartitionBounds[]>;
  /** Notes a consumer's position for lag monitoring; nothing depends on it. */
  commit(partition: number, position: number): Promise<void>;
  close(): Promise<void>;
}
