import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { type ErrorMessage } from './counting-messages.ts';

/** What an error is to another thread. */
export function toMessage(error: unknown): ErrorMessage {
  const { name, stack } = error instanceof Error ? error : new Error();
  const told = { name, stack, message: errorMessage(error) };
  if (!(error instanceof EcomError)) return told;
  return { ...told, code: error.code, hint: error.hint, away: error.away };
}

/** The error that a message is of. */
export function fromMessage({ name, message, code, hint, away, stack }: ErrorMessage): Error {
  const error =
    code === undefined
      ? new (CLASSES.find((one) => one.name === name) ?? Error)(message)
      : new EcomError(code, message, {
          ...(hint === undefined ? {} : { hint }),
          ...(away === undefined ? {} : { away }),
        });
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** What is said of the error that ended a thread. */
export function endOf(error: Error): Error {
  if (errorCode(error) !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new EcomError('MEMORY', 'counting needs more memory than Node.js takes here', {
    hint: 'what is stored is intact: run the command again with more, as with NODE_OPTIONS=--max-old-space-size=4096',
    cause: error,
  });
}

/** Those that may be a record's fault: see `mayBeOfRecord`. */
const CLASSES = [RangeError, TypeError, SyntaxError];
