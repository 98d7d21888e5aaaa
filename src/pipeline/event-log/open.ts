import { join } from 'node:path';
import { type Config } from '../../config.ts';
import { EcomError } from '../../errors.ts';
import { setPlaceholderIds } from '../events/placeholder-ids.ts';
import { STORE_FILES } from '../sqlite/files.ts';
import { type EventLog } from './event-log.ts';
import { type HandedRecords } from './handed-records.ts';

const DAY_MS = 86_400_000;
const EMBEDDED_PARTITIONS = 4;

/**
 * Opens the event log that the URL's scheme names.
 * @param handed what whoever appends hands over; servers have no use for it
 */
export async function openEventLog(config: Config, handed?: HandedRecords): Promise<EventLog> {
  setPlaceholderIds(config.placeholderIds);
  const scheme = config.logUrl.slice(0, config.logUrl.indexOf(':'));
  switch (scheme) {
    case 'sqlite': {
      const { createSqliteEventLog } = await import('./sqlite.ts');
      return createSqliteEventLog({
        path: join(config.dataDir, STORE_FILES.log),
        synchronous: config.synchronous,
        driver: config.sqliteDriver,
        partitions: config.partitions ?? EMBEDDED_PARTITIONS,
        handed,
      });
    }
    case 'kafka':
    case 'kafkas': {
      const { createKafkaEventLog } = await import('./kafka.ts');
      return createKafkaEventLog({
        url: config.logUrl,
        credentials: config.credentials.kafka,
        partitions: config.partitions,
        messages: config.kafkaMessages,
        timeZone: config.layout.timeZone,
        retentionMs: config.logDays === undefined ? undefined : config.logDays * DAY_MS,
      });
    }
    default:
      throw new EcomError('USAGE', `ECOM_LOG_URL: no event log speaks '${scheme}:'`, {
        hint: 'use sqlite: or kafka://host:9092/topic',
      });
  }
}
