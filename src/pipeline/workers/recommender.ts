import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDocumentStore } from '../document-store/open.ts';
import { openEventLog } from '../event-log/open.ts';
import { openLiveStore } from '../live-store/open.ts';
import { throttled, unhurried } from '../recommender/pace.ts';
import { createTrainer } from '../recommender/recommender.ts';
import { type RunComponent } from './component.ts';

/** Trainings are at least so far apart, ms … */
const ROUND_MS = 10_000;
/** … and wait until so large a share of what is known is new, or until so long after the last there is anything, ms. */
const NEW_SHARE = 0.01;
const STALE_MS = 60_000;
/** Pause between two looks for new events, ms. */
const LOOK_MS = 1000;
/** Most of one core's time, once there is something to recommend. */
const CORE_SHARE = 0.1;

/** Reads what is new and trains, again and again. */
export const run: RunComponent = async ({ config, logger, signal, ready, handled }) => {
  // Who counts events goes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const log = await openEventLog(config);
  const { partitions } = log;
  await log.close();
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config);
  try {
    const trainer = createTrainer({ documents, live, partitions });
    ready();
    let pace = unhurried(signal);
    let trainedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      handled(await trainer.readNew(pace));
      const rested = performance.now() - trainedAt;
      const due = trainer.unseen >= trainer.remembered * NEW_SHARE || rested >= STALE_MS;
      if (trainer.unseen > 0 && rested >= ROUND_MS && due) {
        const started = performance.now();
        const training = await trainer.train(pace);
        trainedAt = performance.now();
        logger.debug({ ...training, ms: Math.round(trainedAt - started) }, 'trained');
        pace = throttled(CORE_SHARE, signal);
      }
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    await Promise.allSettled([documents.close(), live.close()]);
  }
};
