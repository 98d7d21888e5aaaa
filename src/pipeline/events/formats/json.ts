const LONG_NUMBER = /\d{16}/;
// Strings are matched so as to be stepped over.
const STRING_OR_LONG_INTEGER = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/**
 * Parses a line of JSON. Whole numbers beyond 2^53, which JSON.parse would round, become strings with all their digits:
 * they are ids.
 * @throws SyntaxError where the line is no JSON
 */
export function parseJson(line: string): unknown {
  return JSON.parse(LONG_NUMBER.test(line) ? quoteLongIntegers(line) : line);
}

/** Whether a line of JSON holds a number that {@link parseJson} makes a string. */
export function holdsLongInteger(line: string): boolean {
  return LONG_NUMBER.test(line) && quoteLongIntegers(line) !== line;
}

function quoteLongIntegers(line: string): string {
  return line.replace(STRING_OR_LONG_INTEGER, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
  );
}
