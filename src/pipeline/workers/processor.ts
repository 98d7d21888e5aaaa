import { openDocumentStore } from '../document-store/open.ts';
import { openEventLog } from '../event-log/open.ts';
import { openLiveStore } from '../live-store/open.ts';
import { createProcessor } from '../processor/processor.ts';
import { type RunComponent } from './component.ts';

/** Counts events until it is told to stop. */
export const run: RunComponent = async ({ config, options, logger, signal, ready, handled, owns }) => {
  const log = await openEventLog(config);
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config);
  try {
    const { partitions, batch, flushMs } = options.processor ?? {};
    const owned = partitions ?? Array.from({ length: log.partitions }, (_, partition) => partition);
    const { currency } = config;
    const processor = createProcessor({ log, documents, live, currency, partitions: owned, batch, flushMs });
    owns(owned);
    logger.info({ partitions: owned }, 'processing');
    // The first batch also proves that the stores can be written.
    handled(await processor.step());
    ready();
    await processor.run(signal, handled);
  } finally {
    await Promise.allSettled([log.close(), documents.close(), live.close()]);
  }
};
