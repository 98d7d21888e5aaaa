import { fitLine, type Line, lineText } from '../tui/format/line.ts';
import { paint } from '../tui/format/paint.ts';

const WIDEST = 120;
const NARROWEST = 40;

/** Columns that a text for people takes of a terminal. */
export function textColumns(width: number): number {
  return Math.min(WIDEST, Math.max(NARROWEST, width));
}

/** Lines as text, each with a line feed. @param styled whether headings may be bold and the like */
export function drawLines(lines: readonly Line[], columns: number, styled: boolean): string {
  return lines
    .map((line) => fitLine(line, columns))
    .map((line) => `${(styled ? paint(line, true) : lineText(line)).trimEnd()}\n`)
    .join('');
}
