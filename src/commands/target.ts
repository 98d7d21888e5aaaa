import { type FileHandle, open } from 'node:fs/promises';
import { type Writable } from 'node:stream';
import { EcomError, systemReason } from '../errors.ts';
import { openPipeToWrite } from '../pipe.ts';
import { type CommandContext } from './context.ts';
import { write } from './output.ts';

/** Where lines are written to. */
export interface Target {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file, a pipe once somebody reads it, or standard output for `-`.
 * @throws EcomError `STORAGE` where it cannot be written
 */
export async function openTarget(
  path: string,
  context: Pick<CommandContext, 'stdout' | 'signal'>,
): Promise<Target> {
  return path === '-' ? toStream(context.stdout) : toFile(path, context);
}

function toStream(stream: NodeJS.WriteStream): Target {
  return {
    write: async (text) => {
      if (text !== '') await write(stream, text);
    },
    close: async () => {},
  };
}

async function toFile(path: string, context: Pick<CommandContext, 'signal'>): Promise<Target> {
  const failed = (cause: unknown): EcomError =>
    new EcomError('STORAGE', `cannot write ${path}: ${systemReason(cause)}`, {
      hint: 'choose another file with --out FILE, or --out - for standard output',
      cause,
    });
  let file: FileHandle;
  try {
    const pipe = await openPipeToWrite(path, context);
    if (pipe !== undefined) return toPipe(pipe, context.signal, failed);
    file = await open(path, 'w', 0o600);
  } catch (cause) {
    throw cause instanceof EcomError ? cause : failed(cause);
  }
  return {
    write: async (text) => {
      try {
        await file.appendFile(text);
      } catch (cause) {
        throw failed(cause);
      }
    },
    close: async () => {
      try {
        await file.close();
      } catch (cause) {
        throw failed(cause);
      }
    },
  };
}

function toPipe(pipe: Writable, signal: AbortSignal, failed: (cause: unknown) => EcomError): Target {
  // Whoever reads it may do so no more, and not be gone either.
  signal.addEventListener('abort', () => pipe.destroy(signal.reason), { once: true });
  // It is told by the write that fails.
  pipe.on('error', () => {});
  const done = (work: (callback: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => {
      work((error) => (error ? reject(signal.aborted ? signal.reason : failed(error)) : resolve()));
    });
  return {
    write: (text) => done((callback) => pipe.write(text, callback)),
    close: () => done((callback) => pipe.end(callback)),
  };
}
