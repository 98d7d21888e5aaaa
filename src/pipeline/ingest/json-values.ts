/**
 * JSON as people save it: a list, objects over several lines, objects one after the other, pages of an API. It becomes JSON with one
 * value a line, which is how everything else is read.
 */

/** How text that begins as JSON goes on: one value a line, or otherwise. */
export type JsonLayout = 'lines' | 'values';

/** Bytes that show the layout. */
export const LAYOUT_BYTES = 64 * 1024;

/** Where the answers of an API keep their list; an envelope that says more of its events, as Segment's `batch`, is a record. */
const OPENING = /^\{\s*"(?:orders|data|records|results|rows)"\s*:\s*\[/;
/** An envelope's beginning that is longer is none. */
const OPENING_BYTES = 128;

const [TAB, FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];
/** RFC 7464 begins each text with it. */
const RECORD_SEPARATOR = 0x1e;

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === FEED || byte === RETURN || byte === TAB || byte === RECORD_SEPARATOR;
}

/**
 * Tells how a text is laid out by its first value.
 * @param head its beginning, without a byte order mark
 * @param ended whether that is all of it
 * @returns `undefined` where more of it has to be seen
 */
export function jsonLayout(head: Buffer, ended: boolean): JsonLayout | undefined {
  const start = firstByte(head, 0);
  if (start === head.length) return ended ? 'lines' : undefined;
  if (head[start] !== OBJECT && head[start] !== LIST) return 'lines';
  if (head[start] === LIST) {
    // A log may have lines that begin with a bracket.
    const next = head[firstByte(head, start + 1)];
    if (next === undefined && !ended) return undefined;
    return next === OBJECT || next === LIST || next === LIST_END ? 'values' : 'lines';
  }
  const { end, broken, feeds } = valueAt(head, start);
  if (broken) return 'lines';
  const enough = ended || head.length >= LAYOUT_BYTES;
  if (end === -1) {
    if (!enough) return undefined;
    // Where lines begin objects, it is the first one that is damaged.
    const isEnvelope = OPENING.test(head.toString('latin1', start, start + OPENING_BYTES));
    return isEnvelope || (feeds > 0 && !head.includes('\n{')) ? 'values' : 'lines';
  }
  if (!isJson(head.subarray(start, end))) return 'lines';
  if (feeds > 0) return 'values';
  if (OPENING.test(head.toString('latin1', start, Math.min(end, start + OPENING_BYTES)))) return 'values';
  const next = firstByte(head, end);
  const feed = head.indexOf(FEED, end);
  if (feed !== -1 && feed < next) return 'lines';
  if (next === head.length) return enough ? 'lines' : undefined;
  return head[next] === OBJECT || head[next] === LIST || head[next] === COMMA ? 'values' : 'lines';
}

function firstByte(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isBlank(bytes[at])) at += 1;
  return at;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Where an object ends, or -1; `broken` where it cannot be JSON; and how many line ends it has. */
function valueAt(bytes: Buffer, start: number): { end: number; broken: boolean; feeds: number } {
  let depth = 0;
  let feeds = 0;
  let quoted = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === FEED) {
      if (quoted) return { end: -1, broken: true, feeds };
      feeds += 1;
    } else if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OBJECT || byte === LIST) depth += 1;
    else if (byte === OBJECT_END || byte === LIST_END) {
      depth -= 1;
      if (depth === 0) return { end: at + 1, broken: false, feeds };
    }
  }
  return { end: -1, broken: false, feeds };
}

export interface JsonValues {
  /** Takes the next bytes, and gives the lines, and the part of one, that they make. */
  push(chunk: Buffer): Buffer;
  /** Says that there are no more. */
  end(): Buffer;
}

/**
 * Makes a line of each value, and of each value of a list or of an API's envelope. What is no value is a line of its own up to where
 * its line ended, so that it can be rejected and seen. Memory and work are linear in the bytes, however they nest or come.
 */
export function createJsonValues(): JsonValues {
  /** Beginning of an object that may be an envelope, seen again with what follows. */
  let held: Buffer = Buffer.alloc(0);
  let state: 'between' | 'value' | 'string' | 'escape' | 'junk' | 'rest' | 'rest string' | 'rest escape' =
    'between';
  /** Brackets that are open in a value, or in what is left of an envelope. */
  let depth = 0;
  /** Whether values come from a list, and whether that is an envelope's. */
  let inList = false;
  let inEnvelope = false;

  /** @returns how many bytes of a value's beginning are an envelope's; -1 where more of it has to be seen */
  function openingAt(bytes: Buffer, at: number, last: boolean): number {
    const text = bytes.toString('latin1', at, at + OPENING_BYTES);
    const found = OPENING.exec(text)?.[0].length ?? 0;
    if (found > 0 || last || text.length === OPENING_BYTES) return found;
    return /^\{\s*("[a-z]{0,7}("\s*(:\s*)?)?)?$/.test(text) ? -1 : 0;
  }

  function linesOf(bytes: Buffer, last: boolean): Buffer {
    // A value of one byte and its line end, and the last line's.
    const lines = Buffer.allocUnsafe(2 * bytes.length + 1);
    let length = 0;
    let at = 0;
    const put = (byte: number): void => {
      lines[length] = byte;
      length += 1;
    };
    for (; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      switch (state) {
        case 'between':
          if (isBlank(byte) || byte === COMMA) continue;
          if (byte === LIST && !inList) {
            inList = true;
            continue;
          }
          if (byte === LIST_END && inList) {
            inList = false;
            if (inEnvelope) [state, depth] = ['rest', 1];
            inEnvelope = false;
            continue;
          }
          if (byte === OBJECT && !inList) {
            const opening = openingAt(bytes, at, last);
            if (opening === -1) {
              held = Buffer.from(bytes.subarray(at));
              return lines.subarray(0, length);
            }
            if (opening > 0) {
              [inList, inEnvelope] = [true, true];
              at += opening - 1;
              continue;
            }
          }
          put(byte);
          depth = 1;
          state = byte === OBJECT || byte === LIST ? 'value' : 'junk';
          continue;
        case 'junk':
          put(byte);
          if (byte === FEED) state = 'between';
          continue;
        case 'value':
          if (byte === QUOTE) state = 'string';
          else if (byte === OBJECT || byte === LIST) depth += 1;
          else if (byte === OBJECT_END || byte === LIST_END) depth -= 1;
          put(byte === FEED || byte === RETURN ? SPACE : byte);
          if (depth === 0) {
            put(FEED);
            state = 'between';
          }
          continue;
        case 'string':
          put(byte);
          if (byte === BACKSLASH) state = 'escape';
          else if (byte === QUOTE) state = 'value';
          // No string goes over a line end: the value is damaged, and what follows begins anew.
          else if (byte === FEED) state = 'between';
          continue;
        case 'escape':
          put(byte);
          state = byte === FEED ? 'between' : 'string';
          continue;
        case 'rest':
          if (byte === QUOTE) state = 'rest string';
          else if (byte === OBJECT || byte === LIST) depth += 1;
          else if (byte === OBJECT_END || byte === LIST_END) depth -= 1;
          if (depth === 0) state = 'between';
          continue;
        case 'rest string':
          if (byte === BACKSLASH) state = 'rest escape';
          else if (byte === QUOTE) state = 'rest';
          continue;
        case 'rest escape':
          state = 'rest string';
      }
    }
    if (last && state !== 'between' && !state.startsWith('rest')) put(FEED);
    return lines.subarray(0, length);
  }

  function next(chunk: Buffer, last: boolean): Buffer {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    held = Buffer.alloc(0);
    return linesOf(bytes, last);
  }
  return { push: (chunk) => next(chunk, false), end: () => next(Buffer.alloc(0), true) };
}

/** The bytes, or their values one a line where they are JSON that is laid out otherwise. */
export async function* withJsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let values: JsonValues | undefined;
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield values === undefined ? chunk : values.push(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const layout = jsonLayout(withoutMark(head), false);
    if (layout === undefined) continue;
    if (layout === 'values') values = createJsonValues();
    yield values === undefined ? head : values.push(withoutMark(head));
    head = undefined;
  }
  if (head !== undefined && head.length > 0) {
    if (jsonLayout(withoutMark(head), true) === 'values') values = createJsonValues();
    yield values === undefined ? head : values.push(withoutMark(head));
  }
  if (values !== undefined) yield values.end();
}

function withoutMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}
