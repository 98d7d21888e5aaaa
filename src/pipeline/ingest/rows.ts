import { isUtf8 } from 'node:buffer';
import { type OpenFormat } from '../events/formats/choose.ts';
import { continueCsvRecord, fieldsBeforeOpenQuote, parseCsvRecord } from '../events/formats/csv-record.ts';
import { BadRow } from '../events/formats/format.ts';
import { createByteBuffer } from './byte-buffer.ts';

/** Longest row that is held in memory, bytes. */
export const MAX_ROW_BYTES = 1024 * 1024;
/** How far a quoted field of a CSV may go over line ends before its quote counts as forgotten, characters. */
const MAX_RECORD_CHARS = 64 * 1024;
const MAX_RECORD_LINES = 1000;
/** How much is kept of a row that is too long. */
const KEPT_BYTES = 4096;

/** One row of a source. */
export interface Row {
  /** Number of its first line, from 1. */
  readonly line: number;
  /** Number of its last line: a quoted field may hold line ends. */
  readonly lastLine: number;
  /** Where it ends in its block, line end included. */
  readonly end: number;
  /** The row without its line end; bytes where they are no UTF-8; only its beginning where it is too long. */
  readonly raw: string | Uint8Array;
  /** Fields of a CSV's row, as many as there are columns. */
  readonly fields: readonly string[] | undefined;
  /** Why the row cannot be read. */
  readonly bad: BadRow | undefined;
}

/** Takes lines out of a block that need no row of their own. */
export interface PlainLines {
  /** Says what the next lines lie in, and whether all of it is UTF-8. */
  begin(bytes: Buffer, isUtf8: boolean): void;
  /**
   * Takes the line that begins at a place, if it is plain.
   * @returns the place after it, or -1
   */
  take(at: number): number;
}

/** Consecutive bytes of a source with the rows that end in them. */
export interface Block {
  readonly bytes: Buffer;
  /** To be gone through once, before the next block: where plain lines are taken out, that is when they are. */
  readonly rows: Iterable<Row>;
  /** Where the last of its rows ends, once they have been gone through: what follows comes again in the next block. */
  readonly end: number;
  /** Lines begun and ended up to there. */
  readonly lines: number;
  /** False where the block ends inside a row that is too long to be kept whole. */
  readonly whole: boolean;
}

export interface RowReader {
  /** Takes the next bytes, and gives the blocks that they complete. */
  push(chunk: Buffer): Iterable<Block>;
  /** Says that the source has ended: what is left is the last row. */
  end(): Iterable<Block>;
}

/**
 * Cuts bytes into rows, in bounded memory and with the same result however the bytes are chunked. Blank lines and the
 * header are no rows.
 * @param linesBefore lines that were read before the first byte
 * @param plain is offered every line that a row may begin in but the first of a CSV; what it takes is no row
 */
export function createRowReader(format: OpenFormat, linesBefore: number, plain?: PlainLines): RowReader {
  /** What no row was made of yet: a CSV's open record, and the beginning of a line. */
  let carry: Buffer = Buffer.alloc(0);
  /** What has come since, without a line end. */
  const tail = createByteBuffer();
  let lines = linesBefore;
  // A row that grew too long: its beginning, and how long it is so far.
  let oversize: { readonly kept: Buffer; bytes: number } | undefined;

  function* push(chunk: Buffer): Iterable<Block> {
    if (oversize !== undefined) {
      const feed = chunk.indexOf(10);
      oversize.bytes += feed === -1 ? chunk.length : feed;
      if (feed === -1) {
        yield { bytes: chunk, rows: [], end: chunk.length, lines, whole: false };
        return;
      }
      yield endOversize(oversize, chunk.subarray(0, feed + 1));
      carry = chunk.subarray(feed + 1);
    } else if (!chunk.includes(10) && carry.length + tail.length + chunk.length <= MAX_ROW_BYTES) {
      tail.add(chunk);
      return;
    } else carry = joined(chunk);
    yield* takeLines(false);
    if (carry.length <= MAX_ROW_BYTES) return;
    // A CSV's open record cannot go on in a line as long as this.
    yield* takeLines(true);
    if (carry.length <= MAX_ROW_BYTES) return;
    oversize = { kept: Buffer.from(carry.subarray(0, KEPT_BYTES)), bytes: carry.length };
    const begun = carry;
    carry = Buffer.alloc(0);
    yield { bytes: begun, rows: [], end: begun.length, lines, whole: false };
  }

  function joined(chunk: Buffer): Buffer {
    const parts = [carry, tail.take(), chunk].filter(({ length }) => length > 0);
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  function* takeLines(last: boolean): Iterable<Block> {
    const end = carry.lastIndexOf(10) + 1;
    if (end === 0) return;
    const block = cut(carry.subarray(0, end), last);
    if (block.bytes.length > 0) yield block;
    carry = carry.subarray(block.end);
  }

  function endOversize({ kept, bytes: size }: { kept: Buffer; bytes: number }, bytes: Buffer): Block {
    oversize = undefined;
    lines += 1;
    const row = {
      line: lines,
      lastLine: lines,
      end: bytes.length,
      fields: undefined,
      ...tooLarge(kept, size),
    };
    return { bytes, rows: [row], end: bytes.length, lines, whole: true };
  }

  function* end(): Iterable<Block> {
    if (oversize !== undefined) {
      yield endOversize(oversize, Buffer.alloc(0));
      return;
    }
    const rest = joined(Buffer.alloc(0));
    carry = Buffer.alloc(0);
    if (rest.length > 0) yield cut(rest, true);
  }

  /** Complete lines; a CSV's record that is still open at the end is left out unless these are the `last` bytes. */
  function cut(bytes: Buffer, last: boolean): Block {
    const block: Cut = { bytes, rows: [], end: 0, lines, whole: true };
    block.rows = rowsOf(block, last);
    if (plain === undefined) {
      block.rows = [...block.rows];
      block.bytes = bytes.subarray(0, block.end);
    }
    return block;
  }

  function* rowsOf(block: Cut, last: boolean): Iterable<Row> {
    const { bytes } = block;
    const linesBefore = lines;
    const isCsv = format.layout === 'csv';
    const continued: Continued[] = [];
    let texts: (string | Uint8Array)[] | undefined;
    let ends: number[] = [];
    plain?.begin(bytes, isUtf8(bytes));
    while (block.end < bytes.length) {
      const next = plain === undefined || (isCsv && lines === 0) ? -1 : plain.take(block.end);
      if (next !== -1) {
        lines += 1;
        block.lines = lines;
        block.end = next;
        continue;
      }
      if (texts === undefined) {
        texts = splitLines(bytes);
        ends = lineEnds(bytes);
        if (linesBefore === 0 && typeof texts[0] === 'string') texts[0] = withoutMark(texts[0]);
      }
      const taken = lines - linesBefore;
      const row =
        longRow(bytes, block.end, ends[taken]!) ??
        (isCsv ? csvRow(texts, taken, last, continued) : jsonRow(texts[taken]!));
      if (row === undefined) return;
      const { raw, fields, bad, span } = row;
      const line = lines + 1;
      lines += span;
      block.lines = lines;
      block.end = ends[taken + span - 1]!;
      const isHeader = line === 1 && format.layout === 'csv' && format.header;
      if (!isHeader && raw.length > 0) yield { line, lastLine: lines, end: block.end, raw, fields, bad };
    }
  }

  /** The record that begins in a line; `undefined` where lines that are still to come may belong to it. */
  function csvRow(
    texts: readonly (string | Uint8Array)[],
    first: number,
    last: boolean,
    continued: Continued[],
  ): CutRow | undefined {
    const { delimiter, width } = format as Extract<OpenFormat, { layout: 'csv' }>;
    const start = texts[first]!;
    if (typeof start !== 'string') return jsonRow(start);
    const fields = parseCsvRecord(start, delimiter);
    if (typeof fields !== 'string') {
      if (fields.length === width) return { raw: start, fields, span: 1 };
      if (start.trim() === '') return { raw: '', span: 1 };
      return {
        raw: start,
        span: 1,
        bad: new BadRow('wrong number of columns', `${fields.length}, ${width} are expected`),
      };
    }
    if (fields === 'stray quote') {
      return {
        raw: start,
        span: 1,
        bad: new BadRow('bad quoting', 'a quoted field goes on after its closing quote'),
      };
    }
    // A quoted field may hold line ends. Where that leads to no good record, the quote is taken for a slip: only the line
    // that it stands in is lost, and the next one begins a record again.
    const forgotten = { raw: start, span: 1, bad: new BadRow('bad quoting', 'a quote is not closed') };
    let { length } = start;
    let found = fieldsBeforeOpenQuote(start, delimiter);
    for (let next = first + 1; next < texts.length; next += 1) {
      const more = texts[next]!;
      if (next - first >= MAX_RECORD_LINES) return forgotten;
      if (typeof more !== 'string' || length + more.length > MAX_RECORD_CHARS) return forgotten;
      length += 1 + more.length;
      // Many lines may open a quote each, and each would look at all that follow: a line is read once for all of them.
      continued[next] ??= continueCsvRecord(more, delimiter);
      const { fields: ended, fault } = continued[next]!;
      found += ended;
      if (fault === 'open quote') continue;
      if (fault !== undefined || found !== width) return forgotten;
      const text = texts.slice(first, next + 1).join('\n');
      const fields = parseCsvRecord(text, delimiter) as string[];
      return { raw: text, fields, span: next - first + 1 };
    }
    return last ? forgotten : undefined;
  }

  return { push, end };
}

/** A block while its rows are gone through. */
type Cut = { -readonly [name in keyof Block]: Block[name] };
type Continued = ReturnType<typeof continueCsvRecord>;

interface CutRow {
  raw: string | Uint8Array;
  fields?: readonly string[] | undefined;
  bad?: BadRow | undefined;
  /** Number of lines. */
  span: number;
}

function longRow(bytes: Buffer, start: number, end: number): CutRow | undefined {
  if (end - start <= MAX_ROW_BYTES) return undefined;
  const size = end - start - (bytes[end - 1] === 10 ? 1 : 0);
  if (size <= MAX_ROW_BYTES) return undefined;
  return { ...tooLarge(Buffer.from(bytes.subarray(start, start + KEPT_BYTES)), size), span: 1 };
}

function tooLarge(raw: Buffer, size: number): Pick<Row, 'raw' | 'bad'> & { bad: BadRow } {
  const detail = `a line of ${size} bytes, ${MAX_ROW_BYTES} are allowed; its beginning is kept`;
  return { raw, bad: new BadRow('too large', detail) };
}

function jsonRow(raw: string | Uint8Array): CutRow {
  if (typeof raw !== 'string')
    return { raw, span: 1, bad: new BadRow('not UTF-8', 'the line holds bytes that are no UTF-8') };
  return { raw: raw.trim() === '' ? '' : raw, span: 1 };
}

/** Lines without line ends; those that are no UTF-8 as bytes. What follows the last line feed is a line unless empty. */
export function splitLines(bytes: Buffer): (string | Uint8Array)[] {
  if (isUtf8(bytes)) {
    const lines = bytes.toString('utf8').split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.map(withoutReturn);
  }
  return lineEnds(bytes).map((end, index, ends) => {
    const line = bytes.subarray(index === 0 ? 0 : ends[index - 1]!, end);
    const bare = line.at(-1) === 10 ? line.subarray(0, -1) : line;
    return isUtf8(bare) ? withoutReturn(bare.toString('utf8')) : Buffer.from(bare);
  });
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** A text without the byte order mark that some programs begin a file with. */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/** Where each line ends, line feed included. */
function lineEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const feed = bytes.indexOf(10, at);
    at = feed === -1 ? bytes.length : feed + 1;
    ends.push(at);
  }
  return ends;
}
