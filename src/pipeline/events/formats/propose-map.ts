import { EVENT_TYPES } from '../shop-event.ts';
import { type DecimalSign, readAmount } from './amount-text.ts';
import { NO_FACTS } from './column-facts.ts';
import { type CsvMap } from './csv-map-schema.ts';
import { parseCsvRecord } from './csv-record.ts';
import { dateTime, orderOf } from './date-text.ts';

type Field =
  | 'type'
  | 'time'
  | 'id'
  | 'orderId'
  | 'userId'
  | 'sessionId'
  | 'productId'
  | 'name'
  | 'category'
  | 'brand'
  | 'price'
  | 'lineTotal'
  | 'quantity'
  | 'currency'
  | 'country';

/** What people call a column, without regard to case, spaces and signs; the more telling names come first. */
const NAMES: readonly (readonly [Field, string])[] = [
  [
    'time',
    'createdat orderdate invoicedate purchasedate dateordered datecreated timestamp datetime eventtime bestelldatum rechnungsdatum created date time when paidat processedat datum fecha data',
  ],
  [
    'orderId',
    'orderid ordernumber orderno invoiceno invoicenumber transactionid receiptno receiptid receipt order invoice bestellnummer bestellnr auftragsnummer auftrag belegnr bon commande pedido',
  ],
  [
    'userId',
    'customerid customeremail userid buyerid clientid visitorid customerno email customer user buyer client kundennummer kundennr kunde',
  ],
  ['sessionId', 'sessionid usersession session'],
  [
    'productId',
    'sku variantsku lineitemsku productsku productid itemid itemcode stockcode articleno articlenumber articleid asin artikelnummer artikelnr article product item artikel',
  ],
  [
    'name',
    'productname productitle lineitemname itemname title description name bezeichnung artikelname artikelbezeichnung titel',
  ],
  ['category', 'category productcategory producttype itemcategory kategorie warengruppe'],
  ['brand', 'brand vendor manufacturer marke hersteller'],
  [
    'price',
    'unitprice lineitemprice itemprice productprice priceperunit price einzelpreis stueckpreis stückpreis preis precio prix',
  ],
  [
    'lineTotal',
    'linetotal lineamount itemtotal rowtotal lineprice extendedprice itemrevenue amount gesamtpreis betrag summe umsatz',
  ],
  [
    'quantity',
    'quantity qty lineitemquantity itemquantity pieces units count menge anzahl stück stueck stk cantidad',
  ],
  ['currency', 'currency currencycode ordercurrency waehrung währung'],
  ['type', 'eventtype eventname event type action'],
  ['country', 'country shippingcountry billingcountry countrycode land pais'],
];
const TYPE_NAMES: Readonly<Record<string, string>> = {
  view: 'view_item',
  pageview: 'page_view',
  cart: 'add_to_cart',
  addtocart: 'add_to_cart',
  removefromcart: 'remove_from_cart',
  checkout: 'begin_checkout',
  sale: 'purchase',
  order: 'purchase',
  buy: 'purchase',
  transaction: 'purchase',
  return: 'refund',
  returned: 'refund',
};

/** A map for a file, and what its reader should know of it. */
export interface ProposedMap {
  readonly map: CsvMap;
  readonly remarks: readonly string[];
}

/**
 * Proposes a map by the header and the first rows of a file of separated values.
 * @param lines the first of which names the columns
 * @returns `undefined` where no column looks like a time
 */
export function proposeMap(lines: readonly string[], encoding: string | undefined): ProposedMap | undefined {
  const delimiter = delimiterOf(lines);
  const [header = [], ...rows] = lines.flatMap((line) => {
    const fields = parseCsvRecord(line, delimiter);
    return typeof fields === 'string' ? [] : [fields];
  });
  const whole = rows.filter(({ length }) => length === header.length);
  const samples = (column: number): string[] =>
    whole.map((row) => row[column]?.trim() ?? '').filter((text) => text !== '');
  const found = new Map<Field, number>();
  const taken = new Set<number>();
  for (const [field, names] of NAMES) {
    const column = names
      .split(' ')
      .map((name) => header.findIndex((one, i) => simplified(one) === name && !taken.has(i)))
      .find((i) => i >= 0 && fits(field, samples(i)));
    if (column === undefined) continue;
    found.set(field, column);
    taken.add(column);
  }
  const time = found.get('time') ?? header.findIndex((_, i) => !taken.has(i) && fits('time', samples(i)));
  if (time === -1) return undefined;
  taken.add(time);
  // A name that two columns have means neither.
  const column = (i: number): string | number =>
    header.filter((one) => simplified(one) === simplified(header[i]!)).length > 1 ? i + 1 : header[i]!;
  const remarks: string[] = [];
  const decimal = decimalOf(['price', 'lineTotal'], found, samples);
  const map: Record<string, unknown> = {};
  if (encoding !== undefined) map.encoding = encoding;
  if (delimiter !== ',') map.delimiter = delimiter;
  if (decimal === ',') map.decimal = ',';
  map.type = typeFor(found.get('type'), column, samples);
  map.time = timeFor(column(time), samples(time), remarks);
  if (found.has('price') && found.has('lineTotal'))
    remarks.push(`'${header[found.get('lineTotal')!]}' is taken for the amount of a whole line`);
  for (const field of [
    'id',
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
    'currency',
  ] as const) {
    const place = found.get(field);
    if (place !== undefined) map[field] = column(place);
  }
  const isNegative = (['quantity', 'price', 'lineTotal'] as const).some((field) =>
    samples(found.get(field) ?? -1).some((text) => /^[-−(]|-$/.test(text)),
  );
  if (isNegative) map.negative = 'refund';
  const country = found.get('country');
  if (country !== undefined) map.properties = { country: column(country) };
  const unused = header.filter((_, i) => !taken.has(i));
  if (unused.length > 0) remarks.push(`not used: ${unused.join(', ')}`);
  if (!found.has('currency'))
    remarks.push('no column names a currency: amounts are in that of their signs, else in ECOM_CURRENCY');
  return { map: map as CsvMap, remarks };
}

function delimiterOf(lines: readonly string[]): string {
  const counts = [',', ';', '\t', '|'].map((delimiter) => {
    const widths = lines.map((line) => {
      const fields = parseCsvRecord(line, delimiter);
      return typeof fields === 'string' ? 0 : fields.length;
    });
    const [first = 0] = widths;
    return { delimiter, score: first < 2 ? 0 : first * widths.filter((width) => width === first).length };
  });
  return counts.reduce((best, one) => (one.score > best.score ? one : best)).delimiter;
}

function simplified(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\d]/gu, '');
}

/** Whether most values of a column may be what its name says. */
function fits(field: Field, values: readonly string[]): boolean {
  if (field === 'time') return values.length > 0 && areMostly(values, isTime);
  if (field !== 'price' && field !== 'lineTotal' && field !== 'quantity') return true;
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

function decimalOf(
  fields: readonly Field[],
  found: ReadonlyMap<Field, number>,
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
): CsvMap['type'] {
  if (column === undefined) return { value: 'purchase' };
  const values = [...new Set(samples(column))];
  const known: ReadonlySet<string> = new Set(EVENT_TYPES);
  if (values.every((value) => known.has(value))) return nameOf(column);
  const mapped = values.flatMap((value) => {
    const type = known.has(value) ? value : TYPE_NAMES[simplified(value)];
    return type === undefined ? [] : [[value, type] as const];
  });
  if (mapped.length === 0) return { value: 'purchase' };
  return { column: nameOf(column), values: Object.fromEntries(mapped) };
}

function timeFor(column: string | number, values: readonly string[], remarks: string[]): CsvMap['time'] {
  const digits = values[0]!.length;
  if (values.every((text) => /^\d{10,16}$/.test(text)))
    return { column, unit: digits > 13 ? 'us' : digits > 10 ? 'ms' : 's' };
  const orders = values.map(orderOf);
  if (orders.includes('either') && !orders.includes('day') && !orders.includes('month')) {
    remarks.push(
      `the first dates of '${column}' may begin with the day or with the month: ingest looks at all of them, and refuses the file where none tells`,
    );
  }
  if (values.some((text) => !/Z$|UTC$|[+-]\d\d:?\d\d$/.test(text)))
    remarks.push(
      'times without a zone are read in the shop’s (ECOM_TIMEZONE); "timeZone" in the map names another',
    );
  return column;
}
