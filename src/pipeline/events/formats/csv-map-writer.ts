import { isoTime } from '../scan-time.ts';
import { EVENT_TYPES, type EventType } from '../shop-event.ts';
import { type ColumnFacts } from './column-facts.ts';
import {
  AMOUNT_FIELDS,
  type Column,
  type CsvMap,
  EVENT_FIELDS,
  ITEM_FIELDS,
  type MapSource,
  PER_SECOND,
} from './csv-map-schema.ts';
import { zonedTime } from './date-text.ts';
import { units, type WriteRow } from './format.ts';
import { type LineWriter, type Piece, piece } from './line-writer.ts';
import { spareZeros } from './plain-amount.ts';
import { type RowFields, wholeNumber, wholeUnits } from './row-fields.ts';
import { namedType, TypeNames } from './type-names.ts';

type Source = MapSource;
type Index = (column: Column) => number;

const ITEMS = piece(',"items":[{"productId":"');
const ITEM_END = piece('}]');
const PROPERTIES = piece(',"properties":{');
const PROPERTIES_END = piece('}');
const [POINT, COMMA, ZERO, NINE] = [0x2e, 0x2c, 0x30, 0x39] as const;
/** What makes of a map that each of its rows needs thought. */
const THOUGHTFUL = ['lineTotal', 'negative', 'minorUnits', 'fillDown', 'status', ...AMOUNT_FIELDS] as const;

/** Writes rows as a map says: field by field, what its `open` reads. */
export function openMapWriter(map: CsvMap, index: Index, facts: ColumnFacts): WriteRow {
  const isThoughtful = THOUGHTFUL.some((key) => map[key] !== undefined) || facts.currency !== undefined;
  if (isThoughtful || (typeof map.time === 'object' && 'format' in map.time)) return () => false;
  const typeOf = typeFinder(map.type, index);
  const isOrder = presence(map.orderId, index);
  const partial = piece(`,"partial":${map.orderLines ?? true}`);
  const isItem = presence(map.productId, index);
  const isPriced = presence(map.price, index);
  const steps = [
    timeWriter(map.time, index, facts),
    ...EVENT_FIELDS.map((field) => (field === 'id' ? idWriter : textWriter)(field, map[field], index)),
  ];
  const item = ITEM_FIELDS.slice(1).map((field) => itemWriter(field, map, index));
  const product = textWriter('productId', map.productId, index, ITEMS);
  const properties = propertiesWriter(map.properties ?? {}, index);

  return (row, line) => {
    const type = typeOf(row);
    if (type === undefined) return false;
    line.put(type.json);
    for (const write of steps) if (!write(row, line)) return false;
    if (type.isPurchase && isOrder(row)) line.put(partial);
    if (isItem(row)) {
      product(row, line);
      for (const write of item) if (!write(row, line)) return false;
      line.put(ITEM_END);
    } else if (isPriced(row)) return false;
    return properties(row, line);
  };
}

function typeFinder(
  spec: CsvMap['type'],
  index: Index,
): (row: RowFields) => ReturnType<typeof namedType> | undefined {
  if (typeof spec === 'object' && 'value' in spec) {
    const type = namedType(spec.value as EventType);
    return () => type;
  }
  const { column, values } = typeof spec === 'object' ? spec : { column: spec, values: {} };
  const known = EVENT_TYPES.map((type) => [type, type] as const);
  const types = new TypeNames(new Map([...known, ...(Object.entries(values) as [string, EventType][])]));
  const at = index(column);
  return (row) => types.find(row, at);
}

/** Whether a field says something. */
function presence(source: Source | undefined, index: Index): (row: RowFields) => boolean {
  if (typeof source !== 'string' && typeof source !== 'number') {
    const isThere = source !== undefined && source.value !== '';
    return () => isThere;
  }
  const at = index(source);
  return (row) => row.size(at) > 0;
}

function opening(name: string): Piece {
  return piece(`,${JSON.stringify(name)}:"`);
}

function textWriter(name: string, source: Source | undefined, index: Index, opens = opening(name)): WriteRow {
  if (source === undefined) return () => true;
  if (typeof source === 'object') return constantWriter(opens, JSON.stringify(source.value).slice(1));
  const at = index(source);
  return (row, line) => {
    line.text(opens, row, at);
    return true;
  };
}

function constantWriter(opens: Piece, text: string): WriteRow {
  const value = piece(text);
  return (_, line) => {
    line.put(opens);
    line.put(value);
    return true;
  };
}

function idWriter(name: string, source: Source | undefined, index: Index): WriteRow {
  if (source === undefined) return () => true;
  // One id for all rows is a slip.
  if (typeof source === 'object') return () => false;
  const opens = opening(name);
  const at = index(source);
  return (row, line) => {
    line.id(opens, row, at);
    return true;
  };
}

function timeWriter(spec: CsvMap['time'], index: Index, { timeZone }: ColumnFacts): WriteRow {
  const { column, ...how } = typeof spec === 'object' ? spec : { column: spec };
  const unit = 'unit' in how ? how.unit : 'iso';
  const opens = piece(',"time":');
  const at = index(column);
  if (unit === 'iso') {
    const isUtc = timeZone.name === 'UTC';
    return (row, line) => {
      const [start, size] = [row.start(at), row.size(at)];
      const time = isoTime(row.bytes, start, size);
      // Before 1970 the validation tells.
      if (!(time >= 0)) return false;
      const last = row.bytes[start + size - 1]!;
      line.put(opens);
      line.whole(isUtc || last < ZERO || last > NINE ? time : zonedTime(time, timeZone));
      return true;
    };
  }
  return (row, line) => {
    const value = row.whole(at);
    if (value < 0) return false;
    line.put(opens);
    line.whole(Math.floor((value * 1000) / PER_SECOND[unit]));
    return true;
  };
}

function itemWriter(field: (typeof ITEM_FIELDS)[number], map: CsvMap, index: Index): WriteRow {
  const source = map[field];
  const decimal = map.decimal === ',' ? COMMA : POINT;
  if (field === 'quantity') return quantityWriter(source, index, decimal);
  if (field === 'price' && source !== undefined) return amountWriter(source, index, decimal);
  return textWriter(field, source, index);
}

/** Amounts of digits with a decimal sign among or behind them. */
function amountWriter(source: Source, index: Index, decimal: number): WriteRow {
  if (typeof source === 'object') return () => false;
  const opens = opening('price');
  const at = index(source);
  const point = piece('.');
  return (row, line) => {
    const { bytes } = row;
    const start = row.start(at);
    const end = start + row.size(at);
    if (start < end && bytes[start] === decimal) return false;
    let signs = 0;
    line.put(opens);
    const first = line.length;
    for (let from = start; from < end; from += 1) {
      const byte = bytes[from]!;
      if (byte >= ZERO && byte <= NINE) line.part(bytes, from, 1);
      else if (byte === decimal) {
        line.put(point);
        signs += 1;
      } else return false;
    }
    line.length -= spareZeros(line.bytes, first, line.length - first);
    line.quote();
    return signs <= 1;
  };
}

function quantityWriter(source: Source | undefined, index: Index, decimal: number): WriteRow {
  const opens = piece(',"quantity":');
  if (typeof source !== 'string' && typeof source !== 'number') {
    const quantity = source === undefined ? undefined : JSON.stringify(units(source.value));
    return quantity === undefined ? () => true : constantWriter(opens, quantity);
  }
  const at = index(source);
  return (row, line) => {
    if (row.size(at) === 0) return true;
    const [start, end] = [row.start(at), row.start(at) + row.size(at)];
    const quantity =
      decimal === POINT ? wholeUnits(row.bytes, start, end) : wholeNumber(row.bytes, start, end);
    if (quantity === -1) return false;
    line.put(opens);
    line.whole(quantity);
    return true;
  };
}

function propertiesWriter(properties: Readonly<Record<string, Column>>, index: Index): WriteRow {
  const steps = Object.entries(properties).map(([name, column], i) => {
    const comma = i === 0 ? '' : ',';
    return textWriter(name, column, index, piece(`${comma}${JSON.stringify(name)}:"`));
  });
  if (steps.length === 0) return () => true;
  return (row: RowFields, line: LineWriter) => {
    line.put(PROPERTIES);
    for (const write of steps) write(row, line);
    line.put(PROPERTIES_END);
    return true;
  };
}
