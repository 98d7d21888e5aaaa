// C0 and C1 controls, line and paragraph separators, and the marks that reorder text: all can forge what a terminal shows.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const UNSAFE_ALL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;
const BLANKS = /[\t\n\v\f\r\u2028\u2029]/;

/** The text without control characters; a run of them that holds a tab or a line break becomes one space. */
export function stripControls(text: string): string {
  if (!UNSAFE.test(text)) return text;
  return text.replace(UNSAFE_ALL, (run) => (BLANKS.test(run) ? ' ' : '')).trim();
}

/**
 * Whether no string of a line of valid JSON can hold a control character or anything beyond ASCII: such a line says
 * literally what it says. Inside JSON, control characters are escapes, apart from DEL.
 */
export function isPlain(line: string): boolean {
  return !line.includes('\\') && !line.includes('\u007f') && Buffer.byteLength(line) === line.length;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;

/** The text with U+FFFD for every half of a surrogate pair, which no UTF-8 store could keep. */
export function mendSurrogates(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replace(LONE_SURROGATES, '\ufffd') : text;
}

/** Whether a text takes more than `limit` bytes as UTF-8. */
export function exceedsBytes(text: string, limit: number): boolean {
  if (text.length * 3 <= limit) return false;
  return text.length > limit || Buffer.byteLength(text, 'utf8') > limit;
}
