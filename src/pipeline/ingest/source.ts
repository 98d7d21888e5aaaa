import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { openPipe } from '../../pipe.ts';
import { stripControls } from '../events/text.ts';
import { createByteBuffer } from './byte-buffer.ts';
import { followed } from './follow.ts';
import { gunzipped } from './gunzip.ts';
import { withJsonLines } from './json-values.ts';
import { MAX_ROW_BYTES, splitLines } from './rows.ts';
import { toUtf8 } from './text-encoding.ts';

/** The beginning of a source, by which it and its format are recognised, bytes. */
export const HEAD_BYTES = 64 * 1024;

/** A file or a stream, unpacked, JSON with one value a line, read once from its beginning. */
export interface Source {
  /** For messages and events: the file's name without its folder, `stdin`. */
  readonly name: string;
  /** Size as it lies on the disk, bytes; `undefined` for a stream. */
  readonly size: number | undefined;
  /** Its first bytes: {@link HEAD_BYTES}, or all there are, or what a slow stream has sent so far; at least one line. */
  readonly head: Buffer;
  /** Bytes read so far, as they lie on the disk. */
  bytesRead(): number;
  /** The encoding that it is in, as far as it was read; `undefined` for UTF-8. */
  encoding(): string | undefined;
  /** The next bytes, beginning with the head; `undefined` at the end. */
  next(): Promise<Buffer | undefined>;
  close(): void;
}

/** Where a source can be opened, again and again where it is a file. */
export interface Input {
  readonly path: string;
  /** Whether a second `open` starts from the beginning again. */
  readonly rewindable: boolean;
  open(signal: AbortSignal): Promise<Source>;
  /** Bytes that it has now, of one that is read on as it grows: to wait for more would be to wait for what may never come. */
  sizeNow?(): Promise<number>;
}

export interface InputOptions {
  /** Told of what is odd about it and no fault. */
  readonly warn?: (text: string) => void;
  /** Whether it is read on as it grows, until another file has its name. */
  readonly follow?: boolean | undefined;
  /** What it is encoded in; found where absent. */
  readonly encoding?: string | undefined;
}

/**
 * Finds a file.
 * @param path of the file; `-` is the stream `stdin`
 * @throws EcomError `NOT_FOUND` or `INPUT` where there is none that could be read, or followed
 */
export async function findInput(
  path: string,
  stdin: Readable,
  { warn = () => {}, follow = false, encoding }: InputOptions = {},
): Promise<Input> {
  if (path === '-') {
    if (follow) throw notFollowed('standard input');
    return {
      path,
      rewindable: false,
      open: (signal) =>
        openSource(stdin, { path: 'standard input', name: 'stdin', size: undefined, signal, warn, encoding }),
    };
  }
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (error) {
    throw fileError(path, error);
  }
  if (stats.isDirectory()) {
    throw new EcomError('INPUT', `${path} is a folder`, {
      hint: `name the files in it: ecom ingest ${path.replace(/\/$/, '')}/*`,
    });
  }
  const name = stripControls(basename(path));
  if (follow) {
    if (!stats.isFile()) throw notFollowed(path);
    return {
      path,
      rewindable: true,
      async open(signal) {
        const stream = Readable.from(followed(path, signal));
        return await openSource(stream, { path, name, size: undefined, signal, warn, follow, encoding });
      },
      sizeNow: async () => (await stat(path)).size,
    };
  }
  const size = stats.isFile() ? stats.size : undefined;
  return {
    path,
    rewindable: stats.isFile(),
    async open(signal) {
      try {
        const stream = openPipe(path, stats) ?? createReadStream(path, { highWaterMark: 256 * 1024 });
        return await openSource(stream, { path, name, size, signal, warn, encoding });
      } catch (error) {
        throw signal.aborted ? error : fileError(path, error);
      }
    },
  };
}

interface Description {
  readonly path: string;
  readonly name: string;
  readonly size: number | undefined;
  readonly signal: AbortSignal;
  readonly warn: (text: string) => void;
  readonly follow?: boolean;
  readonly encoding: string | undefined;
}

function notFollowed(path: string): EcomError {
  return new EcomError(
    'INPUT',
    `${path} cannot be followed: that takes a file that grows, with one event a line`,
    {
      hint: 'leave out --follow; a pipe is read to its end anyway',
    },
  );
}

/** How long a stream may send nothing before its beginning is taken to be what there is, ms. */
const STALL_MS = 2000;

async function openSource(
  stream: Readable,
  { path, name, size, signal, warn, encoding, follow = false }: Description,
): Promise<Source> {
  let bytesRead = 0;
  let found: string | undefined;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytesRead += chunk.length;
      yield chunk;
    }
  }
  const abort = (): void => void stream.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  const bytes = follow ? refusePacked(counted(), path) : unpack(counted(), path, warn);
  const text = toUtf8(bytes, encoding, (name) => {
    found = name;
  });
  const chunks = follow ? text : withJsonLines(text);
  const close = (): void => {
    signal.removeEventListener('abort', abort);
    stream.destroy();
  };
  const pull = async (): Promise<Buffer | undefined> => {
    try {
      const { done, value } = await chunks.next();
      return done === true ? undefined : value;
    } catch (error) {
      throw signal.aborted ? signal.reason : fileError(path, error);
    }
  };
  try {
    signal.throwIfAborted();
    const begun = await readHead(pull);
    const { head } = begun;
    let { pending } = begun;
    let first: Buffer | undefined = head;
    checkHead(head, path);
    return {
      name,
      size,
      head: head.subarray(0, Math.max(HEAD_BYTES, head.indexOf(10) + 1)),
      bytesRead: () => bytesRead,
      encoding: () => found,
      async next() {
        if (first !== undefined) {
          const chunk = first;
          first = undefined;
          return chunk;
        }
        const chunk = pending ?? pull();
        pending = undefined;
        return chunk;
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

interface Head {
  readonly head: Buffer;
  /** A read that is under way. */
  readonly pending: Promise<Buffer | undefined> | undefined;
}

async function readHead(pull: () => Promise<Buffer | undefined>): Promise<Head> {
  const head = createByteBuffer();
  let hasLine = false;
  for (;;) {
    if (head.length >= HEAD_BYTES && hasLine) return { head: head.take(), pending: undefined };
    const pending = pull();
    const chunk: Buffer | 'stalled' | undefined = hasLine
      ? await Promise.race([pending, sleep(STALL_MS, 'stalled' as const, { ref: false })])
      : await pending;
    if (chunk === 'stalled') {
      // Its failure is told by the `next` that awaits it.
      pending.catch(() => {});
      return { head: head.take(), pending };
    }
    if (chunk === undefined) return { head: head.take(), pending: undefined };
    head.add(chunk);
    hasLine ||= chunk.includes(10) || head.length > MAX_ROW_BYTES;
  }
}

/** @throws EcomError `INPUT` where the bytes begin as gzip does */
async function* refusePacked(chunks: AsyncGenerator<Buffer>, path: string): AsyncGenerator<Buffer> {
  let first = true;
  for await (const chunk of chunks) {
    if (first && chunk[0] === 0x1f) throw notFollowed(path);
    first = false;
    yield chunk;
  }
}

/** The bytes, gunzipped where they begin as gzip does. */
async function* unpack(
  chunks: AsyncGenerator<Buffer>,
  path: string,
  warn: (text: string) => void,
): AsyncGenerator<Buffer> {
  let first = await chunks.next();
  while (first.done !== true && first.value.length < 2) {
    const more = await chunks.next();
    if (more.done === true) break;
    first = { done: false, value: Buffer.concat([first.value, more.value]) };
  }
  if (first.done === true) return;
  const start = first.value;
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* chunks;
  }
  if (start[0] !== 0x1f || start[1] !== 0x8b) yield* all();
  else yield* gunzipped(all(), path, warn);
}

const MAGIC: readonly { bytes: string; what: string; hint: string }[] = [
  {
    bytes: 'PK\u0003\u0004',
    what: 'a zip archive or an Excel workbook',
    hint: 'unpack it, or save it as CSV',
  },
  {
    bytes: '\u0028\u00b5\u002f\u00fd',
    what: 'packed with zstd',
    hint: 'unpack it: zstd -dc FILE | ecom ingest -',
  },
  { bytes: 'BZh', what: 'packed with bzip2', hint: 'unpack it: bzip2 -dc FILE | ecom ingest -' },
  { bytes: '\u00fd7zXZ', what: 'packed with xz', hint: 'unpack it: xz -dc FILE | ecom ingest -' },
  {
    bytes: '\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1',
    what: 'an Excel workbook',
    hint: 'save it as CSV',
  },
  { bytes: '%PDF-', what: 'a PDF', hint: 'export what it shows as CSV or JSON lines' },
  { bytes: 'Obj\u0001', what: 'an Avro file', hint: 'export it as CSV or JSON lines' },
  { bytes: 'PAR1', what: 'a Parquet file', hint: 'export it as CSV or JSON lines' },
];

function checkHead(head: Buffer, path: string): void {
  if (head.length === 0) {
    throw new EcomError('INPUT', `${path} is empty`, { hint: 'name a file with at least one event' });
  }
  const start = head.toString('latin1', 0, 8);
  const known = MAGIC.find(({ bytes }) => start.startsWith(bytes));
  if (known !== undefined) throw new EcomError('INPUT', `${path} is ${known.what}`, { hint: known.hint });
  // JSON may have a damaged line anywhere. The first line of a CSV names its columns, and what is no text at all is so
  // in much of its beginning.
  const sample = head.subarray(0, HEAD_BYTES);
  const lines = splitLines(sample.subarray(0, sample.lastIndexOf(10) + 1 || wholeCharacters(sample)));
  const strange = lines.filter((line) => typeof line !== 'string' || line.includes('\u0000'));
  const isJson = lines.some((line) => typeof line === 'string' && line.startsWith('{'));
  if (strange.length * 4 <= lines.length && (isJson || strange[0] !== lines[0])) return;
  throw new EcomError('INPUT', `${path} is no text in UTF-8`, {
    hint: 'if it is text in another encoding, name that in a map ("encoding"; ecom map --encoding NAME), or convert it: iconv -f LATIN1 -t UTF-8 FILE | ecom ingest -',
  });
}

/** Length of a text without a last character that may have been cut. */
function wholeCharacters(bytes: Buffer): number {
  let length = bytes.length;
  while (length > bytes.length - 4 && length > 0 && bytes[length - 1]! >= 0x80) length -= 1;
  return length;
}

function fileError(path: string, error: unknown): EcomError {
  const code = errorCode(error) ?? '';
  if (error instanceof EcomError) return error;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new EcomError('NOT_FOUND', `there is no file ${path}`, {
      hint: 'check the name; - reads standard input',
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new EcomError('INPUT', `${path} may not be read`, {
      hint: 'check who may read the file: ls -l',
      cause: error,
    });
  }
  if (code === 'Z_BUF_ERROR') {
    return new EcomError('INPUT', `${path} is cut off: its gzip data ends too early`, {
      hint: 'what came before the cut is ingested; get the whole file and run again, it goes on from there',
      cause: error,
    });
  }
  if (code.startsWith('Z_')) {
    return new EcomError('INPUT', `${path} holds damaged gzip data: ${errorMessage(error)}`, {
      hint: 'what came before the damage is ingested; get the file again and run again, it goes on from there',
      cause: error,
    });
  }
  return new EcomError('INPUT', `${path} cannot be read: ${errorMessage(error)}`, {
    hint: 'check the disk',
    cause: error,
  });
}
