// Entry of the thread that counts what an ingest appends, while that goes on reading and stores what was counted.
import { parentPort, workerData } from 'node:worker_threads';
import { type Config } from '../../config.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { type Processor } from '../processor/processor.ts';
import { type FromCounting, type ToCounting } from './counting-messages.ts';

// Imported late: what else is in this file runs wherever the bundler lets others share it.
const { buffersOf, createChangeSender } = await import('../live-store/change-message.ts');
const { HandedRecords } = await import('../event-log/handed-records.ts');
const { createProcessor } = await import('../processor/processor.ts');
const { openCountingStores } = await import('./counting-stores.ts');
const { fromMessage, toMessage } = await import('./error-message.ts');

const config = workerData as Config;
const port = parentPort!;
const tell = (message: FromCounting, moved: ArrayBuffer[] = []) => port.postMessage(message, moved);
const toSend = createChangeSender();
const handed = new HandedRecords(config.layout.properties, (memory) => tell({ type: 'taken', memory }));
/** What was asked for and is not done yet: one after the other. */
let asked = Promise.resolve();
let counting: { processor: Processor; close(): Promise<void> } | undefined;
/** Who waits for what becomes of the change that was sent. */
let sent: { resolve(applied: boolean): void; reject(error: Error): void } | undefined;

/** Reads are its own; the other thread, which has less to do, applies its changes. */
function appliedElsewhere(live: LiveStore): LiveStore {
  return {
    ...live,
    apply: (change) =>
      new Promise((resolve, reject) => {
        sent = { resolve, reject };
        const message = toSend(change);
        tell({ type: 'change', change: message }, buffersOf(message));
      }),
  };
}

async function open(): Promise<NonNullable<typeof counting>> {
  const stores = await openCountingStores(config, handed);
  const { log, documents, live } = stores;
  const settings = { currency: config.currency, ...config.layout };
  const processor = createProcessor({ log, documents, live: appliedElsewhere(live), settings });
  return {
    processor,
    async close() {
      await processor.close().catch(() => {});
      await stores.close();
    },
  };
}

async function step(waitMs: number): Promise<void> {
  try {
    counting ??= await open();
    const records = await counting.processor.stepAhead(waitMs);
    tell({ type: 'counted', records, room: counting.processor.room() });
  } catch (error) {
    tell({ type: 'failed', error: toMessage(error) });
  }
}

async function close(): Promise<void> {
  await counting?.close();
  tell({ type: 'closed' });
  port.close();
}

port.on('message', (message: ToCounting) => {
  switch (message.type) {
    case 'step':
      asked = asked.then(() => step(message.waitMs));
      break;
    case 'handed':
      for (const piece of message.pieces) handed.add(piece);
      break;
    case 'close':
      // A server may keep a step waiting: nobody waits for that any more.
      void close();
      break;
    case 'applied':
      sent?.resolve(message.applied);
      break;
    case 'unapplied':
      sent?.reject(fromMessage(message.error));
      break;
  }
});
