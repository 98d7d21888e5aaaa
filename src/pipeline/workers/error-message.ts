import { EcomError, errorMessage } from '../../errors.ts';
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

/** Those that may be a record's fault: see `mayBeOfRecord`. */
const CLASSES = [RangeError, TypeError, SyntaxError];
