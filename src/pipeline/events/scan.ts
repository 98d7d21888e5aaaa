import { AGENT_PROPERTY, maySayAgent } from './agent-name.ts';
import { hasBlankEnd } from './blank-ends.ts';
import { ByteDictionary } from './byte-dictionary.ts';
import {
  type EventColumns,
  FLAG,
  ITEM_TEXT,
  type ItemTextField,
  LINK,
  LIST_PROPERTY,
  TEXT,
  type TextField,
} from './columns.ts';
import { placeholderIds } from './placeholder-ids.ts';
import { isRobot } from './robots.ts';
import { ascii, type Name, nameOf, ValueReader } from './scan-values.ts';
import { ALIAS_PROPERTY, LIMITS, LINE_TYPES, SIMULATED_SOURCE } from './shop-event.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;

// The fields that a line may have; those below `TIME` are texts of the event.
const TIME = 9;
const TYPE = 10;
const PARTIAL = 11;
const ITEMS = 12;
const PROPERTIES = 13;
const { list: LIST, ...TEXTS } = TEXT;
const FIELDS = namesByNumber({
  ...TEXTS,
  time: TIME,
  type: TYPE,
  partial: PARTIAL,
  items: ITEMS,
  properties: PROPERTIES,
});
const BOTH_IDS = (1 << TEXT.userId) | (1 << TEXT.anonymousId);
const NEEDED = (1 << TEXT.id) | (1 << TIME) | (1 << TYPE);

// The fields of an item; those below `PRICE` are texts.
const PRICE = 4;
const QUANTITY = 5;
const ITEM_FIELDS = namesByNumber({ ...ITEM_TEXT, price: PRICE, quantity: QUANTITY });

// Properties with a meaning, beside those whose values are kept, each with a bit of its own.
const RESULTS = ascii('results');
const RESULTS_BIT = 1 << 30;
const LIST_NAME = ascii(LIST_PROPERTY);
const LIST_BIT = 1 << 29;
const AGENT = ascii(AGENT_PROPERTY);
const AGENT_BIT = 1 << 28;
const PROTO = ascii('__proto__');
const ALIAS = ascii(ALIAS_PROPERTY);

const SIMULATED = ascii(SIMULATED_SOURCE);

const TYPES = new ByteDictionary();
for (const type of LINE_TYPES) TYPES.numberOf(type);
const PURCHASE = LINE_TYPES.indexOf('purchase');
const REFUND = LINE_TYPES.indexOf('refund');

/** Names of fields, their quotes included. */
function namesByNumber(numbers: Readonly<Record<string, number>>): readonly Name[] {
  const names: Name[] = [];
  for (const [name, number] of Object.entries(numbers)) names[number] = nameOf(`"${name}"`);
  return names;
}

/** Which field a name may be, by the letters that tell it apart; -1 for none. @param at its quote */
function fieldAt(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case 0x69: // i
      return bytes[at + 2] === 0x64 ? TEXT.id : ITEMS;
    case 0x74: // t
      return bytes[at + 2] === 0x69 ? TIME : TYPE;
    case 0x75: // u
      return TEXT.userId;
    case 0x61: // a
      return TEXT.anonymousId;
    case 0x73: // s
      return bytes[at + 2] === 0x65 ? TEXT.sessionId : TEXT.source;
    case 0x6f: // o
      return TEXT.orderId;
    case 0x63: // c
      return TEXT.currency;
    case 0x71: // q
      return TEXT.query;
    case 0x70: // p
      return bytes[at + 2] === 0x61 ? PARTIAL : PROPERTIES;
    default:
      return -1;
  }
}

function itemFieldAt(bytes: Uint8Array, at: number): number {
  switch (bytes[at + 1]) {
    case 0x70: // p
      return bytes[at + 3] === 0x6f ? ITEM_TEXT.productId : PRICE;
    case 0x6e: // n
      return ITEM_TEXT.name;
    case 0x63: // c
      return ITEM_TEXT.category;
    case 0x62: // b
      return ITEM_TEXT.brand;
    case 0x71: // q
      return QUANTITY;
    default:
      return -1;
  }
}

/**
 * Reads lines of our own format without making a string or an object. It takes only what needs no thought: known fields, each
 * once; texts without escapes and without what `stripControls` removes; plain numbers within their bounds; flat properties;
 * no white space but one blank after a colon or a comma. Every other line is refused, and `decodeRecord` decides.
 *
 * Guarantee: what it takes, `decodeRecord` takes too, and says the same of it.
 */
export class LineScanner {
  private readonly columns: EventColumns;
  /** Names of the properties whose values are kept. */
  private readonly kept: readonly Uint8Array[];
  private readonly values = new ValueReader();
  private readonly placeholders = placeholderIds();
  private bytes: Buffer = Buffer.alloc(0);
  private latest = 0;
  // What is known of the line in hand.
  private flags = 0;
  private present = 0;
  private type = -1;
  /** Properties with a meaning that have occurred, each a bit. */
  private watched = 0;

  /** @param columns what the events are added to */
  constructor(columns: EventColumns) {
    this.columns = columns;
    this.kept = columns.properties.map(ascii);
  }

  /**
   * Says what the next lines lie in; the columns forget all rows.
   * @param isUtf8 whether all of the bytes are valid UTF-8; if not, only lines of ASCII are taken
   * @param appendedAt when the lines arrived, ms since the epoch: nothing happened later
   */
  begin(bytes: Buffer, isUtf8: boolean, appendedAt: number): void {
    this.bytes = bytes;
    this.arrived(appendedAt);
    this.values.begin(bytes, isUtf8);
    this.columns.begin(bytes);
  }

  /** Says when the next lines arrived, where that is another time. */
  arrived(appendedAt: number): void {
    this.latest = appendedAt;
  }

  /**
   * Adds the event of the line that begins at a place to the columns.
   * @returns the place after its line end, or after the last byte; -1 for a line that is refused: the columns are as before
   */
  scan(line: number): number {
    if (this.bytes[line] !== OPEN) return -1;
    this.columns.open();
    this.flags = 0;
    this.present = 0;
    this.type = -1;
    this.watched = 0;
    const end = this.fields(line + 1);
    if (end === -1) return -1;
    const next = this.afterLine(end);
    if (next === -1 || next - line > LIMITS.eventBytes) return -1;
    if (this.type === -1 || (this.present & (1 << TEXT.id)) === 0) return -1;
    const hasOrder = (this.present & (1 << TEXT.orderId)) !== 0;
    if ((this.flags & FLAG.partial) !== 0 && !hasOrder) return -1;
    if (this.type === LINK && (this.present & BOTH_IDS) !== BOTH_IDS) return -1;
    // These may say too little of money.
    if (this.type === PURCHASE && !this.columns.hasOpenItems()) return -1;
    if (this.type === REFUND && !hasOrder) return -1;
    this.columns.close(this.present, this.type, this.flags, line, end);
    return next;
  }

  /**
   * Adds the event of a record to the columns, where it is one line that is taken.
   * @param end the place of the line feed after the record
   * @returns whether it was added
   */
  scanRecord(start: number, end: number): boolean {
    const next = this.scan(start);
    if (next - 1 === end) return true;
    // The record holds more than this line.
    if (next !== -1) this.columns.drop();
    return false;
  }

  private afterLine(end: number): number {
    const { bytes } = this;
    if (end === bytes.length) return end;
    if (bytes[end] === LINE_FEED) return end + 1;
    return bytes[end] === RETURN && bytes[end + 1] === LINE_FEED ? end + 2 : -1;
  }

  /** Of the methods below, each takes the place of what it reads and returns the place after it, or -1. */
  private fields(first: number): number {
    const { bytes } = this;
    let seen = 0;
    for (let at = first; ; ) {
      const field = fieldAt(bytes, at);
      if (field === -1 || (seen & (1 << field)) !== 0) return -1;
      seen |= 1 << field;
      at = this.valueAfter(at, FIELDS[field]!);
      if (at === -1) return -1;
      at = field < TIME ? this.text(field as TextField, at) : this.other(field, at);
      if (at === -1) return -1;
      if (bytes[at] === CLOSE) return (seen & NEEDED) === NEEDED ? at + 1 : -1;
      if (bytes[at] !== COMMA) return -1;
      at = this.afterBlank(at + 1);
    }
  }

  /** @returns the place of the value of a field whose name begins at a place */
  private valueAfter(at: number, name: Name): number {
    if (!this.values.isNameAt(at, name)) return -1;
    const colon = at + name.size;
    return this.bytes[colon] === COLON ? this.afterBlank(colon + 1) : -1;
  }

  private afterBlank(at: number): number {
    return this.bytes[at] === SPACE ? at + 1 : at;
  }

  private text(field: TextField, at: number): number {
    const { values } = this;
    const end = field <= TEXT.orderId ? values.id(at) : values.text(at);
    if (end === -1 || values.size === 0) return end;
    if (field === TEXT.currency && !this.isCurrency()) return -1;
    if (field >= TEXT.userId && field <= TEXT.orderId) {
      if (hasBlankEnd(this.bytes, values.from, values.size)) return -1;
      if (this.placeholders.mayBe(this.bytes, values.from, values.size)) return -1;
    }
    if (field === TEXT.source && values.isText(SIMULATED)) this.flags |= FLAG.simulated;
    this.columns.putText(field, values.from, values.size);
    this.present |= 1 << field;
    return end;
  }

  private isCurrency(): boolean {
    const { from, size } = this.values;
    for (let i = 0; i < size; i += 1)
      if (this.bytes[from + i]! < 0x41 || this.bytes[from + i]! > 0x5a) return false;
    return size === 3;
  }

  private other(field: number, at: number): number {
    switch (field) {
      case TIME:
        return this.time(at);
      case TYPE:
        return this.typeName(at);
      case ITEMS:
        return this.items(at);
      case PROPERTIES:
        return this.properties(at);
      default: {
        const end = this.values.truth(at);
        if (this.values.size > 0) this.flags |= FLAG.partial;
        return end;
      }
    }
  }

  private time(at: number): number {
    const end = this.values.time(at);
    if (end === -1) return -1;
    const time = this.values.number[0]!;
    if (!(time >= LIMITS.minTime && time <= this.latest)) return -1;
    this.columns.putTime(time);
    return end;
  }

  private typeName(at: number): number {
    const { values } = this;
    const end = values.text(at);
    if (end !== -1) this.type = TYPES.find(this.bytes, values.from, values.size);
    return end;
  }

  private items(open: number): number {
    const { bytes } = this;
    if (bytes[open] !== OPEN_LIST) return this.values.null(open);
    if (bytes[open + 1] === CLOSE_LIST) return open + 2;
    let at = open + 1;
    for (let count = 1; count <= LIMITS.items; count += 1) {
      if (bytes[at] !== OPEN) return -1;
      at = this.item(at + 1);
      if (at === -1) return -1;
      if (bytes[at] === CLOSE_LIST) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = this.afterBlank(at + 1);
    }
    return -1;
  }

  private item(first: number): number {
    const { bytes, columns, values } = this;
    let seen = 0;
    let present = 0;
    let quantity = 1;
    columns.openItem();
    for (let at = first; ; ) {
      const field = itemFieldAt(bytes, at);
      if (field === -1 || (seen & (1 << field)) !== 0) return -1;
      seen |= 1 << field;
      at = this.valueAfter(at, ITEM_FIELDS[field]!);
      if (at === -1) return -1;
      if (field === PRICE) at = values.price(at);
      else if (field === QUANTITY) at = values.quantity(at);
      else at = field === ITEM_TEXT.productId ? values.id(at) : values.text(at);
      if (at === -1) return -1;
      if (values.size > 0) {
        if (field === PRICE) columns.putPrice(values.number[0]!);
        else if (field === QUANTITY) quantity = values.number[0]!;
        else {
          if (field === ITEM_TEXT.productId && hasBlankEnd(bytes, values.from, values.size)) return -1;
          columns.putItemText(field as ItemTextField, values.from, values.size);
          present |= 1 << field;
        }
      }
      if (bytes[at] === CLOSE) {
        if ((present & (1 << ITEM_TEXT.productId)) === 0) return -1;
        if (quantity < 1 || quantity > LIMITS.quantity) return -1;
        columns.closeItem(present, quantity);
        return at + 1;
      }
      if (bytes[at] !== COMMA) return -1;
      at = this.afterBlank(at + 1);
    }
  }

  private properties(open: number): number {
    const { bytes } = this;
    if (bytes[open] !== OPEN) return this.values.null(open);
    if (bytes[open + 1] === CLOSE) return open + 2;
    let at = open + 1;
    for (let count = 1; count <= LIMITS.properties; count += 1) {
      at = this.property(at);
      if (at === -1) return -1;
      if (bytes[at] === CLOSE) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = this.afterBlank(at + 1);
    }
    return -1;
  }

  private property(open: number): number {
    const { bytes, values } = this;
    const named = bytes[open] === QUOTE ? values.string(open) : -1;
    if (named === -1 || bytes[named] !== COLON) return -1;
    const isResults = values.isText(RESULTS);
    const isList = values.isText(LIST_NAME);
    const isAgent = values.isText(AGENT);
    if (!isAgent && maySayAgent(bytes, values.from, values.size)) return -1;
    const kept = this.keptNumber();
    const known = (isResults ? RESULTS_BIT : 0) | (isList ? LIST_BIT : 0) | (isAgent ? AGENT_BIT : 0);
    const bits = known | (kept >= 0 ? 1 << kept : 0);
    // Of one that is said twice, the last one counts.
    if ((this.watched & bits) !== 0 || values.isText(PROTO) || values.isText(ALIAS)) return -1;
    this.watched |= bits;
    const at = this.afterBlank(named + 1);
    const end = values.flat(at, kept >= 0);
    if (end === -1 || values.size === 0) return end;
    if (kept >= 0) this.columns.putProperty(kept, values.from, values.size);
    if (isList && bytes[at] === QUOTE) {
      this.columns.putText(LIST, values.from, values.size);
      this.present |= 1 << LIST;
    }
    if (isAgent && bytes[at] === QUOTE && isRobot(bytes, values.from, values.size)) this.flags |= FLAG.robot;
    if (isResults && (bytes[at] === ZERO || bytes[at] === MINUS)) {
      if (values.size > 1) return -1;
      this.flags |= FLAG.emptySearch;
    }
    return end;
  }

  /** The number of the property, among those whose values are kept, whose name was read last; -1 for another one. */
  private keptNumber(): number {
    const { kept, values } = this;
    for (let i = 0; i < kept.length; i += 1) if (values.isText(kept[i]!)) return i;
    return -1;
  }
}
