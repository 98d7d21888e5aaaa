import { ByteReader, ByteWriter } from '../events/bytes.ts';
import { type EventColumns, TEXT, type TextField } from '../events/columns.ts';
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
  /** It is a line that names nobody, of an order of the shopper: nothing but `spent` counts. */
  readonly isLine?: boolean | undefined;
}

const TYPE_BITS = 16;
const WITH_SPENT = 1 * TYPE_BITS;
const WITH_SESSION = 2 * TYPE_BITS;
const WITH_LIST = 4 * TYPE_BITS;
const WITH_VALUES = 8 * TYPE_BITS;
// A shopper's next event is mostly of the same visit: such texts are told once.
const SESSION_AS_BEFORE = 16 * TYPE_BITS;
const VALUES_AS_BEFORE = 32 * TYPE_BITS;
const IS_LINE = 64 * TYPE_BITS;

/** A text of the fact that is being written; a size of -1 is none. */
interface HeldText {
  bytes: Uint8Array;
  from: number;
  size: number;
}

const session: HeldText = { bytes: Buffer.alloc(0), from: 0, size: -1 };
const list: HeldText = { bytes: Buffer.alloc(0), from: 0, size: -1 };
/** Its values: how many, then each. */
const said = new ByteWriter();

function takeText(held: HeldText, columns: EventColumns, row: number, field: TextField): void {
  held.size = -1;
  if (!columns.has(row, field)) return;
  const place = columns.place(row, field);
  held.bytes = columns.bytesAt(place);
  held.from = columns.offsetOf(place);
  held.size = columns.size(row, field);
}

function holdText(held: HeldText, text: string | undefined): void {
  held.size = -1;
  if (text === undefined) return;
  held.bytes = Buffer.from(text);
  held.from = 0;
  held.size = held.bytes.length;
}

function isEqual(a: Uint8Array, from: number, b: Uint8Array, start: number, size: number): boolean {
  for (let i = 0; i < size; i += 1) if (a[from + i] !== b[start + i]) return false;
  return true;
}

/**
 * Facts in the order of arrival, as they are stored: a few bytes each, and no object before somebody asks for them.
 *
 * Invariant: `list` holds `count` facts; the time of each is told from the one before, and that of the last is `last`. The session id
 * and the values that were told last stand at their places.
 */
export class Trail {
  count = 0;
  private last = 0;
  private readonly list = new ByteWriter(256);
  private sessionAt = 0;
  private sessionSize = 0;
  private valuesAt = 0;
  private valuesSize = 0;

  /** Bytes that it takes. */
  get size(): number {
    return this.list.length;
  }

  clear(): void {
    this.count = 0;
    this.last = 0;
    this.list.clear();
    this.sessionAt = 0;
    this.sessionSize = 0;
    this.valuesAt = 0;
    this.valuesSize = 0;
  }

  /** Adds what is to be known of an event. */
  note(columns: EventColumns, row: number, spent: Spending | undefined): void {
    said.clear();
    const properties = columns.properties.length;
    let values = 0;
    for (let i = 0; i < properties; i += 1) if (columns.propertySize(row, i) >= 0) values = i + 1;
    if (values > 0) said.uint(values);
    for (let i = 0; i < values; i += 1) {
      const size = columns.propertySize(row, i);
      said.uint(size + 1);
      if (size < 0) continue;
      const place = columns.propertyPlace(row, i);
      said.copy(columns.bytesAt(place), columns.offsetOf(place), size);
    }
    takeText(session, columns, row, TEXT.sessionId);
    takeText(list, columns, row, TEXT.list);
    this.put(columns.time(row), columns.typeNumber(row), spent, false);
  }

  /** Adds a fact, of which `session`, `list` and `said` hold the texts. */
  private put(time: number, type: number, spent: Spending | undefined, isLine: boolean): void {
    const to = this.list;
    const hasValues = said.length > 0;
    const isSameSession =
      session.size > 0 &&
      session.size === this.sessionSize &&
      isEqual(to.bytes, this.sessionAt, session.bytes, session.from, session.size);
    const isSameValues =
      hasValues &&
      said.length === this.valuesSize &&
      isEqual(to.bytes, this.valuesAt, said.bytes, 0, said.length);
    const hasSession = session.size >= 0 && !isSameSession;
    to.int(time - this.last);
    to.uint(
      type |
        (spent === undefined ? 0 : WITH_SPENT) |
        (hasSession ? WITH_SESSION : 0) |
        (isSameSession ? SESSION_AS_BEFORE : 0) |
        (list.size >= 0 ? WITH_LIST : 0) |
        (hasValues && !isSameValues ? WITH_VALUES : 0) |
        (isSameValues ? VALUES_AS_BEFORE : 0) |
        (isLine ? IS_LINE : 0),
    );
    if (spent !== undefined) writeSpent(to, spent);
    if (hasSession) {
      to.uint(session.size);
      this.sessionAt = to.length;
      this.sessionSize = session.size;
      to.copy(session.bytes, session.from, session.size);
    }
    if (list.size >= 0) {
      to.uint(list.size);
      to.copy(list.bytes, list.from, list.size);
    }
    if (hasValues && !isSameValues) {
      this.valuesAt = to.length;
      this.valuesSize = said.length;
      to.copy(said.bytes, 0, said.length);
    }
    this.last = time;
    this.count += 1;
  }

  /** The facts, in the order of arrival. */
  facts(): Fact[] {
    const reader = new ByteReader(this.list.bytes.subarray(0, this.list.length));
    const facts: Fact[] = [];
    let time = 0;
    let sessionId: string | undefined;
    let values: Fact['values'] = [];
    for (let left = this.count; left > 0; left -= 1) {
      time += reader.int();
      const parts = reader.uint();
      const spent = parts & WITH_SPENT ? readSpent(reader) : undefined;
      if (parts & WITH_SESSION) sessionId = reader.text();
      const listId = parts & WITH_LIST ? reader.text() : undefined;
      if (parts & WITH_VALUES) values = readValues(reader);
      facts.push({
        time,
        type: LINE_TYPES[parts % TYPE_BITS]!,
        spent,
        sessionId: parts & (WITH_SESSION | SESSION_AS_BEFORE) ? sessionId : undefined,
        list: listId,
        values: parts & (WITH_VALUES | VALUES_AS_BEFORE) ? values : [],
        ...(parts & IS_LINE && { isLine: true }),
      });
    }
    return facts;
  }

  /** Holds these facts instead. */
  set(facts: readonly Fact[]): void {
    this.clear();
    for (const { time, type, spent, sessionId, list: listId, values, isLine } of facts) {
      said.clear();
      if (values.length > 0) said.uint(values.length);
      for (const value of values) {
        // As the columns have it: a ByteWriter's own texts differ for half a surrogate pair, which no event has.
        const bytes = value === undefined ? undefined : Buffer.from(value);
        said.uint(bytes === undefined ? 0 : bytes.length + 1);
        if (bytes !== undefined) said.copy(bytes, 0, bytes.length);
      }
      holdText(session, sessionId);
      holdText(list, listId);
      this.put(time, LINE_TYPES.indexOf(type), spent, isLine === true);
    }
  }

  write(writer: ByteWriter): void {
    writer.uint(this.count);
    writer.uint(this.last);
    writer.uint(this.sessionAt);
    writer.uint(this.sessionSize);
    writer.uint(this.valuesAt);
    writer.uint(this.valuesSize);
    writer.uint(this.list.length);
    writer.copy(this.list.bytes, 0, this.list.length);
  }

  /** @throws RangeError where the bytes are no facts */
  read(reader: ByteReader): void {
    this.clear();
    this.count = reader.uint();
    this.last = reader.uint();
    this.sessionAt = reader.uint();
    this.sessionSize = reader.uint();
    this.valuesAt = reader.uint();
    this.valuesSize = reader.uint();
    const size = reader.uint();
    this.list.copy(reader.bytes, reader.skip(size), size);
    if (this.sessionAt + this.sessionSize > size || this.valuesAt + this.valuesSize > size)
      throw new RangeError('a text of facts that are not there');
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
