import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config } from '../config.ts';
import { STORE_FILES } from '../pipeline/sqlite/files.ts';
import { type CountedBefore } from '../pipeline/stats/recount.ts';
import { isEmbedded } from './store-check.ts';

/** Asks the document store how far a partition was ever counted; it is opened for that alone, and not created by looking. */
export function countedBefore(config: Config): CountedBefore {
  return async (partition) => {
    if (isEmbedded(config, 'documents') && !existsSync(join(config.dataDir, STORE_FILES.documents))) return 0;
    const { openDocumentStore } = await import('../pipeline/document-store/open.ts');
    const documents = await openDocumentStore(config);
    try {
      return await documents.appended(partition);
    } finally {
      await documents.close();
    }
  };
}
