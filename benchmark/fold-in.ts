import { setTimeout as sleep } from 'node:timers/promises';
import { openEventLog } from '../src/pipeline/event-log/open.ts';
import { openLiveStore } from '../src/pipeline/live-store/open.ts';
import { publishedModel, publishedSimilar } from '../src/pipeline/recommender/published.ts';
import {
  type Benchmark,
  makeRecords,
  median,
  quantile,
  startWorker,
  stopWorker,
  withDataDir,
} from './harness.ts';

const EVENTS = 600_000;
const RATE = 1_000;
const ROUNDS = 20;
/** Pause between two rounds, ms: no multiple of what the recommender does by the second. */
const PAUSE_MS = 2_300;
/** How long the shop's own history may take to be counted and learnt. */
const READY_MS = 600_000;

/**
 * How long it takes until a product that a shopper has looked at for the first time, together with another one, is among what
 * goes with that other one, while a processor and a recommender work as they do under `ecom up`.
 */
export const foldIn: Benchmark = ({ scale, note }) =>
  withDataDir(async (config) => {
    const [log, live] = [await openEventLog(config), await openLiveStore(config)];
    const records = makeRecords(Math.round(EVENTS * scale), RATE, Date.now() - EVENTS);
    for (let from = 0; from < records.length; from += 10_000)
      await log.append(records.slice(from, from + 10_000));
    const workers = [
      await startWorker(config, { component: 'processor', name: 'processor-1' }),
      await startWorker(config, { component: 'recommender', name: 'recommender' }),
    ];
    const end = performance.now() + READY_MS;
    while (((await publishedModel(live))?.version ?? 0) === 0) {
      if (performance.now() > end) throw new Error('nothing was learnt');
      await sleep(1000);
    }
    const published = (await publishedModel(live))!;
    note(`the first full training is published: ${records.length} events`);
    const known = published.trending[0]![0];
    const waits: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(PAUSE_MS);
      const product = `new-${round}`;
      const begun = performance.now();
      await log.append(['a', 'b', 'c'].flatMap((shopper) => views(`${shopper}${round}`, [known, product])));
      for (;;) {
        const lists = await publishedSimilar(live, [product]);
        if (lists.get(product)?.some(([other]) => other === known)) break;
        if (performance.now() - begun > 120_000) throw new Error(`${product} did not appear`);
        await sleep(20);
      }
      waits.push(performance.now() - begun);
    }
    for (const worker of workers) await stopWorker(worker);
    await live.close();
    await log.close();
    const detail = `${ROUNDS} new products in a shop of ${records.length} events; p50 ${(median(waits) / 1000).toFixed(1)} s`;
    return [
      {
        name: 'a new product is recommended, p90',
        value: Number((quantile(waits, 0.9) / 1000).toFixed(1)),
        unit: 's',
        detail,
      },
    ];
  });

function views(shopper: string, products: readonly string[]) {
  return products.map((productId, i) => ({
    key: shopper,
    value: JSON.stringify({
      id: `${shopper} ${i}`,
      type: 'view_item',
      time: Date.now() + i,
      userId: shopper,
      items: [{ productId }],
    }),
  }));
}
