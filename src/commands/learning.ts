import { EcomError } from '../errors.ts';
import { type DocumentStore } from '../pipeline/document-store/document-store.ts';
import { impatient, type Patience } from '../pipeline/patience.ts';
import { type Trainer } from '../pipeline/recommender/recommender.ts';
import { type RecommendSettings } from '../pipeline/recommender/settings.ts';
import { type CommandContext } from './context.ts';
import { requireData } from './require-data.ts';
import { withStores } from './stores.ts';

/** Most interactions that a command learns from, the latest: about 30 bytes each. */
const INTERACTIONS = 2_000_000;
/** Most memory of names: a command's heap is larger than the worker's. */
const NAME_BYTES = 400e6;

export interface Learning {
  readonly trainer: Trainer;
  readonly documents: DocumentStore;
  readonly settings: RecommendSettings;
  readonly threads: number;
  /** Says what goes on, and how much of it is done, 0 to 1. */
  say(what: string, done?: number): void;
}

/**
 * Reads the shop's interactions for who wants to learn from them.
 * @param patience of one that writes what it has learnt
 * @throws EcomError `NOT_FOUND` where there are none
 */
export async function withInteractions(
  context: CommandContext,
  work: (learning: Learning) => Promise<void>,
  patience: Patience = impatient,
): Promise<void> {
  const { config, signal } = context;
  requireData(config);
  const { availableParallelism } = await import('node:os');
  const { withSpinner } = await import('./spinner.ts');
  const { unhurried } = await import('../pipeline/recommender/pace.ts');
  const { createTrainer } = await import('../pipeline/recommender/recommender.ts');
  const { readSettings } = await import('../pipeline/recommender/settings-file.ts');
  const settings = await readSettings(config.recommendFile);
  const threads = availableParallelism();
  await withStores(config, async ({ log, documents, live }) => {
    const { partitions } = log;
    const options = {
      documents,
      live,
      partitions,
      settings,
      threads,
      interactions: INTERACTIONS,
      nameBytes: NAME_BYTES,
      trainingMib: config.trainingMib,
    };
    // After a failure it begins anew: what was read until then may be half of something.
    await patience(async () => {
      const trainer = createTrainer(options);
      try {
        const learn = async (spin: (text: string) => void) => {
          const say = (what: string, done?: number) =>
            spin(done === undefined ? what : `${what} ${Math.round(done * 100)} %`);
          await trainer.readNew(unhurried(signal), (done) => say('reading events', done));
          if (trainer.remembered === 0) {
            throw new EcomError('NOT_FOUND', 'nobody has viewed, wished for or bought anything yet', {
              hint: 'ecom ingest FILE, or ecom up for a simulated shop, and try again',
            });
          }
          await work({ trainer, documents, settings, threads, say });
        };
        await withSpinner(context, 'reading events', learn, true);
      } finally {
        await trainer.close();
      }
    });
  });
}
