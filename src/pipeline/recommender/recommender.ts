import { EcomError } from '../../errors.ts';
import { type AlgorithmName } from '../../ml/algorithm-names.ts';
import { MOST_PRODUCTS } from '../../ml/catalogue.ts';
import { type HybridModel, loadHybrid } from '../../ml/hybrid/model.ts';
import { type Progress } from '../../ml/recommender.ts';
import { type Interactions } from '../../ml/training-data.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { createInteractionReader } from './interaction-reader.ts';
import { createInteractionMemory } from './interactions.ts';
import { loadModel, type ModelVersion, readModelIndex, saveVersion } from './models.ts';
import { type Pace, unhurried } from './pace.ts';
import { publishFresh, publishModel } from './published.ts';
import { type RecommendSettings } from './settings.ts';
import {
  type EvaluationRequest,
  type EvaluationResult,
  type TrainingRequest,
  type TrainingResult,
} from './training.ts';
import { createTrainingClient, type TrainingClient } from './training-client.ts';

export interface TrainerOptions {
  readonly documents: DocumentStore;
  readonly live: LiveStore;
  /** Number of partitions of the event log. */
  readonly partitions: number;
  readonly settings: RecommendSettings;
  /** Threads that may train. @default 1 */
  readonly threads?: number;
  /** Most interactions that are learnt from, the latest. @default 500 000 */
  readonly interactions?: number;
  /** Most memory that names may take, bytes. @default as the interaction memory's */
  readonly nameBytes?: number | undefined;
  /** Heap of the thread that trains, MiB. @default as the training client's */
  readonly trainingMib?: number | undefined;
  /** What trains; a thread of its own where absent. */
  readonly training?: TrainingClient;
}

export interface FullTraining {
  /** Besides the hybrid. */
  readonly algorithms?: readonly AlgorithmName[];
  /** When this is, ms since the epoch. */
  readonly now: number;
  readonly progress?: Progress;
}

/** Learns from the shop's events and publishes what it learnt. */
export interface Trainer {
  /** Reads the events that were counted since the last call. @returns the number of interactions in them */
  readNew(pace: Pace, progress?: Progress): Promise<number>;
  /** Learns what takes seconds and publishes it, unless an older version was chosen. */
  trainQuick(now: number, signal?: AbortSignal): Promise<void>;
  /**
   * Learns of the products of what no training has seen, and publishes them until the next training, unless an older version was
   * chosen. Nothing happens before the first training.
   */
  foldIn(now: number, signal?: AbortSignal): Promise<void>;
  /** Learns everything, keeps it as a version, and publishes that unless an older one was chosen. */
  trainFully(options: FullTraining, signal?: AbortSignal): Promise<ModelVersion>;
  /** Interactions that no training, and no full one, has seen. */
  readonly unseen: number;
  readonly unseenByFull: number;
  /** Products that the last training left out, because the catalogue is too large: the least active ones. */
  readonly productsLeftOut: number;
  /** Interactions that are remembered. */
  readonly remembered: number;
  /** What is remembered. */
  interactions(): Interactions;
  /** Keys of the shoppers of these interactions, by number; those that do not occur may be absent. */
  userIds(): readonly (string | undefined)[];
  /** Tries algorithms on what is remembered. */
  evaluate(
    options: Omit<EvaluationRequest, 'interactions' | 'texts' | 'mostProducts'>,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<EvaluationResult>;
  close(): Promise<void>;
}

const INTERACTIONS = 500_000;
/** A catalogue that does not fit into memory is halved, down to so many products. */
const FEWEST_PRODUCTS = 1000;

export function createTrainer(options: TrainerOptions): Trainer {
  const {
    documents,
    live,
    partitions,
    settings,
    threads = 1,
    interactions = INTERACTIONS,
    nameBytes,
  } = options;
  const { weights, isIgnored, halfLifeMs, robotActionsPerDay } = settings;
  const memory = createInteractionMemory({
    interactions,
    weights,
    isIgnored,
    perDay: robotActionsPerDay,
    nameBytes,
  });
  const training = options.training ?? createTrainingClient(options.trainingMib);
  const reader = createInteractionReader({ documents, live, partitions, interactions, weights }, memory);
  let seen = 0;
  let seenByFull = 0;
  /** Whether what takes long to learn is known where it is trained, as far as anybody knows it. */
  let isPrepared = false;
  let foldedIn = 0;
  let mostProducts = MOST_PRODUCTS;
  let products = 0;
  let productsLeftOut = 0;

  function requestFor(level: TrainingRequest['level'], algorithms: readonly AlgorithmName[]) {
    const [columns, texts] = [memory.interactions(), memory.texts()];
    return { level, interactions: columns, texts, halfLifeMs, algorithms, threads, mostProducts } as const;
  }
  /** Works with as large a catalogue as memory has room for. @param work is told the most products */
  async function fitting<T>(work: (most: number) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work(mostProducts);
      } catch (error) {
        const fewer = Math.min(mostProducts, memory.products) >>> 1;
        if (!(error instanceof EcomError) || error.code !== 'MEMORY' || fewer < FEWEST_PRODUCTS) throw error;
        mostProducts = fewer;
      }
    }
  }
  async function train(
    request: TrainingRequest,
    signal?: AbortSignal,
    progress?: Progress,
  ): Promise<TrainingResult> {
    // What is given up takes with it what was known there.
    isPrepared = false;
    const result = await fitting((most) =>
      training.train({ ...request, mostProducts: most }, signal, progress),
    );
    ({ products, productsLeftOut } = result);
    isPrepared = true;
    return result;
  }
  async function publish(model: HybridModel, version: number, time: number): Promise<void> {
    await publishModel(live, model, { version, time, products, productsLeftOut }, unhurried());
  }
  return {
    readNew: reader.readNew,
    async trainQuick(now, signal) {
      const added = memory.added;
      const { pinned, current } = await readModelIndex(documents);
      // Of a full training that another process did, only the hybrid is left.
      const trained = isPrepared || current === 0 ? undefined : await loadModel(documents, current, 'hybrid');
      const { models } = await train(
        { ...requestFor('quick', []), ...(trained === undefined ? {} : { trained }) },
        signal,
      );
      seen = added;
      if (!pinned) await publish(loadHybrid(models.get('hybrid')!), current, now);
    },
    async foldIn(now, signal) {
      const added = memory.added;
      if (added === foldedIn) return;
      const touched = memory.productsSince(seen);
      const { models } = await train({ ...requestFor('fold-in', []), products: touched }, signal);
      const hybrid = models.get('hybrid');
      const { pinned, current } = await readModelIndex(documents);
      if (hybrid !== undefined && !pinned)
        await publishFresh(
          live,
          loadHybrid(hybrid),
          { version: current, time: now, products, productsLeftOut },
          touched,
        );
      foldedIn = added;
    },
    async trainFully({ algorithms = [], now, progress }, signal) {
      const added = memory.added;
      const begun = performance.now();
      const result = await train(requestFor('full', algorithms), signal, progress);
      seen = added;
      seenByFull = added;
      const { models, ...size } = result;
      const hybrid = loadHybrid(models.get('hybrid')!);
      const { weights: found, quality } = hybrid;
      const trainingMs = Math.round(performance.now() - begun);
      const index = await saveVersion(
        documents,
        { time: now, trainingMs, ...size, weights: found, quality },
        models,
      );
      const version = index.versions.at(-1)!;
      if (!index.pinned) await publish(hybrid, version.version, now);
      return version;
    },
    get unseen() {
      return memory.added - seen;
    },
    get unseenByFull() {
      return memory.added - seenByFull;
    },
    get productsLeftOut() {
      return productsLeftOut;
    },
    get remembered() {
      return memory.size;
    },
    interactions: () => memory.interactions(),
    userIds: () => memory.userIds(),
    evaluate: (chosen, signal, progress) =>
      fitting((most) =>
        training.evaluate(
          { ...chosen, interactions: memory.interactions(), texts: memory.texts(), mostProducts: most },
          signal,
          progress,
        ),
      ),
    close: () => training.close(),
  };
}

/** Learns once, quickly, from the latest events. @returns the number of products that were left out of it */
export async function trainAndPublish(
  options: TrainerOptions,
  now: number,
  signal?: AbortSignal,
): Promise<number> {
  const trainer = createTrainer(options);
  try {
    await trainer.readNew(unhurried(signal));
    await trainer.trainQuick(now, signal);
    return trainer.productsLeftOut;
  } finally {
    await trainer.close();
  }
}
