import { Survey } from './column-facts.ts';
import {
  AMOUNT_FIELDS,
  type Column,
  type CsvMap,
  EVENT_FIELDS,
  ITEM_FIELDS,
  type MapSource,
} from './csv-map-schema.ts';

const AMOUNTS = ['price', 'lineTotal', ...AMOUNT_FIELDS] as const;
const OF_ITEM = [...ITEM_FIELDS, 'lineTotal'] as const;

function columnOf(source: MapSource | { readonly column: Column } | undefined): Column[] {
  if (source === undefined) return [];
  if (typeof source !== 'object') return [source];
  return 'column' in source ? [source.column] : [];
}

/** All that a map names, and of records with a list of products only what it says of the records. */
export function usedColumns(map: CsvMap): Column[] {
  const own = [
    map.time,
    map.type,
    map.status,
    ...[...EVENT_FIELDS, ...AMOUNT_FIELDS].map((field) => map[field]),
  ];
  const columns = [...own.flatMap(columnOf), ...Object.values(map.properties ?? {})];
  return [...new Set(map.items === undefined ? [...columns, ...itemColumns(map)] : columns)];
}

/** What a map says of a product. */
export function itemColumns(map: CsvMap): Column[] {
  return [...new Set(OF_ITEM.flatMap((field) => columnOf(map[field])))];
}

/** What looks at the columns that a map leaves something open of. */
export function surveyOf(map: CsvMap, index: (column: Column) => number): Survey {
  const { time, currency, decimal } = map;
  const isOpen = typeof time !== 'object';
  const amounts = currency === undefined ? AMOUNTS.flatMap((field) => columnOf(map[field])) : [];
  return new Survey(isOpen ? index(time) : undefined, amounts.map(index), decimal);
}

/** Gives empty fields the value of the row before, within one order. */
export function filledDown<T, R>(
  { fillDown = false, orderId }: CsvMap,
  index: (column: Column) => number,
  read: (fields: readonly (T | '')[]) => R,
): (fields: readonly (T | '')[]) => R {
  if (fillDown === false) return read;
  const [order] = columnOf(orderId).map(index);
  const some = fillDown === true ? undefined : new Set(fillDown.map(index));
  let before: readonly (T | '')[] = [];
  return (fields) => {
    const isOther = order !== undefined && fields[order] !== '' && fields[order] !== before[order];
    const filled = isOther
      ? fields
      : fields.map((field, i) => (field === '' && (some?.has(i) ?? true) ? (before[i] ?? field) : field));
    before = filled;
    return read(filled);
  };
}
