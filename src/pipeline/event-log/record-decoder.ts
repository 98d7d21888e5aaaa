import { isUtf8 } from 'node:buffer';
import { EventColumns } from '../events/columns.ts';
import { decodeRecord, isRejected } from '../events/decode.ts';
import { LineScanner } from '../events/scan.ts';
import { type LineType } from '../events/shop-event.ts';
import { TypePeek } from '../events/type-peek.ts';
import { type LogRecords } from './log-records.ts';

/** Decodes log records one at a time, for who has done with each before the next. */
export class RecordDecoder {
  /** The event that was decoded last is their first row. */
  readonly columns = new EventColumns();
  private readonly scanner = new LineScanner(this.columns);
  private readonly peek: TypePeek;
  private partition = 0;
  private records: LogRecords | undefined;

  /** @param isWanted which types of events may be passed over @default none */
  constructor(isWanted: (type: LineType) => boolean = () => true) {
    this.peek = new TypePeek(isWanted);
  }

  /** Says what the next records are. They are decoded in their order. */
  begin(partition: number, records: LogRecords): void {
    const { bytes } = records;
    this.partition = partition;
    this.records = records;
    this.scanner.begin(bytes, isUtf8(bytes), 0);
    this.peek.begin(bytes);
  }

  /** Makes the event that a record holds the first row. @returns whether it holds one, and may be wanted */
  decode(record: number): boolean {
    const records = this.records!;
    if (records.isTombstone(record)) return false;
    const [start, end] = [records.start(record), records.end(record)];
    if (this.peek.isUnwanted(start, end)) return false;
    if (this.columns.length > 0) this.columns.drop();
    this.scanner.arrived(records.appendedAt(record));
    return this.scanner.scanRecord(start, end) || this.decodeSlowly(records, record);
  }

  private decodeSlowly(records: LogRecords, record: number): boolean {
    const { offset, index, value, appendedAt } = records.at(record);
    const event = decodeRecord(value, { partition: this.partition, offset, index, appendedAt });
    if (isRejected(event)) return false;
    this.columns.add(event, 0, 0);
    return true;
  }
}
