import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { BUILD } from '../build.ts';
import { processEnvironment } from '../data-dir.ts';
import { errorCode } from '../errors.ts';
import { type Reading } from '../pipeline/supervisor/reading-request.ts';
import { VERSION } from '../version.ts';
import { askRunning } from './ask-running.ts';
import { loadCached } from './cached-code.ts';
import { type ReadingLine, readingLine } from './reading-arguments.ts';

declare const __dirname: string;

/** Only what has nothing else to load is done here: every module that a start needs is felt. */
async function start(): Promise<void> {
  const argv = process.argv.slice(2);
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    if (print({ exit: 0, output: [[1, `${VERSION}\n`]] })) return;
  }
  const line = readingLine(argv, processEnvironment());
  if (line !== undefined && (await read(line))) return;
  const ordinary = './cli.js';
  await import(ordinary);
}

/** Asks a running shop, else answers here. @returns whether it is done */
async function read({ request: said, folders }: ReadingLine): Promise<boolean> {
  const request = { ...said, terminal: { stdout: columnsOf(1), stderr: columnsOf(2) } };
  for (const folder of folders) {
    const reading = await askRunning(folder, request);
    if (reading !== undefined) return print(reading);
  }
  const code = loadCached(join(__dirname, BUILD), request.argv[0]!);
  const { runReading } = code.exports as { runReading: typeof import('../commands/reading.ts').runReading };
  const reading = await runReading(request).catch(() => undefined);
  if (reading === undefined || !print(reading)) return false;
  code.keep();
  return true;
}

function columnsOf(descriptor: 1 | 2): number {
  if (!isatty(descriptor)) return 0;
  return (descriptor === 1 ? process.stdout : process.stderr).columns;
}

/** @returns whether it is written, or nobody reads it; what is wrong else shows when it is written in the ordinary way */
function print({ exit, output }: Reading): boolean {
  for (const [descriptor, text] of output) {
    try {
      put(descriptor, Buffer.from(text));
    } catch (error) {
      if (descriptor === 2) continue;
      if (errorCode(error) !== 'EPIPE') return false;
      return true;
    }
  }
  process.exitCode = exit;
  return true;
}

function put(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      // A pipe that somebody else has set not to wait: its reader is slow.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

void start();
