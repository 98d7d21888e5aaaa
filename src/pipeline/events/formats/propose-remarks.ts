import { type DecimalSign } from './amount-text.ts';
import { COLUMN_NAMES, PAID_BACK, type ProposedField, simplified } from './column-names.ts';
import { type Found } from './propose-order.ts';

const STATUS_NAMES = new Set(COLUMN_NAMES.find(([field]) => field === 'status')![1]);
const MOST_UNUSED = 30;
const WORTHS = ['price', 'lineTotal', 'revenue', 'total'] as const satisfies readonly ProposedField[];

/**
 * Says what the reader has to know of what the map does not say.
 * @param isSold whether a row may be a purchase
 */
export function addRemarks(
  found: Found,
  samples: (column: number) => string[],
  decimal: DecimalSign,
  isSold: boolean,
): void {
  const { columns, header, remarks } = found;
  if (isSold) addOrderRemarks(found);
  addAmountRemarks(found, samples, decimal);
  const used = new Set(columns.values());
  const unused = header.flatMap((_, i) => (used.has(i) ? [] : [i]));
  for (const i of unused) {
    if (!PAID_BACK.test(header[i]!) || !samples(i).some((text) => /[1-9]/.test(text))) continue;
    remarks.push(`'${header[i]}' is not read: what was paid back of a part of an order does not count`);
  }
  for (const i of unused) {
    if (!STATUS_NAMES.has(simplified(header[i]!)) || columns.has('status') || samples(i).length === 0)
      continue;
    remarks.push(
      `'${header[i]}' has no word of a status that is known: if it is one, say it as "status" in the map`,
    );
  }
  if (unused.length > 0) {
    const more = unused.length > MOST_UNUSED ? `, and ${unused.length - MOST_UNUSED} others` : '';
    remarks.push(
      `not used: ${unused
        .slice(0, MOST_UNUSED)
        .map((i) => header[i])
        .join(', ')}${more}`,
    );
  }
  if (!columns.has('currency'))
    remarks.push('no column names a currency: amounts are in that of their signs, else in ECOM_CURRENCY');
}

/** What is missing where rows are purchases. */
function addOrderRemarks({ columns, header, rows, remarks, areWhole }: Found): void {
  if (WORTHS.every((field) => !columns.has(field)))
    remarks.push(
      'no column is known for an amount: orders would be worth nothing; say which one is as "price", "lineTotal" or "total" in the map',
    );
  const order = columns.get('orderId');
  if (order === undefined) {
    remarks.push('no column names an order: every row counts as an order of its own');
    if (!columns.has('userId') && !columns.has('quantity') && !columns.has('sessionId'))
      remarks.push('nor does one name a customer or a quantity: a list of products is no list of sales');
    return;
  }
  const isLine = !areWhole && (columns.has('productId') || columns.has('name'));
  const ids = rows.map((row) => row[order]!);
  if (isLine && simplified(header[order]!) === 'id' && new Set(ids).size === ids.length)
    remarks.push(
      `'${header[order]}' is taken for the order's, and every row is one of its own; where it is the line's, make another column "orderId" in the map`,
    );
}

/** What may be read in two ways, and times of day that stand beside their date. */
function addAmountRemarks(
  { columns, header, remarks }: Found,
  samples: (column: number) => string[],
  decimal: DecimalSign,
): void {
  const amounts = WORTHS.flatMap((field) => (columns.has(field) ? samples(columns.get(field)!) : []));
  const signed = amounts.filter((text) => /[.,]/.test(text));
  const thousands = signed.find((text) => /\d[.,]\d{3}\D*$/.test(text));
  if (thousands !== undefined && signed.every((text) => /^\D*\d{1,3}[.,]\d{3}\D*$/.test(text)))
    remarks.push(
      `amounts such as '${thousands}' may have thousands or decimals: they are read with the decimal sign '${decimal}', which "decimal" in the map says`,
    );
  const times = samples(columns.get('time')!);
  if (times.some((text) => /\d:\d\d|^\d{10,}$/.test(text))) return;
  const used = new Set(columns.values());
  const clock = header.findIndex((_, i) => !used.has(i) && isClock(samples(i)));
  if (clock >= 0)
    remarks.push(`'${header[clock]}' is a time of day, and is not read: all rows are at 0:00 of their day`);
}

function isClock(values: readonly string[]): boolean {
  return (
    values.length > 0 && values.every((text) => /^\d{1,2}:\d\d(:\d\d)?(\.\d+)?( ?[ap]\.?m\.?)?$/i.test(text))
  );
}
