import { setTimeout as sleep } from 'node:timers/promises';
import { openDocumentStore } from '../document-store/open.ts';
import { openEventLog } from '../event-log/open.ts';
import { openLiveStore } from '../live-store/open.ts';
import { createTrainer } from '../recommender/recommender.ts';
import { type RunComponent } from './component.ts';

/** Rounds are at least so far apart, ms, and take at most this share of the time. */
const ROUND_MS = 10_000;
const DUTY = 0.1;

/** Reads what is new and trains, again and again. */
export const run: RunComponent = async ({ config, logger, signal, ready, handled }) => {
  const log = await openEventLog(config);
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config);
  try {
    const trainer = createTrainer({ documents, live, partitions: log.partitions });
    ready();
    while (!signal.aborted) {
      const started = Date.now();
      const interactions = await trainer.readNew(signal);
      if (interactions > 0) {
        handled(interactions);
        logger.debug(await trainer.train(), 'trained');
      }
      const busy = Date.now() - started;
      const rest = Math.max(ROUND_MS - busy, busy / DUTY - busy);
      await sleep(interactions > 0 ? rest : 1000, undefined, { signal }).catch(() => {});
    }
  } finally {
    await Promise.allSettled([log.close(), documents.close(), live.close()]);
  }
};
