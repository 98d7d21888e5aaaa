const LONG_NUMBER = /\d{16}/;
const LONG_INTEGER = /^-?\d{16,}$/;

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

/** Goes through the line once, whatever it holds: it may be no JSON at all. */
function quoteLongIntegers(line: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (let at = 0; at < line.length; ) {
    const character = line[at]!;
    if (character === '"') at = endOfString(line, at);
    else if (isOfNumber(character)) {
      const end = endOfNumber(line, at);
      const token = line.slice(at, end);
      if (LONG_INTEGER.test(token) && !Number.isSafeInteger(Number(token))) {
        parts.push(line.slice(copied, at), '"', token, '"');
        copied = end;
      }
      at = end;
    } else at += 1;
  }
  if (copied === 0) return line;
  parts.push(line.slice(copied));
  return parts.join('');
}

/** Where the string that begins at a quote ends; one that is never closed goes on to the end. */
function endOfString(line: string, quote: number): number {
  for (let at = quote + 1; at < line.length; at += 1) {
    const character = line[at];
    if (character === '"') return at + 1;
    if (character === '\\') at += 1;
  }
  return line.length;
}

function endOfNumber(line: string, start: number): number {
  let at = start + 1;
  while (at < line.length && isOfNumber(line[at]!)) at += 1;
  return at;
}

function isOfNumber(character: string): boolean {
  return (
    (character >= '0' && character <= '9') ||
    character === '-' ||
    character === '+' ||
    character === '.' ||
    character === 'e' ||
    character === 'E'
  );
}
