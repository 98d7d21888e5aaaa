import { fitText, textWidth, truncate } from './text.ts';

/** Named colours of the 16 that every terminal has. */
export type Colour = 'cyan' | 'green' | 'red' | 'yellow';

/** A run of text in one style. */
export interface Span {
  readonly text: string;
  readonly colour?: Colour | undefined;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly inverse?: boolean;
}

/** One row of a screen: what the presentation makes and a component draws. */
export type Line = readonly Span[];

export type Style = Omit<Span, 'text'>;

export function span(text: string, style: Style = {}): Span {
  return { text, ...style };
}

export function dim(text: string): Span {
  return { text, dim: true };
}

export function bold(text: string): Span {
  return { text, bold: true };
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The line without its styles. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** The line cut or filled with blanks to exactly `width` columns; the span that does not fit ends with `…`. */
export function fitLine(line: Line, width: number): Line {
  const fitted: Span[] = [];
  let left = width;
  for (const [index, part] of line.entries()) {
    const columns = textWidth(part.text);
    const more = index < line.length - 1 && lineWidth(line.slice(index + 1)) > 0;
    if (columns < left || (columns === left && !more)) {
      fitted.push(part);
      left -= columns;
      continue;
    }
    const rest = columns === left ? `${part.text} ` : part.text;
    fitted.push({ ...part, text: fitText(truncate(rest, left), left) });
    return fitted;
  }
  if (left > 0) fitted.push(span(' '.repeat(left)));
  return fitted;
}

/** `left` and `right` at the two ends of a line of `width` columns; `left` is cut where both do not fit. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - lineWidth(right);
  if (room <= 0) return fitLine(right, width);
  const gap = lineWidth(right) > 0 && lineWidth(left) >= room ? 1 : 0;
  return [...fitLine(left, room - gap), ...(gap > 0 ? [span(' ')] : []), ...right];
}

/** Parts one after the other with a separator between them, as many as fit into `width`. */
export function joinFitting(parts: readonly Line[], separator: string, width: number): Line {
  let joined: Line = [];
  for (const part of parts) {
    const next = joined.length === 0 ? part : [...joined, dim(separator), ...part];
    if (lineWidth(next) <= width || joined.length === 0) joined = next;
    else break;
  }
  return joined;
}
