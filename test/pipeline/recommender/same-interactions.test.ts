import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type NewRecord } from '../../../src/pipeline/event-log/event-log.ts';
import { Random } from '../../../src/pipeline/generator/random.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { unhurried } from '../../../src/pipeline/recommender/pace.ts';
import { createTrainer } from '../../../src/pipeline/recommender/recommender.ts';
import { type SettingsFile, toSettings } from '../../../src/pipeline/recommender/settings.ts';
import {
  createTrainingRoom,
  evaluateAlgorithms,
  type TrainingRequest,
} from '../../../src/pipeline/recommender/training.ts';
import { dirtyLines } from '../../support/dirty-lines.ts';
import { createFirstMemory } from '../../support/first-memory.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const PARTITIONS = 3;
/** Records of a partition that the first recommender read in turn. */
const TURN = 1000;

/** Lines of a shop whose types are said in ways that no scanner takes. */
function* lines(seed: string, events: number): Generator<NewRecord> {
  const random = new Random(seed);
  const ways: ((line: string) => string)[] = [
    (line) => line.replace('{', '{"type":"page_view",'),
    (line) => line.replace(/"type":"(\w+)"/, '"\\u0074ype":"$1"'),
    (line) => line.replace(/"type":"(\w+)"/, '"type" : "$1"'),
    (line) => line.replace('"properties":{', '"properties":{"type":"search",'),
    (line) => line.replace(/"type":"(\w+)"/, '"type":"search","type":"$1"'),
    (line) => line.replace('{', '{"query":"type",'),
  ];
  for (const { key, value } of dirtyLines(seed, Date.now() - 2 * 86_400_000, events))
    yield { key, value: random.chance(0.1) ? random.pick(ways)(value) : value };
}

/** What the first recommender reads, again and again. */
function firstReader(stores: Stores, memory: ReturnType<typeof createFirstMemory>, interactions: number) {
  const next = new Array<number>(PARTITIONS).fill(0);
  const horizon = Math.ceil((interactions * 2) / PARTITIONS);
  return async () => {
    const ends = new Map<number, number>();
    for (const { partition, position } of await stores.live.positions()) {
      ends.set(partition, position);
      next[partition] = Math.max(next[partition]!, position - horizon);
    }
    while (ends.size > 0) {
      for (const [partition, end] of ends) {
        const turn = Math.min(next[partition]! + TURN, end);
        if (next[partition] === turn) ends.delete(partition);
        while (next[partition]! < turn) {
          const from = next[partition]!;
          const read = await stores.documents.readEvents(partition, from, turn - from);
          for (const { event } of read.events) memory.add(event);
          next[partition] = read.next;
        }
      }
    }
  };
}

type Learnt = Pick<TrainingRequest, 'interactions' | 'texts'>;

function modelsOf({ interactions, texts }: Learnt): unknown {
  const options = { interactions, texts, halfLifeMs: 86_400_000, threads: 1, mostProducts: 10_000 };
  const { models, ...size } = createTrainingRoom().train(
    { level: 'quick', algorithms: [], ...options },
    () => {},
  );
  const split = { method: 'leave-last-out', target: 1 } as const;
  const { algorithms } = evaluateAlgorithms(
    { algorithms: ['popular', 'item-knn'], split, ks: [10], ...options },
    () => {},
  );
  return { models: [...models], size, measured: algorithms.map(({ fitMs: _, ...measured }) => measured) };
}

describe('the same interactions as those of the first memory', () => {
  test.each<[string, SettingsFile, { interactions: number; nameBytes?: number }, events?: number]>([
    ['all of them', {}, { interactions: 100_000 }],
    ['the latest of them', {}, { interactions: 3000 }],
    // What is read at once of a partition ends within its turn.
    ['the latest of many', {}, { interactions: 20_000 }, 40_000],
    ['as many as names have room for', {}, { interactions: 100_000, nameBytes: 300_000 }],
    [
      'what a shop wants of them',
      { ignoreProducts: ['p00*', 'p0100'], robotActionsPerDay: 12, weights: { purchase: 0, select_item: 4 } },
      { interactions: 100_000 },
    ],
  ])(
    '%s',
    async (name, file, bounds, events = 12_000) => {
      const config = configFor(join(tempDir(), 'data'), { ECOM_PARTITIONS: `${PARTITIONS}` });
      ensureDataDir(config);
      const stores = await openStores(config);
      const settings = toSettings(file);
      const { weights, isIgnored, robotActionsPerDay: perDay } = settings;
      let learnt: Learnt | undefined;
      const training = {
        async train(request: TrainingRequest) {
          learnt = request;
          throw new Error('it is enough to know what is learnt from');
        },
        async evaluate() {
          throw new Error('nothing is evaluated');
        },
        async close() {},
      };
      const trainer = createTrainer({ ...stores, partitions: PARTITIONS, settings, training, ...bounds });
      const memory = createFirstMemory({ weights, isIgnored, perDay, ...bounds });
      const readFirst = firstReader(stores, memory, bounds.interactions);
      let records: NewRecord[] = [];
      for (const line of [...lines(name, events), undefined]) {
        if (line !== undefined) records.push(line);
        if (line !== undefined && records.length < events / 2 + 100) continue;
        await stores.log.append(records);
        records = [];
        const processor = createProcessor({ ...stores, settings: SETTINGS });
        while ((await processor.step()) > 0);
        await processor.close();
        const added = memory.added;
        await readFirst();
        expect(await trainer.readNew(unhurried())).toBe(memory.added - added);
        await expect(trainer.trainQuick(0)).rejects.toThrow('enough');
        const { userIds, ...interactions } = memory.interactions();
        expect(learnt!.interactions).toEqual(interactions);
        expect(learnt!.texts).toEqual(memory.texts());
        expect(trainer.userIds()).toEqual(userIds);
        expect(trainer.remembered).toBe(memory.size);
        expect(modelsOf(learnt!)).toEqual(modelsOf({ interactions, texts: memory.texts() }));
      }
      expect(memory.size).toBeGreaterThan(1000);
      await stores.close();
    },
    120_000,
  );
});
