import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type EventColumns, TEXT } from '../events/columns.ts';
import { type Count } from '../events/money.ts';
import { LINE_TYPES, type LineType } from '../events/shop-event.ts';
import { readCount, writeCount } from './stored-count.ts';

/** What an event adds to what its shopper has bought. */
export interface Spending {
  /** 0 for a further line of an order; below 0 where the order does not count any more. */
  readonly orders: number;
  /** Below 0 for what is taken back. */
  readonly amount: Count;
  /** Its currency. */
  readonly code: string;
  /** The same in other currencies. */
  readonly others?: readonly (readonly [code: string, amount: Count])[] | undefined;
  /** The event itself is no purchase that counts: it says how others do. */
  readonly corrects?: boolean | undefined;
}

/** What counting by shopper needs of an event, so that it can be taken from one shopper and given to another. */
export interface Fact {
  /** ms since the epoch */
  readonly time: number;
  readonly type: LineType;
  readonly sessionId: string | undefined;
  /** The list of recommendations that it belongs to. */
  readonly list: string | undefined;
  /** Values of the properties that count, in their order. */
  readonly values: readonly (string | undefined)[];
  /** What it adds to what its shopper has bought. */
  readonly spent: Spending | undefined;
}

const TYPE_BITS = 16;
const WITH_SPENT = 1 * TYPE_BITS;
const WITH_SESSION = 2 * TYPE_BITS;
const WITH_LIST = 4 * TYPE_BITS;
const WITH_VALUES = 8 * TYPE_BITS;

/**
 * Facts in the order of arrival, as they are stored: a few bytes each, and no object before somebody asks for them.
 *
 * Invariant: `list` holds `count` facts; the time of each is told from the one before, and that of the last is `last`.
 */
export class Trail {
  count = 0;
  private last = 0;
  private readonly list = new ByteWriter(256);

  /** Bytes that it takes. */
  get size(): number {
    return this.list.length;
  }

  clear(): void {
    this.count = 0;
    this.last = 0;
    this.list.clear();
  }

  /** Adds what is to be known of an event. */
  note(columns: EventColumns, row: number, spent: Spending | undefined): void {
    const { list } = this;
    const time = columns.time(row);
    const properties = columns.properties.length;
    let values = 0;
    for (let i = 0; i < properties; i += 1) if (columns.propertySize(row, i) >= 0) values = i + 1;
    const hasSession = columns.has(row, TEXT.sessionId);
    const hasList = columns.has(row, TEXT.list);
    list.int(time - this.last);
    list.uint(
      columns.typeNumber(row) |
        (spent === undefined ? 0 : WITH_SPENT) |
        (hasSession ? WITH_SESSION : 0) |
        (hasList ? WITH_LIST : 0) |
        (values === 0 ? 0 : WITH_VALUES),
    );
    if (spent !== undefined) writeSpent(list, spent);
    if (hasSession) this.copy(columns, columns.place(row, TEXT.sessionId), columns.size(row, TEXT.sessionId));
    if (hasList) this.copy(columns, columns.place(row, TEXT.list), columns.size(row, TEXT.list));
    if (values > 0) {
      list.uint(values);
      for (let i = 0; i < values; i += 1) {
        const size = columns.propertySize(row, i);
        list.uint(size + 1);
        if (size >= 0) this.copyBytes(columns, columns.propertyPlace(row, i), size);
      }
    }
    this.last = time;
    this.count += 1;
  }

  private copy(columns: EventColumns, place: number, size: number): void {
    this.list.uint(size);
    this.copyBytes(columns, place, size);
  }

  private copyBytes(columns: EventColumns, place: number, size: number): void {
    this.list.copy(columns.bytesAt(place), columns.offsetOf(place), size);
  }

  /** The facts, in the order of arrival. */
  facts(): Fact[] {
    const reader = new ByteReader(this.list.bytes.subarray(0, this.list.length));
    const facts: Fact[] = [];
    let time = 0;
    for (let left = this.count; left > 0; left -= 1) {
      time += reader.int();
      facts.push(readFact(reader, time));
    }
    return facts;
  }

  /** Holds these facts instead. */
  set(facts: readonly Fact[]): void {
    this.clear();
    for (const fact of facts) {
      writeFact(this.list, fact, fact.time - this.last);
      this.last = fact.time;
      this.count += 1;
    }
  }

  write(writer: ByteWriter): void {
    writer.uint(this.count);
    writer.uint(this.last);
    writer.uint(this.list.length);
    writer.copy(this.list.bytes, 0, this.list.length);
  }

  /** @throws RangeError where the bytes are no facts */
  read(reader: ByteReader): void {
    this.clear();
    this.count = reader.uint();
    this.last = reader.uint();
    const size = reader.uint();
    this.list.copy(reader.bytes, reader.skip(size), size);
  }
}

/** Facts as bytes that another shopper's state can hold. */
export function encodeFacts(facts: readonly Fact[]): Uint8Array {
  const trail = new Trail();
  trail.set(facts);
  const writer = new ByteWriter();
  trail.write(writer);
  return writer.slice();
}

/** @throws RangeError where the bytes are no facts */
export function decodeFacts(bytes: Uint8Array): Fact[] {
  const trail = new Trail();
  trail.read(new ByteReader(bytes));
  return trail.facts();
}

function writeFact(writer: ByteWriter, fact: Fact, since: number): void {
  const { type, spent, sessionId, list, values } = fact;
  writer.int(since);
  writer.uint(
    LINE_TYPES.indexOf(type) |
      (spent === undefined ? 0 : WITH_SPENT) |
      (sessionId === undefined ? 0 : WITH_SESSION) |
      (list === undefined ? 0 : WITH_LIST) |
      (values.length === 0 ? 0 : WITH_VALUES),
  );
  if (spent !== undefined) writeSpent(writer, spent);
  if (sessionId !== undefined) writeUtf8(writer, sessionId, 0);
  if (list !== undefined) writeUtf8(writer, list, 0);
  if (values.length === 0) return;
  writer.uint(values.length);
  for (const value of values) {
    if (value === undefined) writer.uint(0);
    else writeUtf8(writer, value, 1);
  }
}

/** As the columns have it: a ByteWriter's own texts differ for half a surrogate pair, which no event has. */
function writeUtf8(writer: ByteWriter, text: string, above: number): void {
  const bytes = Buffer.from(text);
  writer.uint(bytes.length + above);
  writer.copy(bytes, 0, bytes.length);
}

function readFact(reader: ByteReader, time: number): Fact {
  const parts = reader.uint();
  return {
    time,
    type: LINE_TYPES[parts % TYPE_BITS]!,
    spent: parts & WITH_SPENT ? readSpent(reader) : undefined,
    sessionId: parts & WITH_SESSION ? reader.text() : undefined,
    list: parts & WITH_LIST ? reader.text() : undefined,
    values: parts & WITH_VALUES ? readValues(reader) : [],
  };
}

function readValues(reader: ByteReader): (string | undefined)[] {
  return Array.from({ length: reader.uint() }, () => {
    const size = reader.uint() - 1;
    if (size < 0) return undefined;
    const start = reader.skip(size);
    return reader.bytes.toString('utf8', start, start + size);
  });
}

function writeSpent(writer: ByteWriter, { orders, amount, code, others = [], corrects }: Spending): void {
  writer.int(orders);
  writeCount(writer, amount);
  writer.text(code);
  writer.uint(2 * others.length + (corrects === true ? 1 : 0));
  for (const [other, sum] of others) {
    writer.text(other);
    writeCount(writer, sum);
  }
}

function readSpent(reader: ByteReader): Spending {
  const orders = reader.int();
  const amount = readCount(reader);
  const code = reader.text();
  const more = reader.uint();
  const others = Array.from({ length: more >> 1 }, () => [reader.text(), readCount(reader)] as const);
  return {
    orders,
    amount,
    code,
    ...(others.length > 0 && { others }),
    ...(more % 2 === 1 && { corrects: true }),
  };
}
