import { parseAmount } from '../money.ts';
import { parseMonthFirstTime } from '../time.ts';
import { BadRow, type CsvFormat, type RawEvent } from './format.ts';

/**
 * UCI's Online Retail (I and II): lines of a British shop's invoices, in GBP, in local time that is read as UTC. An
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
  aliases: { InvoiceNo: 'Invoice', UnitPrice: 'Price' },
  open: (index) => {
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
        time: timeOf(fields[date!]!),
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
};

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

function timeOf(text: string): string | number {
  const time = text.includes('/') ? parseMonthFirstTime(text) : Number.NaN;
  return Number.isNaN(time) ? text : time;
}
