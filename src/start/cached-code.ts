import { lstatSync, readFileSync, renameSync, rmSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { dirname } from 'node:path';

interface Loaded {
  readonly exports: unknown;
  /** Keeps what has been compiled by now, if that is not what it was loaded with. */
  keep(): void;
}

/**
 * Loads a CommonJS file of ASCII, whose name is that of its contents, with what V8 compiled of it the last time. That lies beside it, so
 * that whoever can change the one could as well change the other.
 * @param use what it is used for: each use compiles other parts
 */
export function loadCached(path: string, use: string): Loaded {
  const { Script } = process.getBuiltinModule('node:vm');
  const code = statSync(path);
  const cache = `${path}.${use}-${process.version}-${process.arch}-${code.size}-${Math.round(code.mtimeMs)}.cache`;
  const cachedData = readCache(cache, code);
  const script = new Script(wrap(readFileSync(path, 'latin1')), {
    filename: path,
    ...(cachedData && { cachedData }),
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(path), module, path, dirname(path));
  return {
    exports: module.exports,
    keep() {
      if (cachedData === undefined || script.cachedDataRejected === true)
        writeCache(cache, script.createCachedData());
    },
  };
}

function readCache(path: string, code: Stats): Buffer | undefined {
  try {
    const found = lstatSync(path, { throwIfNoEntry: false });
    const trusted = found?.isFile() === true && found.uid === code.uid && (found.mode & 0o022) === 0;
    return trusted ? checked(readFileSync(path)) : undefined;
  } catch {
    return undefined;
  }
}

/** Bytes of the check sum behind the data. */
const SUM_BYTES = 4;

/** V8 believes what it finds: what a disk has damaged would end the process. */
function checked(file: Buffer): Buffer | undefined {
  if (file.length < SUM_BYTES) return undefined;
  const data = file.subarray(0, -SUM_BYTES);
  return sumOf(data) === file.readUInt32LE(data.length) ? data : undefined;
}

function sumOf(data: Buffer): number {
  return process.getBuiltinModule('node:zlib').crc32(data);
}

/** Only in a folder of one's own: root leaves nothing in those of others. Where it fails, the next start is slow again. */
function writeCache(path: string, data: Buffer): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    const { uid, mode } = statSync(dirname(path));
    if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return;
    const sum = Buffer.alloc(SUM_BYTES);
    sum.writeUInt32LE(sumOf(data));
    writeFileSync(unfinished, Buffer.concat([data, sum]), { flag: 'wx', mode: 0o644 });
    renameSync(unfinished, path);
  } catch {
    rmSync(unfinished, { force: true });
  }
}
