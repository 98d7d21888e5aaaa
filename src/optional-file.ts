import { readFile } from 'node:fs/promises';
import { EcomError, errorCode, errorMessage } from './errors.ts';

/**
 * The text of a file that there need not be; `undefined` where there is none.
 * @throws EcomError `INPUT` where it cannot be read
 */
export async function readOptionalFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new EcomError('INPUT', `${path} cannot be read: ${errorMessage(error)}`);
  }
}
