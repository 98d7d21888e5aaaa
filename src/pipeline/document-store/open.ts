import { join } from 'node:path';
import { type Config } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { setPlaceholderIds } from '../events/placeholder-ids.ts';
import { STORE_FILES } from '../sqlite/files.ts';
import { type DocumentStore } from './document-store.ts';

/** Opens the document store that the URL's scheme names. */
export async function openDocumentStore(config: Config): Promise<DocumentStore> {
  setPlaceholderIds(config.placeholderIds);
  const { mib, days } = config.deadLetters;
  const letterBound = { bytes: mib * 1024 * 1024, days };
  const scheme = config.documentsUrl.slice(0, config.documentsUrl.indexOf(':'));
  switch (scheme) {
    case 'sqlite': {
      const { createSqliteDocumentStore } = await import('./sqlite.ts');
      return createSqliteDocumentStore({
        path: join(config.dataDir, STORE_FILES.documents),
        logPath: config.logUrl.startsWith('sqlite:') ? join(config.dataDir, STORE_FILES.log) : undefined,
        synchronous: config.synchronous,
        driver: config.sqliteDriver,
        letterBound,
      });
    }
    case 'mongodb':
    case 'mongodb+srv': {
      const { createMongoDocumentStore } = await import('./mongodb.ts');
      return createMongoDocumentStore({
        url: config.documentsUrl,
        eventDays: config.eventDays,
        letterBound,
        ...config.credentials.mongodb,
      });
    }
    default:
      throw new EcomError('USAGE', `ECOM_DOCUMENTS_URL: no document store speaks '${scheme}:'`, {
        hint: 'use sqlite: or mongodb://host:27017/ecom',
      });
  }
}
