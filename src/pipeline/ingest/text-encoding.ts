import { isAscii, isUtf8 } from 'node:buffer';

const OPEN = 0x7b;
const OPEN_LIST = 0x5b;
/** Bytes that mean nothing in the encoding that Windows uses for western languages: where they are, it is another one. */
const UNUSED = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
const WESTERN = 'windows-1252';
/** Bytes that are looked at to tell UTF-16 without a mark. */
const SAMPLE = 512;

/**
 * A text's bytes as UTF-8. UTF-16 is told by its mark, or by the zeros between its characters; of values that are separated, what is no UTF-8
 * is taken for windows-1252. That is decided once, by the first bytes beyond ASCII: what comes before them is the same in both. JSON is
 * always UTF-8, so that a damaged line is one.
 * @param wanted name of the encoding, where somebody has said it
 * @param found is told another encoding than UTF-8
 */
export async function* toUtf8(
  chunks: AsyncGenerator<Buffer>,
  wanted: string | undefined,
  found: (name: string) => void,
): AsyncGenerator<Buffer> {
  const first = await chunks.next();
  if (first.done === true) return;
  const start = first.value;
  const name = wanted ?? wide(start);
  async function* all(): AsyncGenerator<Buffer> {
    yield start;
    yield* chunks;
  }
  if (name !== undefined) yield* decoded(all(), name, found);
  else if (beginsAsJson(start)) yield* all();
  else yield* narrow(all(), found);
}

/** The name of UTF-16 where bytes begin as it. */
function wide(bytes: Buffer): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const size = Math.min(bytes.length, SAMPLE) & ~1;
  const zeros = [0, 0];
  for (let i = 0; i < size; i += 1) if (bytes[i] === 0) zeros[i % 2]! += 1;
  const [even, odd] = zeros as [number, number];
  if (size < 8 || Math.max(even, odd) * 4 < size || Math.min(even, odd) > 0) return undefined;
  return odd > 0 ? 'utf-16le' : 'utf-16be';
}

function beginsAsJson(bytes: Buffer): boolean {
  const text = bytes
    .toString('latin1', 0, SAMPLE)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  const code = text.charCodeAt(0);
  return code === OPEN || code === OPEN_LIST;
}

async function* decoded(
  chunks: AsyncGenerator<Buffer>,
  name: string,
  found: (name: string) => void,
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(name);
  if (decoder.encoding !== 'utf-8') found(decoder.encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield Buffer.from(text);
  }
  const rest = decoder.decode();
  if (rest !== '') yield Buffer.from(rest);
}

async function* narrow(
  chunks: AsyncGenerator<Buffer>,
  found: (name: string) => void,
): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await chunks.next();
    if (next.done === true) return;
    if (isAscii(next.value)) {
      yield next.value;
      continue;
    }
    let bytes = next.value;
    // A character that is cut tells nothing.
    while (isCut(bytes)) {
      const more = await chunks.next();
      if (more.done === true) break;
      bytes = Buffer.concat([bytes, more.value]);
    }
    const all = followedBy(bytes, chunks);
    if (isWestern(bytes)) yield* decoded(all, WESTERN, found);
    else yield* all;
    return;
  }
}

async function* followedBy(bytes: Buffer, chunks: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield bytes;
  yield* chunks;
}

/** Whether all that is beyond ASCII may be a character of UTF-8 whose end is missing. */
function isCut(bytes: Buffer): boolean {
  return bytes.at(-1)! >= 0x80 && isAscii(bytes.subarray(0, Math.max(0, bytes.length - 3)));
}

function isWestern(bytes: Buffer): boolean {
  if (isUtf8(bytes)) return false;
  let good = 0;
  let bad = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i]!;
    if (UNUSED.has(byte) || byte === 0) return false;
    if (byte < 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    if (byte >= 0xc2 && isUtf8(bytes.subarray(i, i + length)) && i + length <= bytes.length) {
      good += 1;
      i += length - 1;
    } else bad += 1;
  }
  // Of a text in UTF-8 some lines may be damaged.
  return bad > good;
}
