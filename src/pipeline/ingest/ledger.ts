import { createHash, type Hash } from 'node:crypto';
import { EcomError } from '../../errors.ts';
import { type EventLog, type SourceProgress } from '../event-log/event-log.ts';
import { MAX_ROW_BYTES } from './rows.ts';
import { HEAD_BYTES, type Input, type Source } from './source.ts';

/** A source that is open at the place from which it is new. */
export interface Resumed {
  readonly source: Source;
  /** The source's name in the ledger. */
  readonly key: string;
  /** What the ledger says of it; `undefined` for a new source. */
  readonly known: SourceProgress | undefined;
  /** Lines and bytes that are in the log already and need not be read again; 0 for a new source. */
  readonly lines: number;
  readonly bytes: number;
  /** Whether that was all there was when it was read last. */
  readonly done: boolean;
  /** Digest of those bytes, to go on with. */
  readonly hash: Hash;
  /** Bytes that were read but are not among them. */
  readonly rest: Buffer;
}

/**
 * Skips what the log holds of a source already. It may have to open it again, and closes what it does not return.
 * @param opened the source, of which nothing was read
 * @throws EcomError `INPUT` where a stream turns out to be another than it seemed
 *
 * A source is known by its beginning: the digest of its first 2^k bytes, with the greatest k up to 64 KiB that it had when
 * it was new, so that a file that grows stays the same source. What was read of it has to have the digest that the ledger
 * holds; another file with the same beginning becomes a source of its own, `<fingerprint>-1` and so on.
 * @param onKnown is given what is skipped of a stream, which cannot be read again, in pieces
 */
export async function resume(
  log: EventLog,
  input: Input,
  opened: Source,
  signal: AbortSignal,
  onKnown: (bytes: Buffer) => void,
): Promise<Resumed> {
  const { known, free } = await lookUp(log, opened.head);
  const size = await input.sizeNow?.();
  const whole = size === undefined ? known : known.filter(({ bytes }) => bytes <= size);
  return match(input, opened, whole, free, signal, input.rewindable ? () => {} : onKnown);
}

/** Sources in the ledger that begin like this one, those that got furthest first; and the name it would get. */
async function lookUp(log: EventLog, head: Buffer): Promise<{ known: SourceProgress[]; free: string }> {
  const known: SourceProgress[] = [];
  let free = '';
  for (let size = HEAD_BYTES; size >= 1; size /= 2) {
    if (size > head.length) continue;
    const fingerprint = createHash('sha256').update(head.subarray(0, size)).digest('hex').slice(0, 16);
    for (let copy = 0; ; copy += 1) {
      const key = copy === 0 ? fingerprint : `${fingerprint}-${copy}`;
      const progress = await log.progress(key);
      if (progress === undefined) {
        if (free === '') free = key;
        break;
      }
      // What ends within the head can be compared at once.
      const { bytes, digest } = progress;
      const differs =
        bytes <= head.length && createHash('sha256').update(head.subarray(0, bytes)).digest('hex') !== digest;
      if (!differs) known.push(progress);
    }
  }
  known.sort((a, b) => b.bytes - a.bytes);
  return { known, free };
}

async function match(
  input: Input,
  opened: Source,
  known: readonly SourceProgress[],
  free: string,
  signal: AbortSignal,
  onKnown: (bytes: Buffer) => void,
): Promise<Resumed> {
  let source: Source | undefined = opened;
  for (const progress of known) {
    source ??= await input.open(signal);
    const skipped = await skip(source, progress, signal, onKnown);
    if (skipped !== undefined) return { ...skipped, source, key: progress.source, known: progress };
    source.close();
    source = undefined;
    if (!input.rewindable) {
      throw new EcomError('INPUT', 'the stream begins like one that was ingested before, and then differs', {
        hint: 'write it to a file and ingest that: a stream cannot be read twice to tell them apart',
      });
    }
  }
  source ??= await input.open(signal);
  return {
    source,
    key: free,
    known: undefined,
    lines: 0,
    bytes: 0,
    done: false,
    hash: createHash('sha256'),
    rest: Buffer.alloc(0),
  };
}

/** Reads over what the ledger says is known; `undefined` where the source does not hold it. */
async function skip(
  source: Source,
  { bytes, digest, rows, done }: SourceProgress,
  signal: AbortSignal,
  onKnown: (bytes: Buffer) => void,
): Promise<Omit<Resumed, 'source' | 'key' | 'known'> | undefined> {
  const hash = createHash('sha256');
  const take = (known: Buffer): void => {
    hash.update(known);
    onKnown(known);
  };
  // The line that the known bytes end in, if they do not end with a line feed; it is not in the hash yet.
  let line: Buffer = Buffer.alloc(0);
  let rest: Buffer = Buffer.alloc(0);
  for (let left = bytes; left > 0; ) {
    signal.throwIfAborted();
    const chunk = await source.next();
    if (chunk === undefined) return undefined;
    const part = chunk.subarray(0, left);
    rest = chunk.subarray(part.length);
    left -= part.length;
    const end = part.lastIndexOf(10) + 1;
    if (end > 0) {
      take(line);
      take(part.subarray(0, end));
      line = Buffer.from(part.subarray(end));
    } else line = Buffer.concat([line, part]);
    if (line.length > MAX_ROW_BYTES) {
      take(line);
      line = Buffer.alloc(0);
    }
  }
  if (hash.copy().update(line).digest('hex') !== digest) return undefined;
  const here = { lines: rows, bytes, rest, done };
  if (line.length === 0) return { ...here, hash };
  while (rest.length < 2) {
    const more = await source.next();
    if (more === undefined) break;
    rest = Buffer.concat([rest, more]);
  }
  const lineEnd = rest[0] === 10 ? 1 : rest[0] === 13 && rest[1] === 10 ? 2 : 0;
  // What was the last line had no line end: it has got one, or nothing has come, or the line has gone on and is new.
  if (rest.length === 0) {
    take(line);
    return { ...here, hash };
  }
  if (lineEnd === 0) {
    return { ...here, lines: rows - 1, bytes: bytes - line.length, hash, rest: Buffer.concat([line, rest]) };
  }
  const ended = rest.subarray(0, lineEnd);
  take(line);
  take(ended);
  return { ...here, bytes: bytes + lineEnd, hash, rest: rest.subarray(lineEnd) };
}
