import { type ColumnFacts } from './column-facts.ts';
import { type CsvMap, type MapSource } from './csv-map-schema.ts';
import { type JsonFormat, list, readParts } from './format.ts';
import { openMapReader } from './map-reader.ts';

/** Reads JSON as a map says: its columns are paths, such as `customer.id` or `addresses.0.country`. */
export function openJsonMap(map: CsvMap, facts: ColumnFacts): JsonFormat {
  const unfound = new Set<string>();
  const at = (path: string): ((record: unknown) => unknown) => {
    const valueIn = valueAt(path);
    unfound.add(path);
    return (record) => {
      const value = valueIn(record);
      if (value !== undefined) unfound.delete(path);
      return value;
    };
  };
  const get = (source: MapSource): ((record: unknown) => string) => {
    if (typeof source === 'object') return () => source.value;
    const value = at(String(source));
    return (record) => textOf(value(record));
  };
  const recordsOf = map.records === undefined ? undefined : at(map.records);
  const items = map.items === undefined ? undefined : at(map.items);
  const itemsOf = items === undefined ? undefined : (record: unknown) => list(items(record));
  const read = openMapReader<unknown>(map, get, facts, get, itemsOf);
  return {
    name: 'csv',
    layout: 'json',
    recognises: () => true,
    unfound: () => [...unfound],
    read: (value) => {
      if (recordsOf === undefined) return [read(value)];
      return readParts(list(recordsOf(value)), read);
    },
  };
}

function valueAt(path: string): (record: unknown) => unknown {
  const names = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  return (record) => {
    let value: unknown = record;
    for (const name of names) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
    }
    return value;
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}
