import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { EcomError, errorCode, systemReason } from './errors.ts';
import { requireTrustedFile } from './trust.ts';

/**
 * The text of a file that there need not be; `undefined` where there is none.
 * @throws EcomError `INPUT` where it cannot be read, or somebody else may have written it
 */
export async function readOptionalFile(path: string): Promise<string | undefined> {
  let file: FileHandle | undefined;
  try {
    // To open a pipe waits for somebody who writes to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    requireTrustedFile(path, await file.stat());
    return await file.readFile('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    if (error instanceof EcomError) throw error;
    throw new EcomError('INPUT', `${path} cannot be read: ${systemReason(error)}`, {
      hint: 'name another file, or remove it',
    });
  } finally {
    await file?.close();
  }
}
