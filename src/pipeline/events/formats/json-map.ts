import { type TimeZone } from '../time-zone.ts';
import { NO_FACTS } from './column-facts.ts';
import { type Column, type CsvMap } from './csv-map-schema.ts';
import { type JsonFormat, list, type Outcome, readParts } from './format.ts';
import { filledDown, itemColumns, surveyOf, usedColumns } from './map-columns.ts';
import { type Get, openMapReader } from './map-reader.ts';

type Scalar = string | number | boolean;
/** What a record says at each path of a map, '' where it says nothing. */
type Fields = readonly Scalar[];

/** Reads JSON as a map says: its columns are paths, such as `customer.id` or `addresses.0.country`. */
export function openJsonMap(map: CsvMap, zone: TimeZone): JsonFormat {
  const own = usedColumns(map);
  const ofItems = map.items === undefined ? [] : itemColumns(map);
  const all = [...own, ...ofItems];
  const unfound = new Set<string>();
  const at = (path: Column): ((record: unknown) => unknown) => {
    const valueIn = valueAt(String(path));
    unfound.add(String(path));
    return (record) => {
      const value = valueIn(record);
      if (value !== undefined) unfound.delete(String(path));
      return value;
    };
  };
  const fieldsIn = (columns: readonly Column[]): ((record: unknown) => Fields) => {
    const values = columns.map(at);
    return (record) => values.map((value) => scalarOf(value(record)));
  };
  const ownIn = fieldsIn(own);
  const itemIn = fieldsIn(ofItems);
  const records = map.records === undefined ? undefined : at(map.records);
  const recordsOf = (value: unknown): readonly unknown[] =>
    records === undefined ? [value] : list(records(value));
  const items = map.items === undefined ? () => [] : at(map.items);
  const textOf = (field: Scalar): string => amountText(field, map.decimal);

  function open(facts = { ...NO_FACTS, timeZone: zone }): JsonFormat {
    let entries: readonly Fields[] = [];
    const itemsOf = map.items === undefined ? undefined : () => entries;
    const readFields = filledDown<Scalar, Outcome>(
      map,
      (column) => own.indexOf(column),
      openMapReader<Fields>(
        map,
        getter(own, textOf),
        facts,
        getter(itemsOf ? ofItems : own, textOf),
        itemsOf,
      ),
    );
    const read = (record: unknown): Outcome => {
      entries = list(items(record)).map(itemIn);
      return readFields(ownIn(record));
    };
    return {
      name: 'csv',
      layout: 'json',
      recognises: () => true,
      unfound: () => [...unfound],
      read: (value) => (records === undefined ? [read(value)] : readParts(recordsOf(value), read)),
    };
  }

  const survey = surveyOf(map, (column) => all.indexOf(column));
  return {
    ...open(),
    unsettled: {
      survey,
      dateColumn: survey.dateColumn === undefined ? '' : String(all[survey.dateColumn]),
      *rowsIn(value) {
        for (const record of recordsOf(value)) {
          const fields = ownIn(record).map(textOf);
          yield [...fields, ...ofItems.map(() => '')];
          for (const entry of list(items(record))) yield [...fields, ...itemIn(entry).map(textOf)];
        }
      },
      open: () => open(survey.facts(zone)),
    },
  };
}

function getter(columns: readonly Column[], amountOf: (field: Scalar) => string): Get<Fields> {
  return (source, isAmount = false) => {
    if (typeof source === 'object') return () => source.value;
    const place = columns.indexOf(source);
    return isAmount ? (fields) => amountOf(fields[place]!) : (fields) => String(fields[place]!);
  };
}

/** A number of JSON has a point, whatever the decimal sign of its texts is. */
function amountText(field: Scalar, decimal: CsvMap['decimal']): string {
  return typeof field === 'number' && decimal === ',' ? String(field).replace('.', ',') : String(field);
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

function scalarOf(value: unknown): Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : '';
}
