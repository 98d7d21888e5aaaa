import { EcomError } from '../../errors.ts';

/**
 * Decodes what the live store had under a key: what fails is no fault of the record that asks for it.
 * @throws EcomError `STORAGE` where it is damaged
 */
export function known<S, T>(key: string, decode: (stored: S) => T, stored: S): T {
  try {
    return decode(stored);
  } catch (cause) {
    throw damagedState(key, cause);
  }
}

export function damagedState(key: string, cause: unknown): EcomError {
  return new EcomError('STORAGE', `what the live store knows of '${key}' is damaged`, {
    hint: 'count everything again from the log: ecom down, then ecom rebuild; ecom doctor says more',
    cause,
  });
}
