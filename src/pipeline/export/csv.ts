import { visibleText } from '../../visible-text.ts';

/** A value of a row: null for what is not there. */
export type Cell = string | number | boolean | null;

/** What a spreadsheet would take for a formula, or skip to get at one; with apostrophes, so that one more can be told from its own. */
const FORMULA = /^'*(?:\s*[=+\-@\uff0b\uff0d\uff1d\uff20]|[\t\r\n])/;
const NUMBER = /^'*[+-]?\d+(?:\.\d+)?$/;
const ESCAPE_LIKE = /\\(?=u[0-9a-f]{4})/g;
const QUOTED = /[",\r\n]|^\s|\s$/;

/**
 * A row as a line of CSV (RFC 4180), with a line feed. A text that a spreadsheet would run as a formula gets an apostrophe
 * before it (OWASP, CSV injection), a number does not. Controls and marks that reorder text are written as `\uNNNN`, and so is a
 * backslash that would be read as the beginning of one: who takes away both has the text as it was.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const guarded = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  const text = visibleText(guarded.replace(ESCAPE_LIKE, '\\u005c'));
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
