import { EVENT_TYPES, type EventType, UNNAMED } from '../shop-event.ts';
import { epochMs } from '../time.ts';
import { type DecimalSign, fromMinor, readAmount, shareOut, timesUnits } from './amount-text.ts';
import { type ColumnFacts } from './column-facts.ts';
import {
  AMOUNT_FIELDS,
  type CsvMap,
  EVENT_FIELDS,
  ITEM_FIELDS,
  type MapSource,
  PER_SECOND,
} from './csv-map-schema.ts';
import { dateTime, formatReader } from './date-text.ts';
import { BadRow, notOfAShop, type Outcome, type RawEvent, units } from './format.ts';
import { statusOf } from './order-status.ts';

type Read<T> = (record: T) => string;
/** What reads a value of a record as text, '' for none; an amount with the decimal sign of the map. */
export type Get<T> = (source: MapSource, isAmount?: boolean) => Read<T>;

interface Item {
  productId?: string;
  name?: string;
  category?: string;
  brand?: string;
  price?: string;
  quantity?: unknown;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

/** Thrown in this file only: a value that leaves no event. */
class Refusal extends Error {
  readonly row: BadRow;
  constructor(reason: string, detail: string) {
    super(detail);
    this.row = new BadRow(reason, detail);
  }
}

/**
 * Reads records as a map says.
 * @param getItem the same of the entries of a record's list, where it has one
 * @param itemsOf that list
 */
export function openMapReader<T>(
  map: CsvMap,
  get: Get<T>,
  facts: ColumnFacts,
  getItem: Get<T> = get,
  itemsOf: (record: T) => readonly T[] = (record) => [record],
): (record: T) => Outcome {
  const optional = (source: MapSource | undefined, isAmount = false): Read<T> | undefined =>
    source === undefined ? undefined : get(source, isAmount);
  const eventFields = EVENT_FIELDS.flatMap((field) => pair(field, optional(map[field])));
  const amounts = AMOUNT_FIELDS.flatMap((field) => pair(field, optional(map[field], true)));
  const status = openStatus(map.status, get);
  const properties = Object.entries(map.properties ?? {}).map(
    ([name, column]) => [name, get(column)] as const,
  );
  const typeOf = openType(map.type, get);
  const timeOf = openTime(map.time, get, facts);
  const readItem = openItem(map, getItem);
  const hasList = map.items !== undefined;

  function read(record: T): Outcome {
    const { type, name } = typeOf(record);
    if (type === undefined) return notOfAShop(name);
    const event: RawEvent = { type, time: timeOf(record) };
    for (const [field, value] of eventFields) {
      const text = value(record);
      // An id that the row gets instead comes last.
      if (field !== 'id' || text !== '') event[field] = text;
    }
    const sums = new Sums(map, event, facts);
    if (type === 'purchase' && event.orderId) event.partial = map.orderLines ?? !hasList;
    if (status !== undefined) event.status = status(record);
    for (const [field, value] of amounts) event[field] = sums.amount(value(record), field);
    const isOrder = type === 'purchase' || type === 'refund';
    const items = itemsOf(record).flatMap((entry) => readItem(entry, sums, isOrder));
    if (items.length > 0) event.items = items;
    if (properties.length > 0)
      event.properties = Object.fromEntries(properties.map(([key, value]) => [key, value(record)]));
    sums.settle(event, items);
    return event;
  }

  return (record) => {
    try {
      return read(record);
    } catch (error) {
      if (error instanceof Refusal) return error.row;
      throw error;
    }
  };
}

/** The amounts of one event. */
class Sums {
  private readonly decimal: DecimalSign;
  private readonly isMinor: boolean;
  private readonly negative: CsvMap['negative'];
  private readonly stated: string | undefined;
  private named: string | undefined;
  private isNegative = false;

  constructor(map: CsvMap, event: RawEvent, { currency }: ColumnFacts) {
    this.decimal = map.decimal ?? '.';
    this.isMinor = map.minorUnits === true;
    this.negative = map.negative;
    this.stated = (event.currency as string | undefined) || undefined;
    this.named = this.stated ?? currency;
  }

  /** @throws Refusal where it is none */
  amount(text: string, field: string): string {
    const amount = this.read(text, field);
    const currency = this.stated ?? amount.currency ?? this.named;
    this.named = currency;
    return this.signless(
      this.isMinor && amount.text !== '' ? fromMinor(amount.text, currency) : amount.text,
      field,
    );
  }

  /** Units, perhaps a part of one. @throws Refusal where they are none */
  units(text: string): string {
    // Programs write 2.0 whatever the decimal sign of their amounts is.
    if (/^[+-]?\d{1,15}(\.0{0,2})?$/.test(text)) return this.signless(text, 'quantity');
    return this.signless(this.read(text, 'quantity').text, 'quantity');
  }

  private read(
    text: string,
    field: string,
  ): { readonly text: string; readonly currency?: string | undefined } {
    const amount = readAmount(text, this.decimal);
    if (amount !== undefined) return amount;
    const detail = `${field} is '${text.slice(0, 80)}', and the decimal sign is '${this.decimal}'`;
    throw new Refusal(field === 'quantity' ? 'quantity is no whole number' : 'bad price', detail);
  }

  private signless(text: string, field: string): string {
    if (!text.startsWith('-') || /^-[0.]*$/.test(text)) return text;
    // A discount is often written as what it takes away, of a sale as well.
    if (field === 'discount') return text.slice(1);
    if (this.negative === 'refund') {
      // What is given back says it of its units or its worth too.
      this.isNegative ||= field !== 'tax' && field !== 'shipping';
      return text.slice(1);
    }
    if (this.negative === 'reject' || field === 'lineTotal') {
      throw new Refusal(
        field === 'quantity' ? 'negative quantity' : 'negative price',
        `${field} is ${text}; "negative": "refund" in the map reads it as a refund`,
      );
    }
    return text;
  }

  /** Says what the amounts say of the whole event. */
  settle(event: RawEvent, items: readonly Item[]): void {
    if (this.isNegative && event.type === 'purchase') {
      event.type = 'refund';
      delete event.partial;
    }
    const isMoney =
      items.some(({ price }) => price !== undefined && price !== '') ||
      AMOUNT_FIELDS.some((field) => event[field]);
    if (this.stated === undefined && this.named !== undefined && isMoney) event.currency = this.named;
  }
}

function openItem<T>(map: CsvMap, get: Get<T>): (entry: T, sums: Sums, isOrder: boolean) => readonly Item[] {
  const read = ITEM_FIELDS.flatMap((field) => {
    const source = map[field];
    return source === undefined ? [] : pair(field, get(source, field === 'price' || field === 'quantity'));
  });
  const product = map.productId === undefined ? () => '' : get(map.productId);
  const lineTotal = map.lineTotal === undefined ? () => '' : get(map.lineTotal, true);
  return (entry, sums, isOrder) => {
    const item: Item = {};
    for (const [field, value] of read) item[field] = value(entry);
    const total = lineTotal(entry);
    if (product(entry) === '') {
      if (!isOrder || ((item.price ?? '') === '' && total === '')) return [];
      item.productId = UNNAMED;
    }
    if (item.price !== undefined) item.price = sums.amount(item.price, 'price');
    const quantity = item.quantity === undefined ? '' : sums.units(item.quantity as string);
    item.quantity = units(quantity);
    const stated = total === '' ? undefined : sums.amount(total, 'lineTotal');
    if (typeof item.quantity !== 'string') return stated === undefined ? [item] : shared(item, stated);
    // A part of a unit, as of what is weighed, is one unit that costs what it comes to.
    item.quantity = 1;
    const price = stated ?? (item.price ? timesUnits(item.price, quantity) : undefined);
    return [price === undefined ? item : { ...item, price }];
  };
}

/** A line whose amount is stated: where its units do not share that evenly, some of them cost 1/10 000 more than the others. */
function shared(item: Item, total: string): readonly Item[] {
  const { quantity = 1 } = item;
  const shares = typeof quantity === 'number' ? shareOut(total, quantity) : undefined;
  return (
    shares?.map(({ price, units: of }) => ({ ...item, price, quantity: of })) ?? [{ ...item, price: total }]
  );
}

function pair<K, V>(key: K, value: V | undefined): [K, V][] {
  return value === undefined ? [] : [[key, value]];
}

function openType<T>(
  spec: CsvMap['type'],
  get: Get<T>,
): (record: T) => { type: EventType | undefined; name: string } {
  const mapped = typeof spec === 'object' && 'column' in spec;
  const read = get(mapped ? spec.column : spec);
  const values = new Map(Object.entries(mapped ? spec.values : {}));
  return (record) => {
    const name = read(record);
    const type = values.get(name) ?? name;
    return { type: TYPES.has(type) ? (type as EventType) : undefined, name };
  };
}

function openTime<T>(
  spec: CsvMap['time'],
  get: Get<T>,
  { timeZone, order }: ColumnFacts,
): (record: T) => string | number {
  const { column, ...how } = typeof spec === 'object' ? spec : { column: spec };
  const read = get(column);
  if ('unit' in how && how.unit !== 'iso') {
    const { unit } = how;
    return (record) => {
      const text = read(record);
      return Number.isNaN(epochMs(text)) ? text : Math.floor((Number(text) * 1000) / PER_SECOND[unit]);
    };
  }
  const form = 'format' in how ? formatReader(how.format) : undefined;
  return (record) => {
    const text = read(record);
    const time = form === undefined ? dateTime(text, order, timeZone) : form(text, timeZone);
    // What is no time stays for the validation to refuse.
    return Number.isNaN(time) ? text : time;
  };
}

function openStatus<T>(spec: CsvMap['status'], get: Get<T>): ((record: T) => string) | undefined {
  if (spec === undefined) return undefined;
  const mapped = typeof spec === 'object';
  const read = get(mapped ? spec.column : spec);
  const values = new Map(Object.entries(mapped ? spec.values : {}));
  return (record) => {
    const text = read(record);
    if (text === '') return '';
    const status = values.get(text) ?? statusOf(text);
    if (status === undefined) throw new Refusal('unknown status', `status is '${text.slice(0, 80)}'`);
    return status;
  };
}
