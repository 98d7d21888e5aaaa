/** A value of a row: null for what is not there. */
export type Cell = string | number | boolean | null;

/** What a spreadsheet would take for a formula, or skip to get at one. */
const FORMULA = /^[=+\-@\t\r\n]/;
const QUOTED = /[",\r\n]|^\s|\s$/;

/**
 * A row as a line of CSV (RFC 4180), with a line feed. A text that a spreadsheet would run as a formula gets an apostrophe
 * before it (OWASP, CSV injection); numbers are ours and stay as they are.
 */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(csvCell).join(',')}\n`;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
