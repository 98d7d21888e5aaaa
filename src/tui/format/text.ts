import stringWidth from 'string-width';
import { stripControls } from '../../pipeline/events/text.ts';

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
// What terminals disagree about the width of: joiners, variation selectors, skin tones, keycaps and tags.
const AMBIGUOUS =
  /\p{Variation_Selector}|\p{Emoji_Modifier}|\u20e3|[\u200b-\u200d\u2060]|[\u{e0000}-\u{e007f}]/gu;
// The second half of an emoji that is joined from two, such as a person's sign of gender.
const JOINED = /\u200d\p{Extended_Pictographic}/gu;
const FLAG_LETTER = /[\u{1f1e6}-\u{1f1ff}]/gu;
const LETTER_A = 0x41;
const FLAG_LETTER_A = 0x1f1e6;

/**
 * A foreign text as it can be drawn: without control characters, and without what terminals give different widths to, so
 * that columns stay aligned in all of them. An emoji sequence becomes its first part, a flag its two letters.
 */
export function displayText(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return stripControls(text)
    .normalize('NFC')
    .replace(JOINED, '')
    .replace(AMBIGUOUS, '')
    .replace(FLAG_LETTER, (letter) => String.fromCharCode(letter.codePointAt(0)! - FLAG_LETTER_A + LETTER_A));
}

/** Columns that a text takes in a terminal. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  // Piece by piece: dividing a text into what is drawn as one takes time with the square of its length.
  for (let at = 0; at < text.length; ) {
    const end = at + PIECE + (isPairAt(text, at + PIECE - 1) ? 1 : 0);
    width += stringWidth(text.slice(at, end));
    at = end;
  }
  return width;
}

/** Characters that are measured at once: more than a line has. */
const PIECE = 500;

function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

/** The text cut to `width` columns; where something was cut off, its last column is `…`. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width <= 0) return '';
  let kept = '';
  let used = 0;
  for (const character of text) {
    const columns = textWidth(character);
    if (used + columns > width - 1) break;
    kept += character;
    used += columns;
  }
  return `${kept}…`;
}

/** The text cut or filled with blanks to exactly `width` columns. */
export function fitText(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const cut = truncate(text, width);
  const blanks = ' '.repeat(Math.max(0, width - textWidth(cut)));
  return align === 'left' ? cut + blanks : blanks + cut;
}
