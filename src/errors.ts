/** What went wrong, as a constant that code can test for. `USAGE` exits with 2, `CONDITION` with 3, all others with 1. */
export type ErrorCode =
  | 'USAGE' // a wrong flag, argument or setting
  | 'NOT_FOUND' // a file, component, product or record that is not there
  | 'INPUT' // a file that cannot be read as what it claims to be
  | 'STORAGE' // a store refused: disk full, read-only, corrupt, locked
  | 'GONE' // a file of the data folder is not any more the one that is open
  | 'REFUSED' // a store takes no such value, however often it is tried
  | 'UNAVAILABLE' // a server, worker or socket that does not answer
  | 'MEMORY' // it does not fit into the memory that it may take
  | 'CONFLICT' // somebody else holds what we need
  | 'CONDITION' // a --fail-if held
  | 'INTERRUPTED'; // stopped by the user

export interface EcomErrorOptions {
  /** What the user can try next, one line. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Name of the server that is away, where waiting for it may help. */
  readonly away?: string;
}

/** The one error that is meant for people: a line that says what and why, and a hint that says what to try. */
export class EcomError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** The server that does not answer now, and may later. */
  readonly away: string | undefined;

  constructor(code: ErrorCode, message: string, options: EcomErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EcomError';
    this.code = code;
    this.hint = options.hint;
    this.away = options.away;
  }
}

/** The `code` of a Node.js or SQLite error, `undefined` for anything else. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** A message for a log line, whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  EIO: 'the device fails',
  EROFS: 'the disk is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOENT: 'no such file or folder',
  EBADF: 'it is closed',
};

/** Why the operating system refused to read or write, in words. */
export function systemReason(error: unknown): string {
  return SYSTEM_REASONS[errorCode(error) ?? ''] ?? errorMessage(error);
}

/** What to say where standard output takes no more, for another reason than that its reader has gone. */
export function outputFailure(error: unknown): EcomError {
  return new EcomError('STORAGE', `cannot write to standard output: ${systemReason(error)}`, {
    hint: 'free some space, or send it elsewhere; what is there is not all',
    cause: error,
  });
}
