import { statSync } from 'node:fs';
import { EcomError } from '../../errors.ts';

/**
 * Remembers which file lies at a path. Whoever goes on with an open file that is not there
 * any more writes into nothing, and reads what nobody else sees.
 * @param isOpen whether this process has it open: its write-ahead log cannot go then either, as it does when nobody has
 * @returns a function that costs some microseconds, and throws EcomError `GONE` once another file lies there, or none
 */
export function rememberFile(path: string, isOpen: boolean): () => void {
  const first = look(path);
  let wal = look(`${path}-wal`);
  let size = first?.size ?? 0;
  return () => {
    const now = look(path);
    if (now === undefined) throw gone(path, 'was deleted');
    if (!isSame(first, now)) throw gone(path, 'was replaced by another file');
    // The database never gives back what it has: somebody has copied another one over it.
    if (now.size < size) throw gone(path, 'was overwritten');
    size = now.size;
    const walNow = look(`${path}-wal`);
    if (isOpen && wal !== undefined && !isSame(wal, walNow))
      throw gone(`${path}-wal`, 'was deleted or replaced');
    wal = walNow;
  };
}

interface Seen {
  readonly ino: number;
  readonly dev: number;
  readonly size: number;
}

function look(path: string): Seen | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isSame(a: Seen | undefined, b: Seen | undefined): boolean {
  return a?.ino === b?.ino && a?.dev === b?.dev;
}

function gone(path: string, what: string): EcomError {
  return new EcomError('GONE', `${path} ${what} while it was in use`, {
    hint: 'stop ecom with ecom down, or end the process, bring the files back if they are needed, and start it again',
  });
}
