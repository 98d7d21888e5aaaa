import { type FileHandle, open } from 'node:fs/promises';
import { EcomError, systemReason } from '../errors.ts';
import { write } from './output.ts';

/** Where lines are written to. */
export interface Target {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** A file, or standard output for `-`. @throws EcomError `STORAGE` where it cannot be written */
export function openTarget(path: string, stdout: NodeJS.WriteStream): Promise<Target> {
  return path === '-' ? Promise.resolve(toStream(stdout)) : toFile(path);
}

function toStream(stream: NodeJS.WriteStream): Target {
  return {
    write: async (text) => {
      if (text !== '') await write(stream, text);
    },
    close: async () => {},
  };
}

async function toFile(path: string): Promise<Target> {
  const failed = (cause: unknown): EcomError =>
    new EcomError('STORAGE', `cannot write ${path}: ${systemReason(cause)}`, {
      hint: 'choose another file with --out FILE, or --out - for standard output',
      cause,
    });
  let file: FileHandle;
  try {
    file = await open(path, 'w', 0o600);
  } catch (cause) {
    throw failed(cause);
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
