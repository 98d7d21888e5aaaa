import { type ProposedField, simplified } from './column-names.ts';
import { AMOUNT_FIELDS } from './csv-map-schema.ts';
import { statusOf } from './order-status.ts';

/** What was found of a file so far. */
export interface Found {
  /** Columns by field. */
  readonly columns: Map<ProposedField, number>;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the reader of the map should know. */
  readonly remarks: string[];
  /** Whether each record is a whole order. */
  readonly areWhole: boolean;
}

/**
 * Settles which columns say something of a whole order. What differs between the lines of one order does not: a total that does, is one
 * of lines.
 */
export function settleOrderColumns({ columns, header, rows, remarks, areWhole }: Found): void {
  const order = columns.get('orderId');
  const isTold = areWhole || (order !== undefined && hasSeveral(rows, order));
  const isLine = columns.has('productId') || columns.has('name');
  for (const field of AMOUNT_FIELDS) {
    const column = columns.get(field);
    if (column === undefined) continue;
    const name = header[column]!;
    if (order !== undefined && differs(rows, order, column)) {
      columns.delete(field);
      const isOfLine = field === 'total' && !columns.has('lineTotal') && !columns.has('price');
      if (isOfLine) columns.set('lineTotal', column);
      else remarks.push(`'${name}' differs between the lines of an order: it is not used`);
    } else if (isLine && !isTold && (field === 'total' || field === 'revenue')) {
      remarks.push(
        `'${name}' is taken for what the whole order is worth; where it is one line's, make it "lineTotal" in the map`,
      );
    }
  }
  const amount = columns.get('lineTotal');
  if (
    !isLine &&
    amount !== undefined &&
    !columns.has('total') &&
    !(order !== undefined && differs(rows, order, amount))
  ) {
    // Without products, what a row comes to is what its order does.
    columns.delete('lineTotal');
    columns.set('total', amount);
  }
}

/** Whether an order has several rows. */
function hasSeveral(rows: readonly (readonly string[])[], order: number): boolean {
  const ids = rows.map((row) => row[order]!).filter((id) => id !== '');
  return new Set(ids).size < rows.length;
}

function differs(rows: readonly (readonly string[])[], order: number, column: number): boolean {
  const said = new Map<string, string>();
  for (const row of rows) {
    const [id, text] = [row[order]!, row[column]!.trim()];
    if (id === '' || text === '') continue;
    if ((said.get(id) ?? text) !== text) return true;
    said.set(id, text);
  }
  return false;
}

/** Columns that are empty where the row before has said it of the same order. */
export function fillDownOf({ columns, rows }: Found): readonly ProposedField[] {
  const [time, order] = [columns.get('time')!, columns.get('orderId')];
  const isLeftOut = rows.some((row, i) => {
    const id = order === undefined ? '' : row[order]!;
    return (
      i > 0 &&
      row[time] === '' &&
      row.some((text) => text !== '') &&
      (id === '' || id === rows[i - 1]![order!])
    );
  });
  if (!isLeftOut) return [];
  const some = ['time', 'orderId', 'userId', 'currency'] as const;
  return some.filter((field) => columns.has(field) && rows.some((row) => row[columns.get(field)!] === ''));
}

/** What a map says of a column of statuses. */
export function statusFor(
  name: string | number,
  values: readonly string[],
  remarks: string[],
): string | number | { readonly column: string | number; readonly values: Readonly<Record<string, string>> } {
  const all = [...new Set(values)];
  const unknown = all.filter((value) => statusOf(value) === undefined);
  if (unknown.length > 0) {
    const shown = unknown.slice(0, 10).map((value) => `'${value}'`);
    remarks.push(
      `'${name}' has ${shown.join(', ')}: say in its "values" whether that is paid, pending, cancelled or refunded; until then such rows are rejected`,
    );
  }
  if (all.some((value) => simplified(value) === 'closed'))
    remarks.push(`'closed' in '${name}' is taken for paid; some shops close what was paid back`);
  const known = all.flatMap((value) => {
    const status = statusOf(value);
    return status === undefined ? [] : [[value, status] as const];
  });
  return { column: name, values: Object.fromEntries(known) };
}
