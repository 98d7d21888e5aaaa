import { bold, dim, type Line, type Span, type Style, span } from './line.ts';
import { fitText } from './text.ts';

export interface TableColumn {
  readonly title: string;
  /** Columns of the terminal; the one flexible column takes what is left. */
  readonly width: number | 'flexible';
  readonly align?: 'left' | 'right';
  /** Drawn in bold in the heading: what the rows are ordered by. */
  readonly marked?: boolean;
  readonly style?: Style;
}

/** A cell: a text, or one with its own style. */
export type TableCell = string | Span;

const GAP = 2;

/** Rows in aligned columns below a heading; every line is exactly `width` columns wide. */
export function table(
  columns: readonly TableColumn[],
  rows: readonly (readonly TableCell[])[],
  width: number,
): Line[] {
  const fixed = columns.reduce((sum, column) => sum + (column.width === 'flexible' ? 0 : column.width), 0);
  const flexible = Math.max(1, width - fixed - GAP * (columns.length - 1));
  const draw = (cells: readonly TableCell[], heading: boolean): Line =>
    columns.flatMap((column, index) => {
      const cell = cells[index] ?? '';
      const size = column.width === 'flexible' ? flexible : column.width;
      const text = fitText(typeof cell === 'string' ? cell : cell.text, size, column.align);
      const drawn = heading
        ? column.marked
          ? bold(text)
          : dim(text)
        : typeof cell === 'string'
          ? span(text, column.style)
          : { ...cell, text };
      return index === 0 ? [drawn] : [span(' '.repeat(GAP)), drawn];
    });
  return [
    draw(
      columns.map(({ title }) => title),
      true,
    ),
    ...rows.map((row) => draw(row, false)),
  ];
}
