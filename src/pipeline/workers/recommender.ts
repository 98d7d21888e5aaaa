import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDocumentStore } from '../document-store/open.ts';
import { openEventLog } from '../event-log/open.ts';
import { openLiveStore } from '../live-store/open.ts';
import { readModelIndex } from '../recommender/models.ts';
import { throttled, unhurried } from '../recommender/pace.ts';
import { createTrainer } from '../recommender/recommender.ts';
import { readSettings } from '../recommender/settings-file.ts';
import { TrainingError } from '../recommender/training-client.ts';
import { type RunComponent } from './component.ts';

/** A quick training waits until so large a share of what is known is new, or until so long after the last there is anything, ms. */
const NEW_SHARE = 0.01;
const STALE_MS = 60_000;
/** What is new is folded in at least so far apart, ms, resting so many times as long as that takes. */
const FOLD_IN_MS = 2_000;
const FOLD_IN_REST = 4;
/** A full one waits until this share is new, or this long … */
const DRIFT = 0.2;
const FULL_STALE_MS = 3_600_000;
/** … and there is something to learn from. */
const FULL_INTERACTIONS = 5_000;
/** Trainings are at least so far apart, ms. */
const QUICK_MS = 3_000;
const FULL_MS = 60_000;
/** After a training it rests so many times as long as that took. */
const REST = 9;
/** What fails again and again is tried ever more rarely, down to once in so long, ms. */
const LONGEST_REST_MS = 600_000;
/** Pause between two looks for new events, ms. */
const LOOK_MS = 1000;
/** Most of one core's time for reading, once there is something to recommend. */
const CORE_SHARE = 0.1;

/** Reads what is new and trains, again and again. */
export const run: RunComponent = async ({ config, logger, signal, ready, handled }) => {
  // Who counts events goes first. The thread that trains inherits it.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const settings = await readSettings(config.recommendFile);
  const log = await openEventLog(config);
  const { partitions } = log;
  await log.close();
  const documents = await openDocumentStore(config);
  const live = await openLiveStore(config, { counts: true });
  const trainer = createTrainer({
    documents,
    live,
    partitions,
    settings,
    trainingMib: config.trainingMib,
  });
  const algorithms = settings.arms.map(({ algorithm }) => algorithm);
  const foldIn = createRest(FOLD_IN_MS, FOLD_IN_REST);
  const quick = createRest(QUICK_MS, REST);
  const full = createRest(FULL_MS, REST);
  try {
    // What was published before stays until something as good is learnt.
    let hasModel = (await readModelIndex(documents)).current > 0;
    // Only then is it known that both stores answer.
    await live.positions();
    ready();
    let pace = unhurried(signal);
    let leftOut = 0;
    while (!signal.aborted) {
      handled(await trainer.readNew(pace));
      const { unseen, unseenByFull, remembered } = trainer;
      const isDrifted = unseenByFull >= remembered * DRIFT || full.sinceMs() >= FULL_STALE_MS;
      const isNew = unseen >= remembered * NEW_SHARE || quick.sinceMs() >= STALE_MS;
      try {
        if (hasModel && unseenByFull > 0 && remembered >= FULL_INTERACTIONS && full.isOver() && isDrifted) {
          const version = await full.time(() => trainer.trainFully({ algorithms, now: Date.now() }, signal));
          const { time: _, ...told } = version;
          logger.info(told, 'trained');
        } else if (unseen > 0 && quick.isOver() && isNew) {
          // Before the first full training, and between two.
          await quick.time(() => trainer.trainQuick(Date.now(), signal));
          logger.debug({ interactions: remembered }, 'trained quickly');
          hasModel = true;
          pace = throttled(CORE_SHARE, signal);
        } else if (unseen > 0 && foldIn.isOver()) {
          await foldIn.time(() => trainer.foldIn(Date.now(), signal));
        }
        if (trainer.productsLeftOut > 0 && trainer.productsLeftOut !== leftOut) {
          leftOut = trainer.productsLeftOut;
          logger.warn(
            { productsLeftOut: leftOut },
            'the catalogue is larger than memory allows: the least active products are left out',
          );
        }
      } catch (error) {
        // What was published before stays.
        if (!(error instanceof TrainingError)) throw error;
        logger.error(
          { reason: error.message, hint: error.hint },
          'training failed: the last model stays, and it is tried again later',
        );
      }
      await sleep(LOOK_MS, undefined, { signal });
    }
  } finally {
    await Promise.allSettled([trainer.close(), documents.close(), live.close()]);
  }
};

/**
 * Keeps something that is done again and again to a share of the time, and what fails to ever less.
 * @param leastMs at least so long apart; twice as long with every failure in a row
 * @param rest times as long as it took
 */
function createRest(leastMs: number, rest: number) {
  let end = Number.NEGATIVE_INFINITY;
  let took = 0;
  let failures = 0;
  const pauseMs = () => Math.max(took * rest, Math.min(leastMs * 2 ** failures, LONGEST_REST_MS));
  return {
    sinceMs: () => performance.now() - end,
    isOver: () => performance.now() - end >= pauseMs(),
    async time<T>(work: () => Promise<T>): Promise<T> {
      const begin = performance.now();
      failures += 1;
      try {
        const result = await work();
        failures = 0;
        return result;
      } finally {
        end = performance.now();
        took = end - begin;
      }
    },
  };
}
