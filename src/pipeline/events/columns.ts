import { FLAG, factsOf, flagsOf, LIST_PROPERTY, listOf, type OrderFacts, propertyOf } from './event-marks.ts';
import { type EventItem, LINE_TYPES, LINK_TYPE, type LineType, type ShopEvent } from './shop-event.ts';

export { FLAG, LIST_PROPERTY };

/** The texts of an event, each a place in its bytes. */
export const TEXT = {
  id: 0,
  userId: 1,
  anonymousId: 2,
  sessionId: 3,
  orderId: 4,
  currency: 5,
  query: 6,
  source: 7,
  /** The property that says which list of recommendations the event belongs to, where it is a text. */
  list: 8,
} as const;
/** The texts of an item. */
export const ITEM_TEXT = { productId: 0, name: 1, category: 2, brand: 3 } as const;

export type TextField = (typeof TEXT)[keyof typeof TEXT];
export type ItemTextField = (typeof ITEM_TEXT)[keyof typeof ITEM_TEXT];

const TEXTS = 9;
const ITEM_TEXTS = 4;
// A row: the places of its texts, which of them are there, and the numbers.
const PRESENT = 2 * TEXTS;
const TYPE = PRESENT + 1;
const FLAGS = PRESENT + 2;
const LINE = PRESENT + 3;
const FIRST_ITEM = LINE + 2;
const ITEMS = FIRST_ITEM + 1;
const WIDTH = ITEMS + 1;
// A row of an item.
const ITEM_PRESENT = 2 * ITEM_TEXTS;
const QUANTITY = ITEM_PRESENT + 1;
const ITEM_WIDTH = QUANTITY + 1;

/** The price, or the total, of an item that has none. */
const NO_PRICE = -1;
const NO_FACTS: OrderFacts = {};

/** Stands for the absent value of a property. */
const ABSENT = -1;
/** The type of a row that holds no event. */
const NO_EVENT = -1;

/** Rows that were scanned, as another thread can read them. */
export interface PackedColumns {
  readonly rows: number;
  readonly items: number;
  readonly ints: Int32Array;
  readonly doubles: Float64Array;
}

const EMPTY = Buffer.alloc(0);
const TEXT_NAMES = Object.keys(TEXT) as (keyof typeof TEXT)[];
const ITEM_TEXT_NAMES = Object.keys(ITEM_TEXT) as (keyof typeof ITEM_TEXT)[];
const TYPE_NUMBERS: ReadonlyMap<LineType, number> = new Map(LINE_TYPES.map((type, i) => [type, i]));
/** The type of a row that only links a device to a user. */
export const LINK = TYPE_NUMBERS.get(LINK_TYPE)!;

/**
 * A batch of events as rows of numbers, among which there may be rows that hold none: no event is an object, and no string is made before somebody asks for it.
 *
 * Invariant: a place is an offset and a size, and points into the bytes that the batch was begun with; where the offset is
 * negative, `-1 - offset` points into `annex`, which holds what had to be mended. What {@link has} denies has no place.
 */
export class EventColumns {
  private readonly names: readonly string[];
  private bytes: Buffer = EMPTY;
  private annex: Buffer = EMPTY;
  private annexed = 0;
  private rows: Int32Array = new Int32Array(64 * WIDTH);
  private times: Float64Array = new Float64Array(64);
  private values: Int32Array;
  private itemRows: Int32Array = new Int32Array(128 * ITEM_WIDTH);
  private prices: Float64Array = new Float64Array(128);
  private totals: Float64Array = new Float64Array(128);
  /** By row. */
  private readonly facts = new Map<number, OrderFacts>();
  private count = 0;
  private itemCount = 0;
  // The row that is being written, and where it begins; it counts once it is closed.
  private row = 0;
  private pending = 0;
  private itemRow = 0;

  /** @param names properties whose values are kept */
  constructor(names: readonly string[] = []) {
    this.names = names;
    this.values = new Int32Array(64 * 2 * names.length);
  }

  /** Number of rows. */
  get length(): number {
    return this.count;
  }

  get properties(): readonly string[] {
    return this.names;
  }

  /** Forgets all rows. @param bytes what the lines of the next ones lie in */
  begin(bytes: Buffer): void {
    this.bytes = bytes;
    this.count = 0;
    this.itemCount = 0;
    this.annexed = 0;
    this.facts.clear();
  }

  // On the way to another thread. Rows that were scanned have nothing in the annex, no facts and no totals.

  /** Bytes that {@link pack} needs. */
  get packedSize(): number {
    const { count: rows, itemCount: items } = this;
    return 8 * (rows + items) + 4 * this.packedEnds(rows, items).items;
  }

  /** Copies all rows, each of which was scanned or holds none, to the first bytes of memory. */
  pack(into: SharedArrayBuffer): PackedColumns {
    const { count: rows, itemCount: items } = this;
    const ends = this.packedEnds(rows, items);
    const doubles = new Float64Array(into, 0, rows + items);
    doubles.set(this.times.subarray(0, rows));
    doubles.set(this.prices.subarray(0, items), rows);
    const ints = new Int32Array(into, doubles.byteLength, ends.items);
    ints.set(this.rows.subarray(0, ends.rows));
    ints.set(this.values.subarray(0, ends.values - ends.rows), ends.rows);
    ints.set(this.itemRows.subarray(0, ends.items - ends.values), ends.values);
    return { rows, items, ints, doubles };
  }

  /** The rows that were packed, to be read by `take`. @param names the same as those that were packed have */
  static unpacked({ rows, items, ints, doubles }: PackedColumns, names: readonly string[]): EventColumns {
    const columns = new EventColumns(names);
    const ends = columns.packedEnds(rows, items);
    columns.rows = ints.subarray(0, ends.rows);
    columns.values = ints.subarray(ends.rows, ends.values);
    columns.itemRows = ints.subarray(ends.values, ends.items);
    columns.times = doubles.subarray(0, rows);
    columns.prices = doubles.subarray(rows);
    columns.count = rows;
    columns.itemCount = items;
    return columns;
  }

  private packedEnds(rows: number, items: number): { rows: number; values: number; items: number } {
    const values = rows * (WIDTH + 2 * this.names.length);
    return { rows: rows * WIDTH, values, items: values + items * ITEM_WIDTH };
  }

  /**
   * Adds a row of others that was scanned.
   * @param shift how much further back its line lies here
   */
  take(from: EventColumns, row: number, shift: number): void {
    this.open();
    const { rows, row: to, names } = this;
    const at = row * WIDTH;
    // What is absent has a place that nobody reads.
    for (let i = 0; i < PRESENT; i += 2) {
      rows[to + i] = from.rows[at + i]! + shift;
      rows[to + i + 1] = from.rows[at + i + 1]!;
    }
    this.putTime(from.times[row]!);
    for (let i = 0; i < names.length; i += 1)
      this.putProperty(i, from.propertyPlace(row, i) + shift, from.propertySize(row, i));
    const first = from.firstItem(row);
    for (let item = first; item < first + from.items(row); item += 1) this.takeItem(from, item, shift);
    this.close(
      from.rows[at + PRESENT]!,
      from.rows[at + TYPE]!,
      from.rows[at + FLAGS]!,
      from.lineStart(row) + shift,
      from.lineEnd(row) + shift,
    );
  }

  private takeItem(from: EventColumns, item: number, shift: number): void {
    this.openItem();
    const { itemRows, itemRow: to } = this;
    const at = item * ITEM_WIDTH;
    for (let i = 0; i < ITEM_PRESENT; i += 2) {
      itemRows[to + i] = from.itemRows[at + i]! + shift;
      itemRows[to + i + 1] = from.itemRows[at + i + 1]!;
    }
    this.putPrice(from.prices[item]!);
    this.closeItem(from.itemRows[at + ITEM_PRESENT]!, from.quantity(item));
  }

  // Reading.

  isEvent(row: number): boolean {
    return this.rows[row * WIDTH + TYPE] !== NO_EVENT;
  }

  type(row: number): LineType {
    return LINE_TYPES[this.typeNumber(row)]!;
  }

  /** Place of the type in `LINE_TYPES`. */
  typeNumber(row: number): number {
    return this.rows[row * WIDTH + TYPE]!;
  }

  /** ms since the epoch */
  time(row: number): number {
    return this.times[row]!;
  }

  is(row: number, flag: number): boolean {
    return (this.rows[row * WIDTH + FLAGS]! & flag) !== 0;
  }

  has(row: number, field: TextField): boolean {
    return (this.rows[row * WIDTH + PRESENT]! & (1 << field)) !== 0;
  }

  /** Whether it has a user id and an anonymous id. */
  hasBothIds(row: number): boolean {
    const both = (1 << TEXT.userId) | (1 << TEXT.anonymousId);
    return (this.rows[row * WIDTH + PRESENT]! & both) === both;
  }

  /** Whether somebody is known by an anonymous id only. */
  isAnonymous(row: number): boolean {
    const both = (1 << TEXT.userId) | (1 << TEXT.anonymousId);
    return (this.rows[row * WIDTH + PRESENT]! & both) === 1 << TEXT.anonymousId;
  }

  /** Where a text that is there begins, for {@link bytesAt}. */
  place(row: number, field: TextField): number {
    return this.rows[row * WIDTH + 2 * field]!;
  }

  /** Bytes of a text that is there. */
  size(row: number, field: TextField): number {
    return this.rows[row * WIDTH + 2 * field + 1]!;
  }

  /** What a place points into. */
  bytesAt(place: number): Buffer {
    return place < 0 ? this.annex : this.bytes;
  }

  /** Where in {@link bytesAt} a place is. */
  offsetOf(place: number): number {
    return place < 0 ? -1 - place : place;
  }

  text(row: number, field: TextField): string | undefined {
    return this.has(row, field) ? this.textAt(this.place(row, field), this.size(row, field)) : undefined;
  }

  /** Which text the event's partition goes by: see `partitionKey`. */
  keyField(row: number): TextField {
    const present = this.rows[row * WIDTH + PRESENT]!;
    if (present & (1 << TEXT.userId)) return TEXT.userId;
    if (present & (1 << TEXT.anonymousId)) return TEXT.anonymousId;
    if (present & (1 << TEXT.sessionId)) return TEXT.sessionId;
    return present & (1 << TEXT.orderId) ? TEXT.orderId : TEXT.id;
  }

  /** The value of a property by its number among the names, as text; `undefined` for none, and for a list or an object. */
  property(row: number, name: number): string | undefined {
    const at = 2 * (row * this.names.length + name);
    const size = this.values[at + 1]!;
    return size === ABSENT ? undefined : this.textAt(this.values[at]!, size);
  }

  /** Bytes of the value of a property; below 0 where {@link property} gives none. */
  propertySize(row: number, name: number): number {
    return this.values[2 * (row * this.names.length + name) + 1]!;
  }

  /** Where a value that is there begins. */
  propertyPlace(row: number, name: number): number {
    return this.values[2 * (row * this.names.length + name)]!;
  }

  /** Where the event's line lies in the bytes. */
  lineStart(row: number): number {
    return this.rows[row * WIDTH + LINE]!;
  }

  /** Where it ends, its line end left out. */
  lineEnd(row: number): number {
    return this.rows[row * WIDTH + LINE + 1]!;
  }

  /** The number of the event's first item: the others follow. */
  firstItem(row: number): number {
    return this.rows[row * WIDTH + FIRST_ITEM]!;
  }

  items(row: number): number {
    return this.rows[row * WIDTH + ITEMS]!;
  }

  itemHas(item: number, field: ItemTextField): boolean {
    return (this.itemRows[item * ITEM_WIDTH + ITEM_PRESENT]! & (1 << field)) !== 0;
  }

  /** Where a text that is there begins. */
  itemPlace(item: number, field: ItemTextField): number {
    return this.itemRows[item * ITEM_WIDTH + 2 * field]!;
  }

  /** Bytes of a text that is there. */
  itemSize(item: number, field: ItemTextField): number {
    return this.itemRows[item * ITEM_WIDTH + 2 * field + 1]!;
  }

  itemText(item: number, field: ItemTextField): string | undefined {
    if (!this.itemHas(item, field)) return undefined;
    return this.textAt(this.itemPlace(item, field), this.itemSize(item, field));
  }

  /** In 1/10 000 of the currency unit. */
  price(item: number): number | undefined {
    const price = this.prices[item]!;
    return price === NO_PRICE ? undefined : price;
  }

  /** What is stated for all units of an item, in 1/10 000 of the currency unit. */
  total(item: number): number | undefined {
    const total = this.totals[item]!;
    return total === NO_PRICE ? undefined : total;
  }

  /** What the event says of its whole order. */
  orderFacts(row: number): OrderFacts {
    return this.facts.get(row) ?? NO_FACTS;
  }

  quantity(item: number): number {
    return this.itemRows[item * ITEM_WIDTH + QUANTITY]!;
  }

  private textAt(place: number, size: number): string {
    const offset = this.offsetOf(place);
    return this.bytesAt(place).toString('utf8', offset, offset + size);
  }

  // Writing: a row is opened, filled and closed; what is not closed never was.

  open(): void {
    if (this.count === this.times.length) this.growRows();
    this.row = this.count * WIDTH;
    this.pending = this.itemCount;
    // A loop is quicker than `fill` for so few.
    for (let i = 0; i < this.names.length; i += 1) this.putProperty(i, 0, ABSENT);
  }

  putText(field: TextField, place: number, size: number): void {
    this.rows[this.row + 2 * field] = place;
    this.rows[this.row + 2 * field + 1] = size;
  }

  putTime(time: number): void {
    this.times[this.count] = time;
  }

  putProperty(name: number, place: number, size: number): void {
    const at = 2 * (this.count * this.names.length + name);
    this.values[at] = place;
    this.values[at + 1] = size;
  }

  openItem(): void {
    if (this.pending === this.prices.length) this.growItems();
    this.itemRow = this.pending * ITEM_WIDTH;
    this.prices[this.pending] = this.totals[this.pending] = NO_PRICE;
  }

  putItemText(field: ItemTextField, place: number, size: number): void {
    this.itemRows[this.itemRow + 2 * field] = place;
    this.itemRows[this.itemRow + 2 * field + 1] = size;
  }

  putPrice(price: number): void {
    this.prices[this.pending] = price;
  }

  /** @param present the bits of the texts that were put */
  closeItem(present: number, quantity: number): void {
    this.itemRows[this.itemRow + ITEM_PRESENT] = present;
    this.itemRows[this.itemRow + QUANTITY] = quantity;
    this.pending += 1;
  }

  /** Whether the row that is open has an item by now. */
  hasOpenItems(): boolean {
    return this.pending > this.itemCount;
  }

  /** @param present the bits of the texts that were put */
  close(present: number, type: number, flags: number, line: number, lineEnd: number): void {
    const { rows, row } = this;
    rows[row + PRESENT] = present;
    rows[row + TYPE] = type;
    rows[row + FLAGS] = flags;
    rows[row + LINE] = line;
    rows[row + LINE + 1] = lineEnd;
    rows[row + FIRST_ITEM] = this.itemCount;
    rows[row + ITEMS] = this.pending - this.itemCount;
    this.itemCount = this.pending;
    this.count += 1;
  }

  /** Takes the last row back. */
  drop(): void {
    this.count -= 1;
    this.facts.delete(this.count);
    this.itemCount = this.rows[this.count * WIDTH + FIRST_ITEM]!;
  }

  /** Adds a row that holds no event. */
  addNone(): void {
    this.open();
    this.close(0, NO_EVENT, 0, 0, 0);
  }

  /**
   * Adds an event that was decoded otherwise: its texts go to the annex.
   * @param flags beside those that the event has
   */
  add(event: ShopEvent, line: number, lineEnd: number, flags = 0): void {
    this.open();
    let present = 0;
    for (const name of TEXT_NAMES) {
      const text = name === 'list' ? listOf(event) : event[name];
      if (text === undefined) continue;
      const field = TEXT[name];
      this.putText(field, this.annexText(text), this.lastSize);
      present |= 1 << field;
    }
    this.putTime(event.time);
    this.names.forEach((name, i) => {
      const value = propertyOf(event, name);
      if (value !== undefined) this.putProperty(i, this.annexText(value), this.lastSize);
    });
    for (const item of event.items) this.addItem(item);
    const facts = factsOf(event);
    if (facts !== undefined) this.facts.set(this.count, facts);
    this.close(present, TYPE_NUMBERS.get(event.type)!, flagsOf(event) | flags, line, lineEnd);
  }

  private addItem(item: EventItem): void {
    this.openItem();
    let present = 0;
    for (const name of ITEM_TEXT_NAMES) {
      const text = item[name];
      if (text === undefined) continue;
      const field = ITEM_TEXT[name];
      this.putItemText(field, this.annexText(text), this.lastSize);
      present |= 1 << field;
    }
    if (item.price !== undefined) this.putPrice(item.price);
    if (item.total !== undefined) this.totals[this.pending] = item.total;
    this.closeItem(present, item.quantity);
  }

  private lastSize = 0;

  /** @returns the place of a text in the annex; its size is in `lastSize` */
  private annexText(text: string): number {
    const room = this.annexed + 3 * text.length;
    if (room > this.annex.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(room, 2 * this.annex.length, 4096));
      this.annex.copy(larger, 0, 0, this.annexed);
      this.annex = larger;
    }
    const offset = this.annexed;
    this.lastSize = this.annex.write(text, offset);
    this.annexed += this.lastSize;
    return -1 - offset;
  }

  private growRows(): void {
    const { length } = this.times;
    this.times = grown(this.times, new Float64Array(2 * length));
    this.rows = grown(this.rows, new Int32Array(2 * length * WIDTH));
    this.values = grown(this.values, new Int32Array(2 * length * 2 * this.names.length));
  }

  private growItems(): void {
    const { length } = this.prices;
    this.prices = grown(this.prices, new Float64Array(2 * length));
    this.totals = grown(this.totals, new Float64Array(2 * length));
    this.itemRows = grown(this.itemRows, new Int32Array(2 * length * ITEM_WIDTH));
  }
}

function grown<T extends Int32Array | Float64Array>(before: T, larger: T): T {
  larger.set(before);
  return larger;
}
