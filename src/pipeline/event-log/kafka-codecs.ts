import { createRequire } from 'node:module';
import { type CompressionTypes } from 'kafkajs';
import { compressLz4, decompressLz4 } from '../lz4.ts';

/** A batch that claims to be larger is not unpacked, bytes. */
const MAX_UNPACKED = 256 * 2 ** 20;

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** As the kafkajs codec table wants them: made when a batch first needs one. */
type Codecs = Record<CompressionTypes | number, () => Codec>;

const require = createRequire(import.meta.url);
const SNAPPY = 2;
const LZ4 = 3;
const ZSTD = 4;

/** Teaches kafkajs the codecs that it lacks: without them a topic that somebody else compressed cannot be read. */
export function registerCodecs(codecs: unknown): void {
  const table = codecs as Codecs;
  table[SNAPPY] = () => snappy();
  table[LZ4] = () => lz4();
  table[ZSTD] = () => zstd();
}

function snappy(): Codec {
  const { compress, uncompress } = require('snappyjs') as typeof import('snappyjs');
  const unpack = (bytes: Buffer): Buffer => Buffer.from(uncompress(bytes, MAX_UNPACKED));
  return {
    compress: async ({ buffer }) => Buffer.from(compress(buffer)),
    decompress: async (bytes) => (isXerial(bytes) ? unpackXerial(bytes, unpack) : unpack(bytes)),
  };
}

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const XERIAL_HEADER = 16;

function isXerial(bytes: Buffer): boolean {
  return bytes.length >= XERIAL_HEADER && bytes.subarray(0, 8).equals(XERIAL_MAGIC);
}

/** Java's clients write blocks with a length before each, after a header. Source: org.xerial.snappy.SnappyOutputStream. */
function unpackXerial(bytes: Buffer, unpack: (block: Buffer) => Buffer): Buffer {
  const blocks: Buffer[] = [];
  let size = 0;
  for (let at = XERIAL_HEADER; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    const block = unpack(bytes.subarray(at + 4, at + 4 + length));
    size += block.length;
    if (size > MAX_UNPACKED) throw new Error('a snappy batch is too large');
    blocks.push(block);
    at += 4 + length;
  }
  return Buffer.concat(blocks);
}

function lz4(): Codec {
  return {
    compress: async ({ buffer }) => compressLz4(buffer),
    decompress: async (bytes) => decompressLz4(bytes),
  };
}

function zstd(): Codec {
  const { decompress } = require('fzstd') as typeof import('fzstd');
  return {
    async compress() {
      throw new Error('zstd is read only');
    },
    decompress: async (bytes) => Buffer.from(decompress(bytes)),
  };
}
