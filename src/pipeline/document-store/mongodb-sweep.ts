import { type FindCursor } from 'mongodb';
import { LogRecords } from '../event-log/event-log.ts';
import { partsOf, type RecordDocument } from './mongodb-block.ts';
import { addDecoded, decodeBlock } from './record-block.ts';

/** What counts of a partition from a place on. */
export interface Stretch {
  /** None where nothing is said of it. */
  readonly records: LogRecords | undefined;
  readonly until: number;
}

interface Held {
  readonly from: number;
  readonly to: number;
  /** Of two that say of one place, the greater one counts. */
  readonly version: string;
  readonly documents: RecordDocument[];
  records?: LogRecords;
}

/** The blocks of a partition in the order of their beginnings; those that reach over the place it has come to are held. */
export class Sweep {
  private held: Held[] = [];
  private ahead: Held | null | undefined;
  private stash: RecordDocument | null | undefined;

  private readonly cursor: FindCursor<RecordDocument>;

  constructor(cursor: FindCursor<RecordDocument>) {
    this.cursor = cursor;
  }

  /** @param place no smaller than the one before @returns undefined where nothing follows */
  async at(place: number): Promise<Stretch | undefined> {
    this.ahead = this.ahead === undefined ? await this.pull() : this.ahead;
    for (; this.ahead !== null && this.ahead.from <= place; this.ahead = await this.pull())
      if (this.ahead.to > place) this.held.push(this.ahead);
    this.held = this.held.filter(({ to }) => to > place);
    const next = this.ahead?.from ?? Number.POSITIVE_INFINITY;
    const [first, ...others] = this.held;
    if (first === undefined)
      return next < Number.POSITIVE_INFINITY ? { records: undefined, until: next } : undefined;
    const newest = others.reduce((best, one) => (one.version > best.version ? one : best), first);
    newest.records ??= decoded(newest);
    return { records: newest.records, until: Math.min(newest.to, next) };
  }

  close(): Promise<void> {
    return this.cursor.close();
  }

  private async pull(): Promise<Held | null> {
    const document = await this.next();
    if (document === null) return null;
    const { offset: from, version } = partsOf(document._id);
    if (document.to !== undefined) return { from, to: document.to, version, documents: [document] };
    const documents = [document];
    // The events of one record are given together.
    for (;;) {
      const other = await this.next();
      if (other?.to !== undefined || other === null || partsOf(other._id).offset !== from) {
        this.stash = other;
        return { from, to: from + 1, version, documents };
      }
      documents.push(other);
    }
  }

  private async next(): Promise<RecordDocument | null> {
    const document = this.stash === undefined ? await this.cursor.next() : this.stash;
    this.stash = undefined;
    return document;
  }
}

function decoded({ documents }: Held): LogRecords {
  const records = new LogRecords();
  for (const document of documents) {
    if (document.to !== undefined)
      return document.count === 0 ? records : decodeBlock(Buffer.from(document.records.buffer));
    const { offset, index } = partsOf(document._id);
    addDecoded(records, offset, index, document.event);
  }
  return records;
}
