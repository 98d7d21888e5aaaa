import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openDocumentStore } from '../src/pipeline/document-store/open.ts';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { STORE_FILES } from '../src/pipeline/sqlite/files.ts';
import { type Benchmark, makeRecords, withDataDir } from './harness.ts';

const EVENTS = 1_000_000;
const CHUNK = 20_000;

/** What a simulated shop takes on disk: by event in the log, by shopper, and by day in cells. */
export const footprint: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    // A day and more of a shop with ten events a second.
    const count = Math.round(EVENTS * scale);
    const records = makeRecords(count, 10, Date.now() - (count / 10) * 1000 - 60_000);
    const [log, documents, live] = [
      await openEventLog(config),
      await openDocumentStore(config),
      await openLiveStore(config),
    ];
    const processor = createProcessor({
      log,
      documents,
      live,
      settings: { currency: config.currency, ...config.layout },
    });
    for (let i = 0; i < records.length; i += CHUNK) {
      await log.append(records.slice(i, i + CHUNK));
      while ((await processor.step()) > 0);
    }
    await processor.close();
    await Promise.all([log.close(), documents.close(), live.close()]);
    const shoppers = new Set(records.map(({ key }) => key)).size;
    const size = (store: keyof typeof STORE_FILES): number =>
      statSync(join(config.dataDir, STORE_FILES[store])).size;
    const days = count / 10 / 86_400;
    note(`${count} events, ${shoppers} shoppers, ${days.toFixed(2)} days`);
    const detail = `${count} events of ${shoppers} shoppers in ${days.toFixed(2)} days, 10 a second`;
    return [
      { name: 'log, bytes an event', value: Math.round(size('log') / count), unit: 'B', detail },
      {
        name: 'live store',
        value: Math.round(size('live') / 2 ** 20),
        unit: 'MB',
        detail: `${detail}; shoppers' states, products and all cells: ${Math.round(size('live') / shoppers)} B a shopper`,
      },
    ];
  });
