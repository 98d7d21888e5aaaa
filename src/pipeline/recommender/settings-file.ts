import { readFile } from 'node:fs/promises';
import { EcomError, errorCode, errorMessage } from '../../errors.ts';
import { DEFAULT_SETTINGS, type RecommendSettings } from './settings.ts';

/**
 * The settings in a file, or the defaults where there is none.
 * @throws EcomError where it cannot be read, or says what no setting takes
 */
export async function readSettings(path: string): Promise<RecommendSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return DEFAULT_SETTINGS;
    throw new EcomError('INPUT', `${path} cannot be read: ${errorMessage(error)}`);
  }
  // Validation takes a while to load, and most shops have no such file.
  const { parseSettings } = await import('./settings-schema.ts');
  return parseSettings(text, path);
}
