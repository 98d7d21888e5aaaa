import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
type Lz4 = typeof import('lz4-napi');
/** Loaded when it is first needed. */
const lz4 = (): Lz4 => require('lz4-napi') as Lz4;

/** Compresses into a frame, the form that all implementations of LZ4 read. */
export const compressLz4 = (bytes: Buffer): Buffer => lz4().compressFrameSync(bytes);

export const decompressLz4 = (frame: Buffer): Buffer => lz4().decompressFrameSync(frame);
