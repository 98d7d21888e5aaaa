import { setImmediate as breathe } from 'node:timers/promises';
import { createCoOccurrence } from '../../ml/co-occurrence.ts';
import { createPopularity } from '../../ml/popularity.ts';
import { type DocumentStore } from '../document-store/document-store.ts';
import { type LiveStore } from '../live-store/live-store.ts';
import { createInteractionMemory } from './interactions.ts';
import { type PopularList, PUBLISHED, type SimilarList } from './published.ts';

export interface TrainerOptions {
  readonly documents: DocumentStore;
  readonly live: LiveStore;
  /** Number of partitions of the event log. */
  readonly partitions: number;
}

/** What a round of training was made from, and what it gave. */
export interface Training {
  /** Interactions seen since the start. */
  readonly interactions: number;
  /** Products that have neighbours. */
  readonly products: number;
}

/** Learns from the shop's events and publishes what it learnt. */
export interface Trainer {
  /** Reads the events that came since the last call. @returns the number of interactions in them */
  readNew(signal?: AbortSignal): Promise<number>;
  /** Fits the models anew, saves them, and publishes their lists. */
  train(): Promise<Training>;
}

const READ_RECORDS = 5_000;
const POPULAR = 200;

export function createTrainer({ documents, live, partitions }: TrainerOptions): Trainer {
  const memory = createInteractionMemory();
  const next = new Array<number>(partitions).fill(0);
  let newest = 0;

  async function readNew(signal?: AbortSignal): Promise<number> {
    const before = memory.added;
    for (let partition = 0; partition < partitions; partition += 1) {
      for (;;) {
        signal?.throwIfAborted();
        const { events, next: reached } = await documents.readEvents(
          partition,
          next[partition]!,
          READ_RECORDS,
        );
        if (reached === next[partition]) break;
        next[partition] = reached;
        for (const { event } of events) {
          memory.add(event);
          newest = Math.max(newest, event.time);
        }
        await breathe(); // heartbeats and signals go on
      }
    }
    return memory.added - before;
  }
  async function train(): Promise<Training> {
    const coOccurrence = createCoOccurrence();
    const popularity = createPopularity();
    coOccurrence.fit(memory.interactions());
    await breathe();
    popularity.fit(memory.interactions());
    await breathe();
    await documents.saveModel({ name: 'co-occurrence', time: newest, json: coOccurrence.save() });
    await documents.saveModel({ name: 'popularity', time: newest, json: popularity.save() });
    const similar = new Map<string, string>();
    for (const item of coOccurrence.items()) {
      const list: SimilarList = coOccurrence
        .neighbours(item)
        .map(({ id, score, support }) => [id, score, support]);
      similar.set(item, JSON.stringify(list));
    }
    await live.publish(PUBLISHED.similar, similar);
    const { ids, scores } = popularity.recommend([], { limit: POPULAR });
    const popular: PopularList = ids.map((id, i) => [id, Math.round(scores[i]! * 1000) / 1000]);
    await live.publish(PUBLISHED.popular, new Map([[PUBLISHED.everybody, JSON.stringify(popular)]]));
    return { interactions: memory.added, products: similar.size };
  }
  return { readNew, train };
}

/** Trains once on all events. */
export async function trainAndPublish(options: TrainerOptions, signal?: AbortSignal): Promise<Training> {
  const trainer = createTrainer(options);
  await trainer.readNew(signal);
  return trainer.train();
}
