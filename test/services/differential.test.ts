import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureDataDir } from '../../src/config.ts';
import { type DocumentStore, type StoredEvent } from '../../src/pipeline/document-store/document-store.ts';
import { type NewRecord } from '../../src/pipeline/event-log/event-log.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { publishedModel } from '../../src/pipeline/recommender/published.ts';
import { trainAndPublish } from '../../src/pipeline/recommender/recommender.ts';
import { DEFAULT_SETTINGS } from '../../src/pipeline/recommender/settings.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { allAnswers, isCounted } from '../support/answers.ts';
import { describeWith } from '../support/backends.ts';
import { serviceShop } from '../support/services.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const EVENTS = 40_000;
const CHUNK = 5000;

function makeRecords(start: number): NewRecord[] {
  const options = { seed: 'both', rate: 4, start, dirty: 0.05, rhythm: 'daily', currency: 'USD' } as const;
  const generator = createGenerator(options);
  return Array.from({ length: EVENTS }, () => {
    const { key, value } = generator.next();
    return { key, value };
  });
}

/** Appends to all logs at the same time: a rejected line counts when it arrives. */
async function appendAll(shops: readonly Stores[], records: readonly NewRecord[]): Promise<void> {
  for (let i = 0; i < records.length; i += CHUNK) {
    const chunk = records.slice(i, i + CHUNK);
    await Promise.all(shops.map(({ log }) => log.append(chunk)));
  }
}

/** Without the cells that hold nothing but rejected lines, which may have arrived in two cells' time. */
function comparable(answers: readonly Stats[]) {
  return answers.map((answer) => ({ ...answer, series: answer.series.filter(({ events }) => events > 0) }));
}

/** Counts, with batches of the given size, and trains. */
async function runShop(stores: Stores, batch: number): Promise<void> {
  const processor = createProcessor({ ...stores, settings: SETTINGS, batch });
  while (!(await isCounted(stores))) await processor.step(100);
  await processor.close();
  await trainAndPublish({ ...stores, partitions: stores.log.partitions, settings: DEFAULT_SETTINGS }, 0);
}

/** The events of all partitions, without their places, which differ where a log has gaps. */
async function eventsOf(documents: DocumentStore, partitions: number): Promise<unknown[]> {
  const events: StoredEvent[] = [];
  for (let partition = 0; partition < partitions; partition += 1) {
    for (let from = 0; ; ) {
      const page = await documents.readEvents(partition, from, 10_000);
      if (page.next === from) break;
      events.push(...page.events);
      from = page.next;
    }
  }
  return events.map(({ event }) => event);
}

describeWith(['kafka', 'mongodb', 'redis'], 'the same events on both stacks', () => {
  test(`${EVENTS} with dirt give equal numbers, events, dead letters and recommendations`, {
    timeout: 600_000,
  }, async () => {
    const records = makeRecords(Date.now() - 12 * 3_600_000);
    const embeddedConfig = configFor(join(tempDir(), 'embedded'), { ECOM_PARTITIONS: '4' });
    ensureDataDir(embeddedConfig);
    const shop = serviceShop();
    const embedded = await openStores(embeddedConfig);
    const services = await openStores(shop.config);
    try {
      await appendAll([embedded, services], records);
      await runShop(embedded, 10_000);
      await runShop(services, 3000);

      const now = Date.now();
      const [expected, answers] = [await allAnswers(embedded, now), await allAnswers(services, now)];
      expect(comparable(answers)).toEqual(comparable(expected));
      expect(expected[0]!.freshness.received).toBe(EVENTS);
      expect(expected[0]!.kpis.orders).toBeGreaterThan(100);
      expect(expected[0]!.freshness.rejected).toBeGreaterThan(100);

      expect(await services.documents.deadLetterReasons()).toEqual(
        await embedded.documents.deadLetterReasons(),
      );
      const [events, stored] = [await eventsOf(embedded.documents, 4), await eventsOf(services.documents, 4)];
      expect(stored).toEqual(events);

      const users = [...new Set(events.flatMap((event) => (event as { userId?: string }).userId ?? []))];
      expect(users.length).toBeGreaterThan(100);
      const keys = users.map((user) => `u:${user}`);
      expect(await services.live.states(keys)).toEqual(await embedded.live.states(keys));
      const products = answers[0]!.topProducts.map(({ productId }) => productId);
      // Of a moment at which all of it was said, each store keeps one.
      const saidOf = async ({ live }: Pick<typeof embedded, 'live'>) =>
        new Map([...(await live.products(products))].map(([id, { time: _, ...said }]) => [id, said]));
      expect(await saidOf(services)).toEqual(await saidOf(embedded));
      expect(await publishedModel(services.live)).toEqual(await publishedModel(embedded.live));
    } finally {
      await Promise.all([embedded.close(), services.close()]);
      await shop.drop();
    }
  });
});
