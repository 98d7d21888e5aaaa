import { EcomError } from '../../errors.ts';
import { type OpenFormat } from '../events/formats/choose.ts';
import { formOf } from '../events/formats/date-text.ts';
import { parseJson } from '../events/formats/json.ts';
import { RowFields } from '../events/formats/row-fields.ts';
import { stripControls } from '../events/text.ts';
import { createRowReader, type PlainLines, type Row, type RowReader } from './rows.ts';
import { type Input } from './source.ts';

const SLASH = 0x2f;
const ZERO = 0x30;

/**
 * Finds out what a format has to know of whole columns: by the source's beginning, and where that leaves open which of a date's numbers
 * is the day, by the rest of a file too.
 * @throws EcomError `INPUT` where it stays open
 */
export async function settle(
  format: OpenFormat,
  input: Input,
  head: Buffer,
  signal: AbortSignal,
): Promise<OpenFormat> {
  if (format.unsettled === undefined) return format;
  const { survey, open } = format.unsettled;
  const lines = head.subarray(0, head.lastIndexOf(10) + 1 || head.length);
  const beginning = createRowReader(format, 0);
  look(format, beginning, lines);
  if (lines.length === head.length) for (const { rows } of beginning.end()) takeRows(format, rows);
  if (survey.isOpen && input.rewindable && input.sizeNow === undefined) await lookOn(format, input, signal);
  if (survey.openDate !== undefined && format.unsettled.usualOrder === undefined)
    throw ambiguous(input, format, survey.openDate);
  return open();
}

async function lookOn(format: OpenFormat, input: Input, signal: AbortSignal): Promise<void> {
  const { survey } = format.unsettled!;
  const source = await input.open(signal);
  const reader = createRowReader(format, 0, passOver(format));
  try {
    while (survey.isOpen) {
      const chunk = await source.next().catch((error: unknown) => {
        // The second reading finds the same fault and says so.
        if (signal.aborted) throw error;
      });
      if (chunk === undefined) {
        for (const { rows } of reader.end()) takeRows(format, rows);
        return;
      }
      look(format, reader, chunk);
    }
  } finally {
    source.close();
  }
}

function look(format: OpenFormat, reader: RowReader, bytes: Buffer): void {
  for (const { rows } of reader.push(bytes)) takeRows(format, rows);
}

function takeRows(format: OpenFormat, rows: Iterable<Row>): void {
  const { survey } = format.unsettled!;
  for (const row of rows) for (const fields of fieldsOf(format, row)) survey.take(fields);
}

function fieldsOf(format: OpenFormat, { fields, raw, bad }: Row): Iterable<readonly string[]> {
  if (format.layout === 'csv') return fields === undefined ? [] : [fields];
  if (bad !== undefined || typeof raw !== 'string') return [];
  try {
    return format.unsettled!.rowsIn(parseJson(raw));
  } catch {
    // It is told when it is read.
    return [];
  }
}

/** Takes the rows whose date leaves the order open, without a string: in a long file these are most. */
function passOver(format: OpenFormat): PlainLines | undefined {
  if (format.layout !== 'csv') return undefined;
  const row = RowFields.of(format.delimiter, format.width);
  const column = format.unsettled!.survey.dateColumn;
  if (row === undefined || column === undefined) return undefined;
  return {
    begin: (bytes, isUtf8) => row.begin(bytes, isUtf8),
    take(at) {
      const next = row.cut(at);
      return next !== -1 && isOpen(row.bytes, row.start(column)) ? next : -1;
    },
  };
}

/** Whether bytes begin with two numbers up to 12, a slash behind each. */
function isOpen(bytes: Uint8Array, start: number): boolean {
  let at = start;
  for (let number = 0; number < 2; number += 1) {
    let value = 0;
    for (; bytes[at] !== SLASH; at += 1) {
      const digit = bytes[at]! - ZERO;
      if (!(digit >= 0 && digit <= 9)) return false;
      value = value * 10 + digit;
    }
    if (value > 12) return false;
    at += 1;
  }
  return true;
}

function ambiguous(input: Input, format: OpenFormat, date: string): EcomError {
  const column = stripControls(format.unsettled!.dateColumn).slice(0, 80);
  const what = `'${stripControls(date).slice(0, 40)}' in its column '${column}' may begin with the day or with the month`;
  const only = input.rewindable ? 'no row tells' : 'its beginning does not tell';
  return new EcomError('INPUT', `${what}, and ${only}`, {
    hint: `say it in the map: "time": {"column": "${column}", "format": "${formOf(date, 'day')}"} or "${formOf(date, 'month')}"`,
  });
}
