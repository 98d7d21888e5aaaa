import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { createCoOccurrence } from '../../../src/ml/co-occurrence.ts';
import { createPopularity } from '../../../src/ml/popularity.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { createInteractionMemory } from '../../../src/pipeline/recommender/interactions.ts';
import { throttled, unhurried } from '../../../src/pipeline/recommender/pace.ts';
import { publishedPopular, publishedSimilar } from '../../../src/pipeline/recommender/published.ts';
import { createTrainer, trainAndPublish } from '../../../src/pipeline/recommender/recommender.ts';
import { recommendTo } from '../../../src/pipeline/recommender/serve.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const START = Date.UTC(2026, 10, 1);

function purchase(id: string, products: readonly string[], fields: object = {}) {
  const items = products.map((productId) => ({ productId, price: 1 }));
  return { id, type: 'purchase', time: START, items, source: 'test', ...fields };
}

async function shopOf(events: readonly { id: string }[]): Promise<Stores> {
  const config = configFor(join(tempDir(), 'shop'), { ECOM_PARTITIONS: '2' });
  ensureDataDir(config);
  const stores = await openStores(config);
  await stores.log.append(events.map((event) => ({ key: event.id, value: JSON.stringify(event) })));
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
  return stores;
}

const auto = { limit: 5, algorithm: 'auto' as const };

describe('recommender', () => {
  test('a known, a new and an unknown shopper each get something, and are told from what', async () => {
    const baskets = Array.from({ length: 8 }, (_, i) =>
      purchase(`b${i}`, ['tea', 'cup'], { orderId: `o${i}` }),
    );
    const stores = await shopOf([
      ...baskets,
      purchase('c', ['soap', 'towel'], { userId: 'other', orderId: 'x' }),
      { id: 'v', type: 'view_item', time: START, userId: 'viewer', items: [{ productId: 'tea' }] } as {
        id: string;
      },
      { id: 'w', type: 'page_view', time: START, userId: 'new', items: [] } as { id: string },
      purchase('d', ['tea', 'cup'], { userId: 'owner', orderId: 'y' }),
    ]);
    expect(await recommendTo(stores.live, 'viewer', auto)).toBeUndefined();
    const { products } = await trainAndPublish({ ...stores, partitions: 2 });
    expect(products).toBe(4);

    const viewer = await recommendTo(stores.live, 'viewer', auto);
    expect(viewer).toMatchObject({ known: true, source: 'mixed' });
    expect(viewer!.items[0]).toMatchObject({
      productId: 'cup',
      source: 'co-occurrence',
      because: [{ productId: 'tea', support: 9 }],
    });
    expect(await recommendTo(stores.live, 'new', auto)).toMatchObject({ known: true, source: 'popular' });
    expect(await recommendTo(stores.live, 'nobody', auto)).toMatchObject({ known: false, source: 'popular' });
    const owner = await recommendTo(stores.live, 'owner', auto);
    expect(owner!.items.map(({ productId }) => productId).sort()).toEqual(['soap', 'towel']);
    expect(await publishedSimilar(stores.live, ['soap', 'unknown'])).toEqual(
      new Map([['soap', [['towel', expect.any(Number), 1]]]]),
    );
    await stores.close();
  });

  test('reads only what was counted since', async () => {
    const stores = await shopOf([purchase('1', ['a', 'b']), purchase('2', ['a', 'b'], { userId: 'u' })]);
    const trainer = createTrainer({ ...stores, partitions: 2 });
    const pace = unhurried();
    expect(await trainer.readNew(pace)).toBe(2); // an order without shopper and id is no basket
    expect([trainer.unseen, trainer.remembered]).toEqual([2, 2]);
    await trainer.train(pace);
    expect([await trainer.readNew(pace), trainer.unseen, trainer.remembered]).toEqual([0, 0, 2]);
    const more = purchase('3', ['a', 'c', 'd'], { userId: 'v' });
    await stores.log.append([{ key: 'v', value: JSON.stringify(more) }]);
    expect(await trainer.readNew(pace)).toBe(0);
    await createProcessor({ ...stores, settings: SETTINGS }).step();
    expect([await trainer.readNew(pace), trainer.unseen]).toEqual([3, 3]);
    await stores.close();
  });

  test('saves what it learnt', async () => {
    const stores = await shopOf([purchase('1', ['a', 'b'], { orderId: 'o' })]);
    await trainAndPublish({ ...stores, partitions: 2 });
    const loaded = createCoOccurrence();
    const saved = await stores.documents.loadModel('co-occurrence');
    loaded.load(saved!.json);
    expect(loaded.neighbours('a').map(({ id, support }) => [id, support])).toEqual([['b', 1]]);
    expect(saved!.time).toBe(START);
    const popularity = createPopularity();
    popularity.load((await stores.documents.loadModel('popularity'))!.json);
    expect(popularity.recommend([], { limit: 5 }).ids).toEqual(['a', 'b']);
    await stores.close();
  });

  test('stops where it is told to', async () => {
    const stores = await shopOf([purchase('1', ['a', 'b'], { orderId: 'o' })]);
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(trainAndPublish({ ...stores, partitions: 2 }, stopped)).rejects.toThrow('enough');
    const trainer = createTrainer({ ...stores, partitions: 2 });
    await trainer.readNew(throttled(1, new AbortController().signal));
    await expect(trainer.train(throttled(1, stopped))).rejects.toThrow('enough');
    expect(await publishedPopular(stores.live)).toBeUndefined();
    await stores.close();
  });

  test('finds what simulated shoppers look at next more often than popularity does', () => {
    const options = {
      seed: 'taste',
      rate: 50,
      start: START,
      dirty: 0,
      rhythm: 'flat',
      currency: 'USD',
    } as const;
    const generator = createGenerator(options);
    const memory = createInteractionMemory();
    const sessions = new Map<string, string[]>();
    for (let offset = 0; offset < 170_000; offset += 1) {
      const { value, time } = generator.next();
      const event = decodeRecord(value, { partition: 0, offset, appendedAt: time });
      if (isRejected(event)) throw new Error(event.reason);
      if (offset < 150_000) memory.add(event);
      else if (event.type === 'view_item') {
        const viewed = sessions.get(event.sessionId!) ?? [];
        sessions.set(event.sessionId!, [...viewed, event.items[0]!.productId]);
      }
    }
    const models = [createCoOccurrence(), createPopularity()];
    const hits = models.map((model) => {
      model.fit(memory.matrix());
      let found = 0;
      for (const viewed of sessions.values()) {
        const history = viewed.slice(0, -1);
        const next = viewed.at(-1)!;
        if (history.length === 0 || history.includes(next)) continue;
        const exclude = new Set(history);
        if (model.recommend(history, { limit: 5, exclude }).ids.includes(next)) found += 1;
      }
      return found;
    });
    expect(hits[0]).toBeGreaterThan(hits[1]! * 1.2);
  });
});
