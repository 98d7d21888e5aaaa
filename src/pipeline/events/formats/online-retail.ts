import { parseAmount } from '../money.ts';
import { monthFirstTime } from '../scan-time.ts';
import { parseMonthFirstTime } from '../time.ts';
import { NO_FACTS, Survey } from './column-facts.ts';
import { type DayOrder, dateTime } from './date-text.ts';
import { BadRow, type CsvFormat, type RawEvent } from './format.ts';
import { type LineWriter, piece } from './line-writer.ts';
import { type RowFields, wholeUnits } from './row-fields.ts';

const PURCHASE = piece('{"type":"purchase"');
const REFUND = piece('{"type":"refund"');
const TIME = piece(',"time":');
const TIME_TEXT = piece(',"time":"');
const USER = piece(',"userId":"');
const ORDER = piece(',"orderId":"');
const PRODUCT = piece(',"currency":"GBP","items":[{"productId":"');
const NAME = piece(',"name":"');
const PRICE = piece(',"price":"');
const QUANTITY = piece(',"quantity":');
const COUNTRY = piece('}],"properties":{"country":"');
const PROPERTIES_END = piece('}');
const PARTIAL = piece(',"partial":true');

/**
 * UCI's Online Retail (I and II): lines of a British shop's invoices, in GBP, in local time that is read as UTC. Dates
 * begin with the month, unless one of the column shows that they begin with the day. An
 * invoice that begins with C is a refund, one that begins with A an adjustment of the books.
 * Source: https://archive.ics.uci.edu/dataset/352/online+retail
 */
export const onlineRetail: CsvFormat = {
  name: 'online-retail',
  layout: 'csv',
  header: true,
  columns: [
    'InvoiceNo',
    'StockCode',
    'Description',
    'Quantity',
    'InvoiceDate',
    'UnitPrice',
    'CustomerID',
    'Country',
  ],
  usualOrder: 'month',
  survey: (index) => new Survey(index('InvoiceDate')),
  aliases: { InvoiceNo: 'Invoice', UnitPrice: 'Price' },
  open: (index, { order = 'month' } = NO_FACTS) => {
    const [invoiceNo, stockCode, description, quantityAt, date, unitPrice, customer, country] =
      onlineRetail.columns.map(index);
    return (fields) => {
      const invoice = fields[invoiceNo!]!;
      const price = fields[unitPrice!]!;
      const quantity = wholeNumber(fields[quantityAt!]!);
      if (quantity === undefined)
        return new BadRow('bad quantity', `Quantity is '${fields[quantityAt!]!.slice(0, 80)}'`);
      const refund = invoice.startsWith('C');
      const refused = refund ? undefined : refusal(invoice, quantity, price);
      if (refused !== undefined) return refused;
      const event: RawEvent = {
        type: refund ? 'refund' : 'purchase',
        time: timeOf(fields[date!]!, order),
        userId: fields[customer!]!.replace(/\.0$/, ''),
        orderId: invoice,
        currency: 'GBP',
        items: [
          {
            productId: fields[stockCode!]!,
            name: fields[description!]!.trim(),
            price,
            quantity: Math.abs(quantity),
          },
        ],
        properties: { country: fields[country!]! },
      };
      if (!refund) event.partial = true;
      return event;
    };
  },
  openWriter: (index, { order = 'month' } = NO_FACTS) => {
    const [invoice, stockCode, description, quantityAt, date, price, customer, country] =
      onlineRetail.columns.map(index) as [number, number, number, number, number, number, number, number];
    return (row, line) => {
      const first = row.size(invoice) === 0 ? 0 : row.bytes[row.start(invoice)];
      const refund = first === UPPER_C;
      const quantity = quantityOf(row, quantityAt, refund);
      if (first === UPPER_A || quantity === -1 || !(refund || isAboveZero(row, price))) return false;
      line.put(refund ? REFUND : PURCHASE);
      if (!writeTime(line, row, date, order)) return false;
      line.put(USER);
      line.part(row.bytes, row.start(customer), withoutPointZero(row, customer));
      line.quote();
      line.text(ORDER, row, invoice);
      line.text(PRODUCT, row, stockCode);
      if (!writeTrimmed(line, row, description)) return false;
      line.amount(PRICE, row, price);
      line.put(QUANTITY);
      line.whole(quantity);
      line.text(COUNTRY, row, country);
      line.put(PROPERTIES_END);
      if (!refund) line.put(PARTIAL);
      return true;
    };
  },
};

const [SPACE, MINUS, POINT, SLASH, ZERO, UPPER_A, UPPER_C] = [
  0x20, 0x2d, 0x2e, 0x2f, 0x30, 0x41, 0x43,
] as const;

/** Units, without the sign that those of a refund have; -1 for what needs thought. */
function quantityOf(row: RowFields, column: number, refund: boolean): number {
  const { bytes } = row;
  let start = row.start(column);
  const end = start + row.size(column);
  if (refund && bytes[start] === MINUS && start < end) start += 1;
  return wholeUnits(bytes, start, end);
}

/** Whether a number that the scanner takes for a price is one above 0. */
function isAboveZero(row: RowFields, column: number): boolean {
  const start = row.start(column);
  for (let at = start; at < start + row.size(column); at += 1) if (row.bytes[at]! > ZERO) return true;
  return false;
}

function writeTime(line: LineWriter, row: RowFields, column: number, order: DayOrder): boolean {
  const start = row.start(column);
  const size = row.size(column);
  const time = order === 'month' ? monthFirstTime(row.bytes, start, size) : Number.NaN;
  if (!Number.isNaN(time)) {
    line.put(TIME);
    line.whole(time);
    return true;
  }
  for (let at = start; at < start + size; at += 1) if (row.bytes[at] === SLASH) return false;
  line.text(TIME_TEXT, row, column);
  return true;
}

/** Bytes of a field without the `.0` that spreadsheets put at the end of a number. */
function withoutPointZero(row: RowFields, column: number): number {
  const size = row.size(column);
  const end = row.start(column) + size;
  return size >= 2 && row.bytes[end - 1] === ZERO && row.bytes[end - 2] === POINT ? size - 2 : size;
}

/** @returns false where a character beyond ASCII stands at an end, which may be a space too */
function writeTrimmed(line: LineWriter, row: RowFields, column: number): boolean {
  const { bytes } = row;
  let start = row.start(column);
  let end = start + row.size(column);
  while (start < end && bytes[start] === SPACE) start += 1;
  while (end > start && bytes[end - 1] === SPACE) end -= 1;
  if (start < end && (bytes[start]! > 0x7f || bytes[end - 1]! > 0x7f)) return false;
  line.put(NAME);
  line.part(bytes, start, end - start);
  line.quote();
  return true;
}

/** Lines of the books that are no sale. */
function refusal(invoice: string, quantity: number, price: string): BadRow | undefined {
  if (invoice.startsWith('A')) return new BadRow('adjustment', `invoice ${invoice} adjusts the books`);
  if (quantity < 0)
    return new BadRow('negative quantity', `Quantity is ${quantity}, and the invoice is no refund`);
  const amount = parseAmount(price);
  return amount !== undefined && amount <= 0 ? new BadRow('zero price', `UnitPrice is ${price}`) : undefined;
}

function wholeNumber(text: string): number | undefined {
  return /^-?\d{1,12}(\.0+)?$/.test(text) ? Number(text) : undefined;
}

function timeOf(text: string, order: DayOrder): string | number {
  const month = order === 'month' && text.includes('/') ? parseMonthFirstTime(text) : Number.NaN;
  const time = text.includes('/') && order === 'day' ? dateTime(text, order, NO_FACTS.timeZone) : month;
  return Number.isNaN(time) ? text : time;
}
