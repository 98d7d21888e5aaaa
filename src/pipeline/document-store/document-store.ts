import { type LogRecords } from '../event-log/event-log.ts';
import { type ShopEvent } from '../events/shop-event.ts';

/** An event with its place in the log. */
export interface StoredEvent {
  readonly offset: number;
  /** Place among the events of one log record that holds several; absent for the first and only one. */
  readonly index?: number;
  readonly event: ShopEvent;
}

/** Something that is not a valid event, kept with all that is needed to mend it and send it again. */
export interface DeadLetter {
  readonly partition: number;
  readonly offset: number;
  /** As in {@link StoredEvent}. */
  readonly index?: number;
  /** When the log took it, ms since the epoch. */
  readonly time: number;
  /** One of a small set of phrases such as `zero price`: what to group by. */
  readonly reason: string;
  /** The particulars, such as the path and the value that failed. */
  readonly detail: string;
  /** Where it came from: a feed, or a file and row. */
  readonly source: string;
  /** The original bytes. */
  readonly bytes: Uint8Array;
  /** Whether it was beyond the store's {@link LetterBound}: detail and bytes are empty. */
  readonly cleared?: true;
}

/**
 * How many dead letters are kept whole. Of those beyond it, the oldest, place, time, reason and source remain: they are
 * counted, and found when a batch is replayed.
 */
export interface LetterBound {
  /** Of details and original bytes together. They are cleared down to it once they are an eighth over. */
  readonly bytes: number;
  /** Since the log took it; 0 is for ever. Looked at once an hour. */
  readonly days: number;
}

/** What one micro-batch leaves behind of a partition: all of its records with `from` ≤ offset < `to`. */
export interface DocumentBatch {
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** When the log took the newest of its records, ms since the epoch: what the age of its events is counted from. */
  readonly time: number;
  /** Its records are those with a number from `first` on, up to `last`: events, but for those below. */
  readonly records: LogRecords;
  readonly first: number;
  readonly last: number;
  /** The records, or events of one, that repeat an earlier event. */
  readonly duplicates: readonly Pick<StoredEvent, 'offset' | 'index'>[];
  readonly deadLetters: readonly DeadLetter[];
}

/** Where a record, or one of the events in it, lies. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
  readonly index?: number;
}

export interface DeadLetterQuery {
  readonly reason?: string | undefined;
  /** Newest first, at most this many. */
  readonly limit: number;
}

/** Records of a partition as a log has them, for who reads many and looks at little of each. */
export interface StoredRecords {
  readonly records: LogRecords;
  /** Numbers of the records that repeat an earlier one or are dead letters. What others hold may still be no event. */
  readonly skipped: ReadonlySet<number>;
  /** Offset to go on from, as that of {@link DocumentStore.readEvents}. */
  readonly next: number;
}

/** A trained model or other derived document, as JSON. */
export interface ModelDocument {
  readonly name: string;
  /** When it was made, ms since the epoch. */
  readonly time: number;
  readonly json: string;
}

/** Raw events, dead letters and models: what is read by range and not by the second. */
export interface DocumentStore {
  /**
   * Idempotent by (partition, offset, index): a replayed batch finds its rows and changes nothing. What it takes a record for
   * holds, whatever that was taken for before: an event that arrived ahead of the clock, say, is a dead letter until its time has come.
   */
  append(batches: readonly DocumentBatch[]): Promise<void>;
  /** The offset up to which batches of a partition were ever appended, 0 for none: it never goes back. */
  appended(partition: number): Promise<number>;
  /**
   * Appended events of a partition with offset ≥ `from`, in order, each once, looking at no more than `limit` records.
   * `next` is the offset to go on from; it equals `from` at the end. Offsets may have gaps, at the beginning too, where
   * what was there is no longer kept.
   */
  readEvents(
    partition: number,
    from: number,
    limit: number,
  ): Promise<{ events: StoredEvent[]; next: number }>;
  /** The same as records, not decoded. */
  readRecords(partition: number, from: number, limit: number): Promise<StoredRecords>;
  /** Dead letters that were not sent again, newest first. */
  deadLetters(query: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /** One dead letter; `undefined` where there is none at that place. */
  deadLetter(place: Place): Promise<DeadLetter | undefined>;
  /** Dead letters that were not sent again after a place, by place, at most `limit`. */
  deadLettersAfter(after: Place | undefined, limit: number, reason?: string): Promise<readonly DeadLetter[]>;
  /** Notes that dead letters were sent again: they are kept, and listed no more. @param time ms since the epoch */
  markResent(places: readonly Place[], time: number): Promise<void>;
  /** Number of dead letters a reason that were not sent again, most first. */
  deadLetterReasons(): Promise<readonly { reason: string; count: number }[]>;
  /** Number of dead letters that were not sent again and are no longer kept whole. */
  clearedDeadLetters(): Promise<number>;
  /** Stores a model under its name, replacing the last one atomically. */
  saveModel(model: ModelDocument): Promise<void>;
  /** The model of that name; `undefined` where none was saved. */
  loadModel(name: string): Promise<ModelDocument | undefined>;
  /** Forgets the model of that name, if there is one. */
  deleteModel(name: string): Promise<void>;
  close(): Promise<void>;
}
