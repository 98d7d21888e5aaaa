import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { createAlgorithm } from '../../../src/ml/algorithms.ts';
import { MOST_PRODUCTS } from '../../../src/ml/catalogue.ts';
import { loadHybrid, saveHybrid, UNTUNED } from '../../../src/ml/hybrid/model.ts';
import { createNeighbourLists, FIELDS, SCORE_UNITS } from '../../../src/ml/neighbour-lists.ts';
import { prepare } from '../../../src/ml/training-data.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { createGenerator } from '../../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { createInteractionMemory } from '../../../src/pipeline/recommender/interactions.ts';
import { chooseVersion, loadModel, readModelIndex } from '../../../src/pipeline/recommender/models.ts';
import { throttled, unhurried } from '../../../src/pipeline/recommender/pace.ts';
import { publishedModel, publishedSimilar } from '../../../src/pipeline/recommender/published.ts';
import { createTrainer, trainAndPublish } from '../../../src/pipeline/recommender/recommender.ts';
import { type Recommended, recommendTo } from '../../../src/pipeline/recommender/serve.ts';
import { DEFAULT_SETTINGS } from '../../../src/pipeline/recommender/settings.ts';
import { createTrainingRoom, evaluateAlgorithms } from '../../../src/pipeline/recommender/training.ts';
import {
  createTrainingClient,
  type TrainingClient,
  TrainingError,
} from '../../../src/pipeline/recommender/training-client.ts';
import { addEvent } from '../../support/add-event.ts';
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

const memoryEvent = {
  id: 'r',
  type: 'view_item',
  time: START,
  userId: 'somebody',
  source: 'test',
} as const;

const settings = DEFAULT_SETTINGS;

function trainerOf(stores: Stores) {
  const trainer = createTrainer({ ...stores, partitions: 2, settings });
  onTestFinished(() => trainer.close());
  return trainer;
}

function ask(stores: Stores, user: string): Promise<Recommended | undefined> {
  const serving = { live: stores.live, documents: async () => stores.documents };
  const request = { audience: { user }, algorithm: 'auto', exclude: 'bought', limit: 5 } as const;
  return recommendTo(serving, request, settings);
}

/** Tea goes with cups for some shoppers, who come twice. */
function teaShop(shoppers: number): { id: string }[] {
  return Array.from({ length: shoppers }, (_, i) => [
    purchase(`a${i}`, ['tea', `thing${i % 5}`], { userId: `u${i}`, orderId: `a${i}` }),
    purchase(`b${i}`, ['cup'], { userId: `u${i}`, orderId: `b${i}`, time: START + 86_400_000 }),
  ]).flat();
}

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
    expect(await ask(stores, 'viewer')).toBeUndefined();
    await trainAndPublish({ ...stores, partitions: 2, settings }, START);

    const viewer = await ask(stores, 'viewer');
    expect(viewer).toMatchObject({ known: true, source: 'mixed', algorithm: 'hybrid', version: 0 });
    expect(viewer!.items[0]).toMatchObject({
      productId: 'cup',
      source: 'related',
      because: [{ productId: 'tea', support: 9, action: 'viewed' }],
    });
    expect(await ask(stores, 'new')).toMatchObject({ known: true, source: 'trending' });
    expect(await ask(stores, 'nobody')).toMatchObject({ known: false, source: 'trending' });
    const owner = await ask(stores, 'owner');
    expect(owner!.items.map(({ productId }) => productId).sort()).toEqual(['soap', 'towel']);
    expect(await publishedSimilar(stores.live, ['soap', 'unknown'])).toEqual(
      new Map([['soap', [['towel', expect.any(Number), 1]]]]),
    );
    await stores.close();
  });

  test('reads only what was counted since', async () => {
    const stores = await shopOf([purchase('1', ['a', 'b']), purchase('2', ['a', 'b'], { userId: 'u' })]);
    const trainer = trainerOf(stores);
    const pace = unhurried();
    expect(await trainer.readNew(pace)).toBe(2); // an order without shopper and id is no basket
    expect([trainer.unseen, trainer.remembered]).toEqual([2, 2]);
    await trainer.trainQuick(START);
    expect([await trainer.readNew(pace), trainer.unseen, trainer.remembered]).toEqual([0, 0, 2]);
    expect(trainer.unseenByFull).toBe(2);
    const more = purchase('3', ['a', 'c', 'd'], { userId: 'v' });
    await stores.log.append([{ key: 'v', value: JSON.stringify(more) }]);
    expect(await trainer.readNew(pace)).toBe(0);
    await createProcessor({ ...stores, settings: SETTINGS }).step();
    expect([await trainer.readNew(pace), trainer.unseen]).toEqual([3, 3]);
    await stores.close();
  });

  test('a catalogue that does not fit is halved until it does, and that is told', async () => {
    const events = Array.from({ length: 4000 }, (_, i) => purchase(`${i}`, [`p${i}`], { userId: `u${i}` }));
    const stores = await shopOf(events);
    const tried: number[] = [];
    const room = createTrainingRoom();
    const training: TrainingClient = {
      async train(request) {
        tried.push(request.mostProducts);
        if (request.mostProducts > 1000) throw new TrainingError('MEMORY', 'training failed: too large');
        return room.train(request, () => {});
      },
      async evaluate(request) {
        return evaluateAlgorithms(request, () => {});
      },
      close: async () => {},
    };
    const trainer = createTrainer({ ...stores, partitions: 2, settings, training });
    await trainer.readNew(unhurried());
    await trainer.trainQuick(START);
    expect(tried).toEqual([MOST_PRODUCTS, 2000, 1000]);
    expect(trainer.productsLeftOut).toBe(3000);
    expect(await publishedModel(stores.live)).toMatchObject({ products: 1000, productsLeftOut: 3000 });
    // It does not begin anew with what was too large.
    await trainer.trainQuick(START);
    expect(tried).toEqual([MOST_PRODUCTS, 2000, 1000, 1000]);
    const split = { method: 'leave-last-out', target: 5, share: 0.1 } as const;
    const asked = { algorithms: ['popular'], split, ks: [5], threads: 1, halfLifeMs: 1e9 } as const;
    expect(await trainer.evaluate(asked)).toMatchObject({ products: 1000, productsLeftOut: 3000 });
    await stores.close();
  });

  test('a training that needs more memory than its thread may have fails, and the next one works', async () => {
    const stores = await shopOf(teaShop(10));
    const small = createTrainingClient(8);
    const trainer = createTrainer({ ...stores, partitions: 2, settings, training: small });
    onTestFinished(() => trainer.close());
    await trainer.readNew(unhurried());
    const length = 200_000;
    const numbers = Uint32Array.from({ length }, (_, i) => i);
    const names = Array.from({ length }, (_, i) => `some product ${i}`);
    const request = {
      level: 'quick',
      interactions: {
        length,
        users: numbers,
        userCount: length,
        sessions: numbers,
        sessionCount: length,
        items: numbers,
        itemIds: names,
        weights: new Float32Array(length).fill(1),
        times: new Float64Array(length),
      },
      texts: new Map(names.map((name) => [name, { name }])),
      halfLifeMs: Number.POSITIVE_INFINITY,
      algorithms: [],
      threads: 1,
      mostProducts: length,
    } as const;
    await expect(small.train(request)).rejects.toMatchObject({
      code: 'MEMORY',
      message: expect.stringMatching(/^training failed: [^\n]+$/),
    });
    await trainer.trainQuick(START);
    expect(await publishedModel(stores.live)).toMatchObject({ version: 0, productsLeftOut: 0 });
    await stores.close();
  });

  test('a quick training in another process keeps what a full one has found', () => {
    const lists = createNeighbourLists(['cup', 'rare', 'tea']);
    // Nobody took the two together: only what takes long could know.
    for (const neighbour of [1, 0, 1])
      lists.add(Uint32Array.of(neighbour, SCORE_UNITS, 0), neighbour === 1 ? 1 : 0);
    const weights = { ...UNTUNED, related: { 'item-knn': 1, als: 0.5, ease: 2 } };
    const trained = saveHybrid({ lists, trending: new Float64Array(3), weights, quality: undefined });
    const memory = createInteractionMemory();
    teaShop(4).forEach((event, offset) => {
      const decoded = decodeRecord(JSON.stringify(event), { partition: 0, offset, appendedAt: START });
      if (!isRejected(decoded)) addEvent(memory, decoded);
    });
    addEvent(memory, { ...memoryEvent, items: [{ productId: 'rare', quantity: 1 }] });
    const request = {
      level: 'quick',
      interactions: memory.interactions(),
      texts: memory.texts(),
      halfLifeMs: Number.POSITIVE_INFINITY,
      algorithms: [],
      threads: 1,
      mostProducts: 1000,
    } as const;
    const train = (more: object) =>
      loadHybrid(
        createTrainingRoom()
          .train({ ...request, ...more }, () => {})
          .models.get('hybrid')!,
      );
    expect(train({}).weights).toEqual(UNTUNED);
    const model = train({ trained });
    expect(model.weights.related).toEqual({ 'item-knn': 1, als: 0.5, ease: 2, trained: 2.5 });
    const neighbours = (of: typeof model) => {
      const list = of.lists.of(of.itemIds.indexOf('tea'));
      return Array.from({ length: list.length / FIELDS }, (_, i) => of.itemIds[list[i * FIELDS]!]!);
    };
    expect(neighbours(model)).toContain('rare');
    expect(neighbours(train({}))).not.toContain('rare');
  });

  test('what is new is folded in between trainings, and only that', async () => {
    const stores = await shopOf([
      ...teaShop(60),
      ...Array.from({ length: 9 }, (_, i) => purchase(`s${i}`, ['soap', 'towel'], { orderId: `s${i}` })),
    ]);
    const trainer = trainerOf(stores);
    await trainer.readNew(unhurried());
    await trainer.foldIn(START); // nothing was learnt yet to fold it into
    expect(await publishedModel(stores.live)).toBeUndefined();
    await trainer.trainFully({ now: START });
    const before = await publishedSimilar(stores.live, ['soap', 'tea', 'kettle', 'cup']);
    expect([...before.keys()].sort()).toEqual(['cup', 'soap', 'tea']);

    const news = ['u1', 'u2', 'u3'].map((userId, i) => {
      const time = START + 2 * 86_400_000 + i;
      return purchase(`k${i}`, ['kettle', 'tea'], { userId, orderId: `k${i}`, time });
    });
    await stores.log.append(news.map((event) => ({ key: event.id, value: JSON.stringify(event) })));
    await createProcessor({ ...stores, settings: SETTINGS }).step();
    await trainer.readNew(unhurried());
    await trainer.foldIn(START + 5000);
    expect(await publishedModel(stores.live)).toMatchObject({ version: 1, time: START + 5000 });
    const after = await publishedSimilar(stores.live, ['soap', 'tea', 'kettle', 'cup']);
    expect(after.get('soap')).toEqual(before.get('soap'));
    expect(new Map(after.get('tea')!.map(([id, , support]) => [id, support])).get('kettle')).toBe(3);
    expect(after.get('kettle')!.map(([id]) => id)).toEqual(expect.arrayContaining(['tea', 'cup']));
    expect((await ask(stores, 'u9'))!.items.map(({ productId }) => productId)).toContain('kettle');

    // The next training has it all, and nothing is left of what was folded in.
    await trainer.trainQuick(START + 6000);
    expect(await stores.live.published('similar-fresh', ['tea'])).toEqual(new Map());
    const trained = await publishedSimilar(stores.live, ['tea']);
    expect(new Map(trained.get('tea')!.map(([id, , support]) => [id, support])).get('kettle')).toBe(3);
    await stores.close();
  });

  test('a full training is a version with its blend and its quality, and is served', async () => {
    const stores = await shopOf(teaShop(60));
    const trainer = trainerOf(stores);
    await trainer.readNew(unhurried());
    const told: number[] = [];
    const progress = (done: number) => told.push(done);
    const version = await trainer.trainFully({ algorithms: ['als'], now: START, progress });
    expect(version).toMatchObject({
      version: 1,
      time: START,
      interactions: 180,
      users: 60,
      products: 7,
      algorithms: ['hybrid', 'als'],
    });
    expect(version.quality!.users).toBe(30);
    // What they came back for was always the cup.
    expect(version.quality!.ndcg).toBeGreaterThan(0.9);
    expect(told.length).toBeGreaterThan(3);
    expect(await readModelIndex(stores.documents)).toEqual({
      versions: [version],
      current: 1,
      pinned: false,
    });
    const saved = loadHybrid((await loadModel(stores.documents, 1, 'hybrid'))!);
    expect(saved.weights).toEqual(version.weights);
    const als = createAlgorithm('als');
    als.load((await loadModel(stores.documents, 1, 'als'))!);
    expect(als.similar('tea', { limit: 9 }).ids).toContain('cup');
    expect(await publishedModel(stores.live)).toMatchObject({ version: 1, time: START });
    // A quick one goes on with the blend.
    await trainer.trainQuick(START + 1);
    expect(await publishedModel(stores.live)).toMatchObject({
      version: 1,
      time: START + 1,
      weights: saved.weights,
    });
    await stores.close();
  });

  test('a version that was chosen stays, whatever is trained', async () => {
    const stores = await shopOf(teaShop(10));
    const trainer = trainerOf(stores);
    await trainer.readNew(unhurried());
    for (let time = 1; time <= 3; time += 1) await trainer.trainFully({ now: time });
    await chooseVersion(stores.documents, 2, 9);
    const before = await publishedModel(stores.live);
    await trainer.trainQuick(10);
    for (let time = 11; time <= 17; time += 1) await trainer.trainFully({ now: time });
    expect(await publishedModel(stores.live)).toEqual(before);
    const index = await readModelIndex(stores.documents);
    expect(index.versions.map(({ version }) => version)).toEqual([2, 6, 7, 8, 9, 10]);
    expect(index).toMatchObject({ current: 2, pinned: true });
    expect(await loadModel(stores.documents, 3, 'hybrid')).toBeUndefined();
    await chooseVersion(stores.documents, undefined, 18);
    expect(await readModelIndex(stores.documents)).toMatchObject({ current: 10, pinned: false });
    await stores.close();
  });

  test('a new product is recommended by what it is, and what a shopper does counts at once', async () => {
    const named = (id: string, type: string, productId: string, name: string, userId: string) =>
      ({ id, type, time: START, userId, items: [{ productId, name }], source: 'test' }) as { id: string };
    const stores = await shopOf([
      ...Array.from({ length: 20 }, (_, i) => named(`c${i}`, 'view_item', 'chair', 'garden chair', `v${i}`)),
      named('n', 'view_item', 'table', 'garden table', 'first'),
      named('m', 'view_item', 'mug', 'blue mug', 'second'),
    ]);
    await trainAndPublish({ ...stores, partitions: 2, settings }, START);
    const event = named('x', 'view_item', 'chair', 'garden chair', 'comer');
    await stores.log.append([{ key: 'comer', value: JSON.stringify(event) }]);
    await createProcessor({ ...stores, settings: SETTINGS }).step();
    const { items } = (await ask(stores, 'comer'))!;
    expect(items.find(({ productId }) => productId === 'table')).toMatchObject({
      source: 'related',
      because: [{ productId: 'chair', support: 0 }],
    });
    await stores.close();
  });

  test('stops where it is told to, and goes on afterwards', async () => {
    const stores = await shopOf(teaShop(5));
    const stopped = AbortSignal.abort(new Error('enough'));
    await expect(trainAndPublish({ ...stores, partitions: 2, settings }, START, stopped)).rejects.toThrow(
      'enough',
    );
    const trainer = trainerOf(stores);
    await trainer.readNew(throttled(1, new AbortController().signal));
    await expect(trainer.trainQuick(START, stopped)).rejects.toThrow('enough');
    const controller = new AbortController();
    const progress = () => controller.abort(new Error('in the middle'));
    await expect(trainer.trainFully({ now: START, progress }, controller.signal)).rejects.toThrow(
      'in the middle',
    );
    expect(await publishedModel(stores.live)).toBeUndefined();
    await trainer.trainQuick(START);
    expect(await publishedModel(stores.live)).toMatchObject({ version: 0 });
    await stores.close();
  });

  test('a pace does not rest for what another thread has done', async () => {
    const pace = throttled(0.02, new AbortController().signal);
    const other = new Worker('const end = Date.now() + 800; while (Date.now() < end);', { eval: true });
    await once(other, 'exit');
    // For 800 ms it would be 40 s, for the little that this thread has done a second or two.
    const tooLate = new AbortController();
    const late = sleep(20_000, 'late', { signal: tooLate.signal }).catch(() => 'ended');
    expect(await Promise.race([pace().then(() => 'rested'), late])).toBe('rested');
    tooLate.abort();
  }, 30_000);

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
      if (offset < 150_000) addEvent(memory, event);
      else if (event.type === 'view_item') {
        const viewed = sessions.get(event.sessionId!) ?? [];
        sessions.set(event.sessionId!, [...viewed, event.items[0]!.productId]);
      }
    }
    const data = prepare(memory.interactions(), { catalogue: memory.texts() });
    const hits = (['bought-together', 'session-knn', 'trending'] as const).map((name) => {
      const model = createAlgorithm(name);
      model.fit(data);
      let found = 0;
      for (const viewed of sessions.values()) {
        const history = [...new Set(viewed.slice(0, -1))].map((id) => ({ id }));
        const next = viewed.at(-1)!;
        const exclude = new Set(history.map(({ id }) => id));
        if (history.length === 0 || exclude.has(next)) continue;
        if (model.recommend(history, { limit: 5, exclude }).ids.includes(next)) found += 1;
      }
      return found;
    });
    expect(hits[0]).toBeGreaterThan(hits[2]! * 1.2);
    expect(hits[1]).toBeGreaterThan(hits[2]! * 1.2);
  });
});
