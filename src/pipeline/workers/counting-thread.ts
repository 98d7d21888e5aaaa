// Entry of the thread that counts what an ingest appends, while that goes on reading.
import { parentPort, workerData } from 'node:worker_threads';
import { type Config } from '../../config.ts';
import { type Processor } from '../processor/processor.ts';
import { type FromCounting, type ToCounting } from './counting-messages.ts';

// Imported late: what else is in this file runs wherever the bundler lets others share it.
const { EcomError, errorMessage } = await import('../../errors.ts');
const { openDocumentStore } = await import('../document-store/open.ts');
const { openEventLog } = await import('../event-log/open.ts');
const { openLiveStore } = await import('../live-store/open.ts');
const { createProcessor } = await import('../processor/processor.ts');

const config = workerData as Config;
const port = parentPort!;
const tell = (message: FromCounting) => port.postMessage(message);
let counting: { processor: Processor; close(): Promise<void> } | undefined;

async function open(): Promise<NonNullable<typeof counting>> {
  const log = await openEventLog(config);
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config, { counts: true });
  const settings = { currency: config.currency, ...config.layout };
  const processor = createProcessor({ log, documents, live, settings });
  return {
    processor,
    async close() {
      await processor.close().catch(() => {});
      await Promise.allSettled([log.close(), documents.close(), live.close()]);
    },
  };
}

async function step(waitMs: number): Promise<void> {
  try {
    counting ??= await open();
    const records = await counting.processor.stepAhead(waitMs);
    tell({ type: 'counted', records, room: counting.processor.room() });
  } catch (error) {
    const failed = { type: 'failed', message: errorMessage(error), stack: (error as Error).stack } as const;
    if (!(error instanceof EcomError)) tell(failed);
    else tell({ ...failed, code: error.code, hint: error.hint, away: error.away });
  }
}

async function close(): Promise<void> {
  await counting?.close();
  tell({ type: 'closed' });
  port.close();
}

port.on('message', (message: ToCounting) => {
  // One after the other: who asks waits for the answer.
  if (message.type === 'step') void step(message.waitMs);
  else void close();
});
