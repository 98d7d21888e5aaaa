import { EventColumns } from '../events/columns.ts';
import { type OpenFormat } from '../events/formats/choose.ts';
import { LineWriter } from '../events/formats/line-writer.ts';
import { RowFields } from '../events/formats/row-fields.ts';
import { type RowIds } from '../events/row-ids.ts';
import { LineScanner } from '../events/scan.ts';
import { type Appender } from './appender.ts';
import { type PlainLines } from './rows.ts';

/**
 * Appends the rows of a CSV that need no thought: written as JSON from bytes to bytes, and taken where the scanner takes that
 * line. So it is a row's only event, and the same line that `createRecordMaker` makes.
 * @param clock ms since the epoch @param properties whose values are kept
 * @returns `undefined` where no row can be taken
 */
export function createPlainRows(
  format: OpenFormat & { layout: 'csv' },
  { ids, name }: { readonly ids: RowIds; readonly name: string },
  appender: Pick<Appender, 'addLine'>,
  clock: () => number,
  properties: readonly string[] = [],
): PlainLines | undefined {
  const row = RowFields.of(format.delimiter, format.width);
  const { write } = format;
  if (row === undefined || write === undefined) return undefined;
  const line = new LineWriter(ids, name);
  const columns = new EventColumns(properties);
  const scanner = new LineScanner(columns);

  return {
    begin(bytes, isUtf8) {
      row.begin(bytes, isUtf8);
      // What happened after this moment is refused, and read with the clock as it is then.
      scanner.begin(line.bytes, isUtf8, clock());
    },
    take(at) {
      const next = row.cut(at);
      if (next === -1) return -1;
      line.begin();
      if (!write(row, line) || !line.finish()) return -1;
      if (scanner.scan(0) === -1) return -1;
      line.keep();
      appender.addLine(line.bytes, columns, 0);
      columns.drop();
      return next;
    },
  };
}
