import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../config.ts';
import { EcomError } from '../errors.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { isEmbedded } from './store-check.ts';

/**
 * Makes sure that there is something to read, so that a command that only reads never creates a data folder.
 * @throws EcomError `NOT_FOUND` where the log and the live store are both embedded and neither has been created
 */
export function requireData(config: Config): void {
  const missing = (port: 'log' | 'live'): boolean =>
    isEmbedded(config, port) && !existsSync(join(config.dataDir, STORE_FILES[port]));
  if (!missing('log') || !missing('live')) return;
  throw new EcomError('NOT_FOUND', `there is no shop's data in ${config.dataDir}`, {
    hint: 'ecom ingest FILE reads one, ecom up --demo simulates one; --data-dir DIR names another folder',
  });
}
