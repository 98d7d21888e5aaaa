import { type CoOccurrence, createCoOccurrence } from '../../ml/co-occurrence.ts';
import { createPopularity } from '../../ml/popularity.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { createInteractionMemory } from './interactions.ts';
import { type Pace, unhurried } from './pace.ts';
import { PARTS, partOf, publishPopular, publishSimilar } from './published.ts';

export interface TrainerOptions {
  readonly documents: DocumentStore;
  readonly live: LiveStore;
  /** Number of partitions of the event log. */
  readonly partitions: number;
}

/** What a round of training was made from, and what it gave. */
export interface Training {
  /** Interactions that it learnt from. */
  readonly interactions: number;
  /** Products that it knows. */
  readonly products: number;
}

/** Learns from the shop's events and publishes what it learnt. */
export interface Trainer {
  /** Reads the events that were counted since the last call. @returns the number of interactions in them */
  readNew(pace: Pace): Promise<number>;
  /** Fits the models anew, publishes their lists, and saves them. */
  train(pace: Pace): Promise<Training>;
  /** Interactions that no training has seen. */
  readonly unseen: number;
  /** Interactions that are remembered. */
  readonly remembered: number;
}

/** Records read at once. */
const READ_RECORDS = 1_000;
/** What lies further back than so many records, of all partitions, is not read. */
const HORIZON_RECORDS = 1_000_000;
/** Length of the list of what is popular now. */
const POPULAR = 200;

export function createTrainer({ documents, live, partitions }: TrainerOptions): Trainer {
  const memory = createInteractionMemory();
  const next = new Array<number>(partitions).fill(0);
  let newest = 0;
  let seen = 0;

  /** @returns false at the end of what is to be read */
  async function readSome(partition: number, end: number): Promise<boolean> {
    const from = next[partition]!;
    if (from >= end) return false;
    const limit = Math.min(READ_RECORDS, end - from);
    const { events, next: reached } = await documents.readEvents(partition, from, limit);
    next[partition] = reached;
    for (const { event } of events) {
      memory.add(event);
      newest = Math.max(newest, event.time);
    }
    return reached > from;
  }
  async function readNew(pace: Pace): Promise<number> {
    const before = memory.added;
    const ends = new Map<number, number>();
    for (const { partition, position } of await live.positions()) {
      if (partition >= partitions) continue;
      ends.set(partition, position);
      next[partition] = Math.max(next[partition]!, position - Math.ceil(HORIZON_RECORDS / partitions));
    }
    // In turns, because what is read last is remembered longest.
    while (ends.size > 0) {
      for (const [partition, end] of ends) {
        if (!(await readSome(partition, end))) ends.delete(partition);
        await pace();
      }
    }
    return memory.added - before;
  }
  async function fitModels(pace: Pace) {
    const models = { coOccurrence: createCoOccurrence(), popularity: createPopularity() };
    const matrix = memory.matrix();
    await pace();
    for (const model of Object.values(models)) for (const _ of model.fitSteps(matrix)) await pace();
    return models;
  }
  async function train(pace: Pace): Promise<Training> {
    seen = memory.added;
    const interactions = memory.size;
    const { coOccurrence, popularity } = await fitModels(pace);
    const products = await publishNeighbours(live, coOccurrence, pace);
    const { ids, scores } = popularity.recommend([], { limit: POPULAR });
    await publishPopular(
      live,
      ids.map((id, i) => [id, scores[i]!]),
    );
    await pace();
    await documents.saveModel({ name: 'co-occurrence', time: newest, json: coOccurrence.save() });
    await pace();
    await documents.saveModel({ name: 'popularity', time: newest, json: popularity.save() });
    return { interactions, products };
  }
  return {
    readNew,
    train,
    get unseen() {
      return memory.added - seen;
    },
    get remembered() {
      return memory.size;
    },
  };
}

/** @returns the number of lists */
async function publishNeighbours(live: LiveStore, model: CoOccurrence, pace: Pace): Promise<number> {
  const parts: string[][] = Array.from({ length: PARTS }, () => []);
  for (const item of model.items()) parts[partOf(item)]!.push(item);
  function* listsOf(items: readonly string[]) {
    for (const item of items) yield [item, model.neighbours(item)] as const;
  }
  let products = 0;
  for (const [part, items] of parts.entries()) {
    products += await publishSimilar(live, part, listsOf(items));
    await pace();
  }
  return products;
}

/** Trains once on the latest events. */
export async function trainAndPublish(options: TrainerOptions, signal?: AbortSignal): Promise<Training> {
  const trainer = createTrainer(options);
  const pace = unhurried(signal);
  await trainer.readNew(pace);
  return trainer.train(pace);
}
