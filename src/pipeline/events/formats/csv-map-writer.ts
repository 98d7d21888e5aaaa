import { EVENT_TYPES, type EventType } from '../shop-event.ts';
import { type CsvMap, EVENT_FIELDS, ITEM_FIELDS, PER_SECOND } from './csv-map-schema.ts';
import { units, type WriteRow } from './format.ts';
import { type LineWriter, type Piece, piece } from './line-writer.ts';
import { type RowFields, wholeUnits } from './row-fields.ts';
import { namedType, TypeNames } from './type-names.ts';

/** A column by its name, or a text for all rows. */
type Source = string | { readonly value: string };
type Index = (column: string) => number;

const ITEMS = piece(',"items":[{"productId":"');
const ITEM_END = piece('}]');
const PROPERTIES = piece(',"properties":{');
const PROPERTIES_END = piece('}');
const [POINT, COMMA] = [0x2e, 0x2c] as const;

/** Writes rows as a map says: field by field, what its `open` reads. */
export function openMapWriter(map: CsvMap, index: Index): WriteRow {
  const typeOf = typeFinder(map.type, index);
  const isOrder = presence(map.orderId, index);
  const partial = piece(`,"partial":${map.orderLines ?? true}`);
  const isItem = presence(map.productId, index);
  const steps = [
    timeWriter(map.time, index),
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
    }
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
  const { column, values } = typeof spec === 'string' ? { column: spec, values: {} } : spec;
  const known = EVENT_TYPES.map((type) => [type, type] as const);
  const types = new TypeNames(new Map([...known, ...(Object.entries(values) as [string, EventType][])]));
  const at = index(column);
  return (row) => types.find(row, at);
}

/** Whether a field says something. */
function presence(source: Source | undefined, index: Index): (row: RowFields) => boolean {
  if (typeof source !== 'string') {
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
  if (typeof source !== 'string') return constantWriter(opens, JSON.stringify(source.value).slice(1));
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
  if (typeof source !== 'string') return () => false;
  const opens = opening(name);
  const at = index(source);
  return (row, line) => {
    line.id(opens, row, at);
    return true;
  };
}

function timeWriter(spec: CsvMap['time'], index: Index): WriteRow {
  const { column, unit } = typeof spec === 'string' ? { column: spec, unit: 'iso' as const } : spec;
  if (unit === 'iso') return textWriter('time', column, index);
  const opens = piece(',"time":');
  const at = index(column);
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
  if (field === 'quantity') return quantityWriter(source, index);
  if (field === 'price' && map.decimal === ',' && source !== undefined) return amountWriter(source, index);
  return textWriter(field, source, index);
}

/** Amounts with a comma before the decimals, and points between the thousands. */
function amountWriter(source: Source, index: Index): WriteRow {
  if (typeof source !== 'string') return () => false;
  const opens = opening('price');
  const at = index(source);
  const point = piece('.');
  return (row, line) => {
    const { bytes } = row;
    const end = row.start(at) + row.size(at);
    let commas = 0;
    line.put(opens);
    for (let from = row.start(at); from < end; from += 1) {
      const byte = bytes[from];
      if (byte === COMMA) {
        line.put(point);
        commas += 1;
      } else if (byte !== POINT) line.part(bytes, from, 1);
    }
    line.quote();
    return commas <= 1;
  };
}

function quantityWriter(source: Source | undefined, index: Index): WriteRow {
  const opens = piece(',"quantity":');
  if (typeof source !== 'string') {
    const quantity = source === undefined ? undefined : JSON.stringify(units(source.value));
    return quantity === undefined ? () => true : constantWriter(opens, quantity);
  }
  const at = index(source);
  return (row, line) => {
    if (row.size(at) === 0) return true;
    const quantity = wholeUnits(row.bytes, row.start(at), row.start(at) + row.size(at));
    if (quantity === -1) return false;
    line.put(opens);
    line.whole(quantity);
    return true;
  };
}

function propertiesWriter(properties: Readonly<Record<string, string>>, index: Index): WriteRow {
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
