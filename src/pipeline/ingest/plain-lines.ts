import { EventColumns, TEXT } from '../events/columns.ts';
import { type OpenFormat } from '../events/formats/choose.ts';
import { type RowIds } from '../events/row-ids.ts';
import { LineScanner } from '../events/scan.ts';
import { type Appender } from './appender.ts';
import { createPlainRows } from './plain-rows.ts';
import { type PlainLines } from './rows.ts';

/** Takes the lines that need no thought, where the format has such. */
export function createPlain(
  format: OpenFormat,
  source: { readonly ids: RowIds; readonly name: string },
  appender: Pick<Appender, 'addLine'>,
  clock: () => number,
  properties: readonly string[] = [],
): PlainLines | undefined {
  if (format.layout === 'csv') return createPlainRows(format, source, appender, clock, properties);
  return format.name === 'native' ? createPlainLines(appender, clock, properties) : undefined;
}

/**
 * Appends the lines of our own format that the scanner takes as they are: no string is made, and nothing is parsed. One that
 * names no source is left to others, because it gets the file's name.
 * @param clock ms since the epoch @param properties whose values are kept
 */
function createPlainLines(
  appender: Pick<Appender, 'addLine'>,
  clock: () => number,
  properties: readonly string[],
): PlainLines {
  const columns = new EventColumns(properties);
  const scanner = new LineScanner(columns);
  let lines: Buffer;

  return {
    begin(bytes, isUtf8) {
      lines = bytes;
      // What happened after this moment is refused, and read with the clock as it is then.
      scanner.begin(bytes, isUtf8, clock());
    },
    take(at) {
      const next = scanner.scan(at);
      if (next === -1) return -1;
      const row = columns.length - 1;
      if (!columns.has(row, TEXT.source)) return -1;
      appender.addLine(lines, columns, row);
      return next;
    },
  };
}
