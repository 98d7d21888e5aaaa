import { bold, dim, fitLine, type Line, lineWidth, span } from '../format/line.ts';
import { truncate } from '../format/text.ts';

/** Columns that a frame and the blanks inside it take. */
export const FRAME_WIDTH = 4;
/** Rows that a frame takes. */
export const FRAME_HEIGHT = 2;

/** Lines inside a border with a title at the left and a note at the right; exactly `width` × `height`. */
export function frame(
  title: string,
  note: string,
  lines: readonly Line[],
  width: number,
  height: number,
): Line[] {
  const inner = width - FRAME_WIDTH;
  const rows = Array.from({ length: height - FRAME_HEIGHT }, (_, index) => [
    dim('│'),
    span(' '),
    ...fitLine(lines[index] ?? [], inner),
    span(' '),
    dim('│'),
  ]);
  return [titleLine(title, note, width), ...rows, [dim(`╰${'─'.repeat(width - 2)}╯`)]];
}

function titleLine(title: string, note: string, width: number): Line {
  const left: Line = [dim('╭─ '), bold(truncate(title, width - 8)), span(' ')];
  const room = width - lineWidth(left) - 2;
  const right: Line = note === '' || note.length + 4 > room ? [dim('─╮')] : [dim(` ${note} ─╮`)];
  return [...left, dim('─'.repeat(Math.max(0, width - lineWidth(left) - lineWidth(right)))), ...right];
}
