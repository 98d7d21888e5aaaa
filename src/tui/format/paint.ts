import { type Line, type Span } from './line.ts';

const COLOURS = { red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/**
 * The line with the control sequences of its styles.
 * @param colour whether colours are wanted; the other styles are drawn in any case
 */
export function paint(line: Line, colour: boolean): string {
  return line.map((part) => paintSpan(part, colour)).join('');
}

function paintSpan({ text, colour: name, bold, dim, inverse }: Span, colour: boolean): string {
  if (text === '') return '';
  const codes = [bold && 1, dim && 2, inverse && 7, colour && name !== undefined && COLOURS[name]].filter(
    Boolean,
  );
  return codes.length === 0 ? text : `\u001b[${codes.join(';')}m${text}\u001b[0m`;
}
