import { crc32, createInflateRaw } from 'node:zlib';
import { EcomError } from '../../errors.ts';

// A member of gzip data, RFC 1952: ten bytes, of which the fourth says what else the header has; the packed bytes; eight bytes.
const [MAGIC_1, MAGIC_2, DEFLATE] = [0x1f, 0x8b, 8];
const HEADER_BYTES = 10;
const TRAILER_BYTES = 8;
const FLAG = { headerChecksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Packed bytes that are unpacked at once: what comes of them is held in memory. */
const SLICE_BYTES = 64 * 1024;
/** Unpacked bytes up to which any ratio is taken: so much is read in a moment. */
const FREE_BYTES = 64 * 1024 * 1024;
/** Unpacked bytes for one packed one. The most that gzip can is 1032; a long file of events has 5 to 50. */
const MAX_RATIO = 200;

/**
 * Unpacks gzip, also of several members, and gives all that comes before a fault before that is thrown. Not by zlib's own reader of
 * members: that forgets the last of what it has unpacked where something stands behind the end.
 * @param warn told of bytes behind the end that are no gzip data, as some web servers and tools add
 * @throws EcomError `INPUT` where a few packed bytes become so many that they are made to fill the disk, not to be read; else an
 * error with zlib's codes where the data is damaged or cut off
 */
export async function* gunzipped(
  packed: AsyncIterator<Buffer>,
  path: string,
  warn: (text: string) => void,
): AsyncGenerator<Buffer> {
  const input = createPieces(packed);
  let unpacked = 0;
  for (let members = 0; ; members += 1) {
    const header = await readHeader(input);
    if (header === 'end') return;
    if (header === 'other') {
      if (members === 0) throw damaged('incorrect header check');
      warn(`${path} goes on behind the end of its gzip data: what stands there is left out`);
      return;
    }
    for await (const chunk of readMember(input)) {
      unpacked += chunk.length;
      if (unpacked > FREE_BYTES && unpacked > MAX_RATIO * input.taken()) {
        throw new EcomError('INPUT', `${path} unpacks to more than ${MAX_RATIO} times its size`, {
          hint: 'what came before is ingested; if it is meant to be so, unpack it: zcat FILE | ecom ingest -',
        });
      }
      yield chunk;
    }
  }
}

/** @returns `end` where nothing follows, or zeros, with which tapes are filled up; `other` for what is no header */
async function readHeader(input: Pieces): Promise<'member' | 'end' | 'other'> {
  const start = await input.take(HEADER_BYTES);
  if (start[0] === undefined || start[0] === 0) {
    for (let rest = start; rest.length > 0; rest = await input.take(SLICE_BYTES))
      if (rest.some((byte) => byte !== 0)) return 'other';
    return 'end';
  }
  const [first, second, method, flags = 0] = start;
  if (first !== MAGIC_1 || second !== MAGIC_2) return 'other';
  if (start.length < HEADER_BYTES) throw cutOff();
  if (method !== DEFLATE || (flags & FLAG.reserved) !== 0) return 'other';
  if ((flags & FLAG.extra) !== 0)
    for (let left = (await takeAll(input, 2)).readUInt16LE(); left > 0; left -= 1) await takeAll(input, 1);
  for (const text of [FLAG.name, FLAG.comment])
    if ((flags & text) !== 0) while ((await takeAll(input, 1))[0] !== 0);
  if ((flags & FLAG.headerChecksum) !== 0) await takeAll(input, 2);
  return 'member';
}

async function* readMember(input: Pieces): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 });
  // Taken as it comes: a stream that fails forgets what nobody has taken.
  let ready: Buffer[] = [];
  let failure: Error | undefined;
  let ended = false;
  let wake: () => void = () => {};
  inflate.on('data', (chunk: Buffer) => ready.push(chunk));
  inflate.on('error', (error) => {
    failure = error;
    wake();
  });
  // It ends by itself when it is offered more than it has use for.
  inflate.on('end', () => {
    ended = true;
    wake();
  });
  let checksum = 0;
  let size = 0;
  try {
    while (!ended && failure === undefined) {
      const slice = await input.take(SLICE_BYTES);
      if (slice.length === 0) throw cutOff();
      const before = inflate.bytesWritten;
      await new Promise<void>((resolve) => {
        wake = resolve;
        inflate.write(slice, () => resolve());
      });
      input.giveBack(slice.subarray(inflate.bytesWritten - before));
      const taken = ready;
      ready = [];
      for (const chunk of taken) {
        checksum = crc32(chunk, checksum);
        size += chunk.length;
        yield chunk;
      }
    }
    if (failure !== undefined) throw failure;
  } finally {
    inflate.destroy();
  }
  const trailer = await takeAll(input, TRAILER_BYTES);
  if (trailer.readUInt32LE(0) !== checksum) throw damaged('incorrect data check');
  if (trailer.readUInt32LE(4) !== size % 2 ** 32) throw damaged('incorrect length check');
}

async function takeAll(input: Pieces, count: number): Promise<Buffer> {
  const bytes = await input.take(count);
  if (bytes.length < count) throw cutOff();
  return bytes;
}

function cutOff(): Error {
  return Object.assign(new Error('unexpected end of file'), { code: 'Z_BUF_ERROR' });
}

function damaged(message: string): Error {
  return Object.assign(new Error(message), { code: 'Z_DATA_ERROR' });
}

/** Bytes that come in pieces of any size. */
interface Pieces {
  /** The next bytes: of many as many as are there, of few fewer only at the end. */
  take(count: number): Promise<Buffer>;
  /** Puts back what is left of what was taken last. */
  giveBack(bytes: Buffer): void;
  /** How many were taken for good. */
  taken(): number;
}

function createPieces(chunks: AsyncIterator<Buffer>): Pieces {
  let ahead: Buffer = Buffer.alloc(0);
  let taken = 0;
  return {
    async take(count) {
      const parts = [ahead];
      let length = ahead.length;
      // A slow stream is not waited for where there is something to do.
      while (length < count && (length === 0 || count <= HEADER_BYTES)) {
        const { done, value } = await chunks.next();
        if (done === true) break;
        parts.push(value);
        length += value.length;
      }
      const bytes = parts.length === 1 ? ahead : Buffer.concat(parts);
      ahead = bytes.subarray(count);
      const part = bytes.subarray(0, count);
      taken += part.length;
      return part;
    },
    giveBack(bytes) {
      if (bytes.length === 0) return;
      taken -= bytes.length;
      ahead = ahead.length === 0 ? bytes : Buffer.concat([bytes, ahead]);
    },
    taken: () => taken,
  };
}
