import { AGENT_PROPERTY } from '../agent-name.ts';
import { EVENT_TYPES } from '../shop-event.ts';
import { type DecimalSign, readAmount } from './amount-text.ts';
import { NO_FACTS } from './column-facts.ts';
import { COLUMN_NAMES, type ProposedField, simplified, TYPE_NAMES } from './column-names.ts';
import { AMOUNT_FIELDS, type CsvMap } from './csv-map-schema.ts';
import { dateTime, orderOf } from './date-text.ts';
import { statusOf } from './order-status.ts';
import { type ProposalTable } from './proposal-table.ts';
import { fillDownOf, settleOrderColumns, statusFor } from './propose-order.ts';
import { addRemarks } from './propose-remarks.ts';

/** A map for a file, and what its reader should know of it. */
export interface ProposedMap {
  readonly map: CsvMap;
  readonly remarks: readonly string[];
}

const MOST_STATUSES = 30;

/** In the order in which a map says them. */
const FIELDS = [
  ...[
    'orderId',
    'userId',
    'sessionId',
    'productId',
    'name',
    'category',
    'brand',
    'price',
    'lineTotal',
    'quantity',
  ],
  ...['currency', 'revenue', 'total', 'tax', 'shipping', 'discount'],
] as const satisfies readonly ProposedField[];
const OF_ITEM: ReadonlySet<ProposedField> = new Set<ProposedField>([
  ...(['productId', 'name', 'category', 'brand', 'price', 'lineTotal', 'quantity'] as const),
]);
const AMOUNTS = ['price', 'lineTotal', ...AMOUNT_FIELDS] as const;
const AMOUNT_NAMES: ReadonlySet<ProposedField> = new Set<ProposedField>(AMOUNTS);

/**
 * Proposes a map by the beginning of a file.
 * @param encoding that was guessed
 * @returns what no column does where none can be proposed
 */
export function proposeMap(table: ProposalTable, encoding: string | undefined): ProposedMap | string {
  const { header, rows } = table;
  const samples = (column: number): string[] =>
    rows.map((row) => row[column]?.trim() ?? '').filter((text) => text !== '');
  const columns = columnsOf(table, samples);
  const taken = new Set(columns.values());
  const time = columns.get('time') ?? header.findIndex((_, i) => !taken.has(i) && fits('time', samples(i)));
  if (time === -1) return 'looks like a time';
  columns.set('time', time);
  const remarks: string[] = [];
  const found = { columns, header, rows, remarks, areWhole: table.layout.items !== undefined };
  settleOrderColumns(found);
  const { nameOf } = table;
  const type = typeFor(columns.get('type'), nameOf, samples, remarks);
  const isSale = typeof type === 'object' && 'value' in type;
  if (isSale && !(['orderId', 'productId', 'name'] as const).some((field) => columns.has(field)))
    return 'names an order or a product';
  const decimal = decimalOf(AMOUNTS, columns, samples);
  const map: Record<string, unknown> = { ...table.layout };
  if (encoding !== undefined) {
    map.encoding = encoding;
    remarks.push(`read as ${encoding}: where names look wrong below, "encoding" in the map names another`);
  }
  if (decimal === ',') map.decimal = ',';
  map.type = type;
  map.time = timeFor(nameOf(time), samples(time));
  const zone = zoneOf(header[time]!, samples(time), remarks);
  if (zone !== undefined) map.timeZone = zone;
  if (columns.has('price') && columns.has('lineTotal'))
    remarks.push(`'${header[columns.get('lineTotal')!]}' is taken for the amount of a whole line`);
  for (const field of FIELDS) {
    const place = columns.get(field);
    if (place !== undefined) map[field] = nameOf(place);
  }
  const status = columns.get('status');
  if (status !== undefined) map.status = statusFor(nameOf(status), samples(status), remarks);
  const isNegative = (['quantity', 'price', 'lineTotal', 'revenue', 'total'] as const).some((field) =>
    samples(columns.get(field) ?? -1).some((text) => /^[-−(]|-$/.test(text)),
  );
  if (isNegative) map.negative = 'refund';
  const filled = fillDownOf(found);
  if (filled.length > 0) map.fillDown = filled.map((field) => nameOf(columns.get(field)!));
  const properties = (
    [
      ['country', 'country'],
      ['userAgent', AGENT_PROPERTY],
    ] as const
  ).flatMap(([field, name]) => {
    const column = columns.get(field);
    return column === undefined ? [] : [[name, nameOf(column)] as const];
  });
  if (properties.length > 0) map.properties = Object.fromEntries(properties);
  addRemarks(found, samples, decimal, isSale || JSON.stringify(type).includes('"purchase"'));
  return { map: map as CsvMap, remarks };
}

/** Which columns are called like a field, and look like it. */
function columnsOf(
  { names, isOfItem, header, layout }: ProposalTable,
  samples: (column: number) => string[],
): Map<ProposedField, number> {
  const found = new Map<ProposedField, number>();
  const taken = new Set<number>();
  for (const [field, known] of COLUMN_NAMES) {
    // Of a record with a list of products, what is said of those is said there.
    const isThere = (i: number): boolean =>
      !taken.has(i) && (layout.items === undefined || isOfItem(i) === OF_ITEM.has(field));
    // The last part of a path tells less than all of it.
    const column = [0, 1]
      .flatMap((part) =>
        known.map((name) =>
          header.findIndex((_, i) => isThere(i) && names[i]![part] === name && fits(field, samples(i))),
        ),
      )
      .find((i) => i >= 0);
    if (column === undefined) continue;
    found.set(field, column);
    taken.add(column);
  }
  // Shopify calls the order's number its name, beside the names of its lines.
  const isNamed = (name: string): boolean => names.some(([first]) => first === name);
  const orderName = header.findIndex((_, i) => names[i]![0] === 'name');
  if (isNamed('lineitemname') && isNamed('financialstatus') && orderName >= 0 && !taken.has(orderName))
    found.set('orderId', orderName);
  // Amazon's price is that of all units of its line.
  const price = found.get('price');
  if (price !== undefined && names[found.get('orderId') ?? -1]?.[0] === 'amazonorderid') {
    found.delete('price');
    found.set('lineTotal', price);
  }
  return found;
}

/** Whether most values of a column may be what its name says. */
function fits(field: ProposedField, values: readonly string[]): boolean {
  if (field === 'time') return values.length > 0 && areMostly(values, isTime);
  // A browser's bare name would pass for a robot's.
  if (field === 'userAgent') return values.length > 0 && areMostly(values, (text) => text.includes('/'));
  if (field !== 'quantity' && !AMOUNT_NAMES.has(field)) return field !== 'status' || areStatuses(values);
  // An empty column says nothing.
  return areMostly(
    values,
    (text) => readAmount(text, '.') !== undefined || readAmount(text, ',') !== undefined,
  );
}

function areMostly(values: readonly string[], fit: (text: string) => boolean): boolean {
  return values.filter(fit).length * 3 >= values.length * 2;
}

function isTime(text: string): boolean {
  return (
    /^\d{10}(\d{3}){0,2}$/.test(text) ||
    orderOf(text) !== undefined ||
    !Number.isNaN(dateTime(text, 'day', NO_FACTS.timeZone))
  );
}

/** Whether they are few words that come again, of which one at least is known: a state may be one of a country. */
function areStatuses(values: readonly string[]): boolean {
  return new Set(values).size <= MOST_STATUSES && values.some((value) => statusOf(value) !== undefined);
}

function decimalOf(
  fields: readonly ProposedField[],
  found: ReadonlyMap<ProposedField, number>,
  samples: (column: number) => string[],
): DecimalSign {
  const values = fields.flatMap((field) => (found.has(field) ? samples(found.get(field)!) : []));
  const count = (sign: RegExp): number => values.filter((text) => sign.test(text)).length;
  return count(/,\d{1,2}\D*$/) > count(/\.\d{1,2}\D*$/) ? ',' : '.';
}

function typeFor(
  column: number | undefined,
  nameOf: (i: number) => string | number,
  samples: (column: number) => string[],
  remarks: string[],
): CsvMap['type'] {
  if (column === undefined) return { value: 'purchase' };
  const values = [...new Set(samples(column))];
  const known: ReadonlySet<string> = new Set(EVENT_TYPES);
  if (values.every((value) => known.has(value))) return nameOf(column);
  const mapped = values.flatMap((value) => {
    const name = simplified(value);
    const type = EVENT_TYPES.find((one) => simplified(one) === name) ?? TYPE_NAMES[name];
    return type === undefined ? [] : [[value, type] as const];
  });
  if (mapped.length === 0) {
    remarks.push(`'${nameOf(column)}' names no known type of event: every row is taken for a purchase`);
    return { value: 'purchase' };
  }
  const unknown = values.filter((value) => mapped.every(([known]) => known !== value)).slice(0, 10);
  if (unknown.length > 0)
    remarks.push(
      `'${nameOf(column)}' has ${unknown.map((value) => `'${value}'`).join(', ')}: such rows are rejected`,
    );
  return { column: nameOf(column), values: Object.fromEntries(mapped) };
}

function timeFor(column: string | number, values: readonly string[]): CsvMap['time'] {
  const digits = values[0]!.length;
  return areEpochs(values) ? { column, unit: digits > 13 ? 'us' : digits > 10 ? 'ms' : 's' } : column;
}

function areEpochs(values: readonly string[]): boolean {
  return values.every((text) => /^\d{10,16}$/.test(text));
}

/** The zone that the name of a column of times says, of times that name none. */
function zoneOf(name: string, values: readonly string[], remarks: string[]): string | undefined {
  if (areEpochs(values)) return undefined;
  const orders = values.map(orderOf);
  if (orders.includes('either') && !orders.includes('day') && !orders.includes('month')) {
    remarks.push(
      `the first dates of '${name}' may begin with the day or with the month: ingest looks at all of them, and refuses the file where none tells`,
    );
  }
  if (values.every((text) => /Z$|UTC$|[+-]\d\d:?\d\d$/.test(text))) return undefined;
  if (/(utc|gmt)\W*$/i.test(name)) return 'UTC';
  remarks.push(
    'times without a zone are read in the shop’s (ECOM_TIMEZONE); "timeZone" in the map names another',
  );
  return undefined;
}
