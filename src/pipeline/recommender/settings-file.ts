import { readOptionalFile } from '../../optional-file.ts';
import { DEFAULT_SETTINGS, type RecommendSettings } from './settings.ts';

/**
 * The settings in a file, or the defaults where there is none.
 * @throws EcomError where it cannot be read, or says what no setting takes
 */
export async function readSettings(path: string): Promise<RecommendSettings> {
  const text = await readOptionalFile(path);
  if (text === undefined) return DEFAULT_SETTINGS;
  // Validation takes a while to load, and most shops have no such file.
  const { parseSettings } = await import('./settings-schema.ts');
  return parseSettings(text, path);
}
