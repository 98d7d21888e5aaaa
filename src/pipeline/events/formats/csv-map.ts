import { TypeCompiler } from '@sinclair/typebox/compiler';
import { EcomError } from '../../../errors.ts';
import { EVENT_TYPES, type EventType } from '../shop-event.ts';
import { stripControls } from '../text.ts';
import { epochMs } from '../time.ts';
import { type CsvMap, EVENT_FIELDS, ITEM_FIELDS, MapSchema, PER_SECOND } from './csv-map-schema.ts';
import { openMapWriter } from './csv-map-writer.ts';
import { type CsvFormat, notOfAShop, type RawEvent, type ReadFields, units } from './format.ts';

/** A format that a map file describes, with the delimiter that the file names. */
export interface MappedFormat extends CsvFormat {
  readonly delimiter: string;
}

const TYPES: ReadonlySet<string> = new Set(EVENT_TYPES);

/**
 * The format that a map file describes.
 * @param text the file's content, JSON
 * @param path its name, for messages
 * @throws EcomError `INPUT` where the file is no valid map
 */
export function parseCsvMap(text: string, path: string): MappedFormat {
  const map = readMap(text, path);
  const { columns, delimiter = ',' } = map;
  const used = usedColumns(map);
  const named = new Set(columns);
  const unknown = columns === undefined ? undefined : used.find((column) => !named.has(column));
  if (unknown !== undefined) throw invalid(path, `its 'columns' do not hold '${unknown}'`);
  return {
    name: 'csv',
    layout: 'csv',
    header: columns === undefined,
    columns: columns ?? used,
    delimiter,
    open: (index) => openMap(map, index),
    openWriter: (index) => openMapWriter(map, index),
  };
}

function readMap(text: string, path: string): CsvMap {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(path, `it is not JSON: ${(error as Error).message}`);
  }
  const checker = TypeCompiler.Compile(MapSchema);
  if (!checker.Check(value)) {
    const error = checker.Errors(value).First();
    const where = error?.path.slice(1).replaceAll('/', '.') || 'the map';
    const what = error?.schema.description ?? error?.message.toLowerCase() ?? 'it is wrong';
    throw invalid(path, `${where}: ${what}`);
  }
  for (const type of mappedTypes(value)) {
    if (!TYPES.has(type)) throw invalid(path, `type: '${type}' is not one of ${EVENT_TYPES.join(', ')}`);
  }
  return value;
}

function invalid(path: string, what: string): EcomError {
  return new EcomError('INPUT', `${path} is not a valid map: ${stripControls(what)}`, {
    hint: 'docs/formats.md describes the file, with an example',
  });
}

function mappedTypes({ type }: CsvMap): string[] {
  if (typeof type === 'string') return [];
  return 'value' in type ? [type.value] : Object.values(type.values);
}

function usedColumns(map: CsvMap): string[] {
  const { type, time } = map;
  const names = [typeof time === 'string' ? time : time.column];
  if (typeof type === 'string') names.push(type);
  else if ('column' in type) names.push(type.column);
  for (const field of [...EVENT_FIELDS, ...ITEM_FIELDS]) {
    const source = map[field];
    if (typeof source === 'string') names.push(source);
  }
  return [...new Set([...names, ...Object.values(map.properties ?? {})])];
}

function openMap(map: CsvMap, index: (column: string) => number): ReadFields {
  const get = (
    source: string | { value: string } | undefined,
  ): ((fields: readonly string[]) => string) | undefined => {
    if (source === undefined) return undefined;
    if (typeof source !== 'string') return () => source.value;
    const at = index(source);
    return (fields) => fields[at]!;
  };
  const eventFields = EVENT_FIELDS.flatMap((field) => pair(field, get(map[field])));
  const itemFields = ITEM_FIELDS.flatMap((field) => pair(field, get(map[field])));
  const properties = Object.entries(map.properties ?? {}).flatMap(([name, column]) =>
    pair(name, get(column)),
  );
  const product = get(map.productId);
  const typeOf = openType(map.type, get);
  const timeOf = openTime(map.time, get);
  const amount = (text: string): string =>
    map.decimal === ',' ? text.replaceAll('.', '').replace(',', '.') : text;

  return (fields) => {
    const { type, name } = typeOf(fields);
    if (type === undefined) return notOfAShop(name);
    const event: RawEvent = { type, time: timeOf(fields) };
    for (const [field, read] of eventFields) {
      const value = read(fields);
      // An id that the row gets instead comes last.
      if (field !== 'id' || value !== '') event[field] = value;
    }
    if (type === 'purchase' && event.orderId) event.partial = map.orderLines ?? true;
    if (product !== undefined && product(fields) !== '') {
      const item: Partial<Record<(typeof ITEM_FIELDS)[number], unknown>> = {};
      for (const [field, read] of itemFields) item[field] = read(fields);
      if (typeof item.price === 'string') item.price = amount(item.price);
      item.quantity = units(item.quantity);
      event.items = [item];
    }
    if (properties.length > 0)
      event.properties = Object.fromEntries(properties.map(([name, read]) => [name, read(fields)]));
    return event;
  };
}

function pair<K, V>(key: K, value: V | undefined): [K, V][] {
  return value === undefined ? [] : [[key, value]];
}

type Get = (source: string | { value: string }) => ((fields: readonly string[]) => string) | undefined;

function openType(
  spec: CsvMap['type'],
  get: Get,
): (fields: readonly string[]) => { type: EventType | undefined; name: string } {
  const mapped = typeof spec === 'object' && 'column' in spec;
  const read = get(mapped ? spec.column : spec)!;
  const values = new Map(Object.entries(mapped ? spec.values : {}));
  return (fields) => {
    const name = read(fields);
    const type = values.get(name) ?? name;
    return { type: TYPES.has(type) ? (type as EventType) : undefined, name };
  };
}

function openTime(spec: CsvMap['time'], get: Get): (fields: readonly string[]) => string | number {
  const { column, unit } = typeof spec === 'string' ? { column: spec, unit: 'iso' as const } : spec;
  const read = get(column)!;
  if (unit === 'iso') return read;
  return (fields) => {
    const text = read(fields);
    return Number.isNaN(epochMs(text)) ? text : Math.floor((Number(text) * 1000) / PER_SECOND[unit]);
  };
}
