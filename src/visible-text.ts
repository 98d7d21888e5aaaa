// Controls but the line feed, and the marks that reorder text: all can forge what a terminal shows.
const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const STYLE = /\u001b\[[\d;]*m/;
// What moves our cursor, clears what we draw over, and sets the few modes that we need.
const CURSOR = /\r|\u001b(?:[78]|\[(?:[\d;]*[A-HJK]|\?(?:7|25|1049|2026)[hl]))/;

const UNSAFE_ALL = new RegExp(UNSAFE, 'g');
const STYLE_OR_UNSAFE = new RegExp(`${STYLE.source}|${UNSAFE.source}`, 'g');
const OWN_OR_UNSAFE = new RegExp(`${STYLE.source}|${CURSOR.source}|${UNSAFE.source}`, 'g');

/**
 * The text with what would act on a terminal, or reorder text, as `\uNNNN`, so that it shows. In JSON that is the same
 * value, for only its strings can hold such characters.
 */
export function visibleText(text: string): string {
  return UNSAFE.test(text) ? text.replace(UNSAFE_ALL, escaped) : text;
}

/** A text of one line, such as a message that quotes what somebody else wrote. */
export function visibleLine(text: string): string {
  return visibleText(text.replace(/[\r\n]+/g, ' '));
}

/** A text for people, in which colours stay. */
export function styledText(text: string): string {
  return UNSAFE.test(text) ? text.replace(STYLE_OR_UNSAFE, shownUnlessSequence) : text;
}

/** Lets a stream write nothing raw that is not ours, whoever forgot to see to it. Only a terminal gets what moves its cursor. */
export function writeVisibly(stream: NodeJS.WriteStream): void {
  type Write = (chunk: unknown, encoding?: unknown, done?: unknown) => boolean;
  const write = stream.write.bind(stream) as Write;
  const visible = (text: string): string =>
    stream.isTTY === true && UNSAFE.test(text)
      ? text.replace(OWN_OR_UNSAFE, shownUnlessOwn)
      : visibleText(text);
  const filtered: Write = (chunk, encoding, done) =>
    write(typeof chunk === 'string' ? visible(chunk) : chunk, encoding, done);
  stream.write = filtered as typeof stream.write;
}

function shownUnlessSequence(match: string): string {
  return match.length > 1 ? match : escaped(match);
}

function shownUnlessOwn(match: string): string {
  return match === '\r' ? match : shownUnlessSequence(match);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
