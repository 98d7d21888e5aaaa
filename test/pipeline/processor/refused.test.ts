import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import {
  type DocumentBatch,
  type DocumentStore,
} from '../../../src/pipeline/document-store/document-store.ts';
import { createSqliteDocumentStore } from '../../../src/pipeline/document-store/sqlite.ts';
import { LogRecords } from '../../../src/pipeline/event-log/event-log.ts';
import { LIMITS } from '../../../src/pipeline/events/shop-event.ts';
import { createBatchDecoder } from '../../../src/pipeline/processor/decoded-batch.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { createRefused } from '../../../src/pipeline/processor/refused.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { packedLog } from '../../support/altered-log.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const NOW = Date.now() - 1000;
const opened: Stores[] = [];
afterEach(async () => {
  for (const stores of opened.splice(0)) await stores.close();
});

async function newStores(env: Record<string, string> = {}): Promise<Stores> {
  const config = configFor(join(tempDir(), 'shop'), env);
  ensureDataDir(config);
  const stores = await openStores(config);
  opened.push(stores);
  return stores;
}

const line = (i: number): string =>
  JSON.stringify({ id: `e${i}`, type: 'view_item', time: NOW, userId: `u${i % 7}`, source: 'test' });

async function numbersOf(stores: Stores, documents: DocumentStore = stores.documents) {
  const { kpis, freshness } = await readStats(stores, { period: 'all', limit: 1, now: NOW, currency: 'USD' });
  const letters = await documents.deadLetters({ limit: 1000 });
  return {
    events: kpis.events,
    users: kpis.users,
    rejected: freshness.rejectedByReason,
    letters: letters.map(({ partition, offset, reason }) => `${partition}:${offset} ${reason}`).sort(),
  };
}

/** Ids of the events that a batch is to keep. */
function eventsIn({ records, first, last, deadLetters }: DocumentBatch): string[] {
  const refused = new Set(deadLetters.map(({ offset }) => offset));
  return [...records]
    .slice(first, last)
    .filter(({ offset }) => !refused.has(offset))
    .map(({ value }) => (JSON.parse(String(value)) as { id: string }).id);
}

/** A store that never takes the events of some ids, as a server refuses a document that is too large. */
function picky(
  documents: DocumentStore,
  ids: ReadonlySet<string>,
  more: () => void = () => {},
): DocumentStore {
  return {
    ...documents,
    async append(batches: readonly DocumentBatch[]) {
      if (batches.some((batch) => eventsIn(batch).some((id) => ids.has(id))))
        throw new RangeError('the document is too large');
      await documents.append(batches);
      more();
    },
  };
}

describe('a record that cannot be counted', () => {
  test('is a dead letter, and all others count, whatever the batches and the crashes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: 59 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        async (bad, batch, crashes) => {
          const stores = await newStores();
          await stores.log.append(
            Array.from({ length: 60 }, (_, i) => ({ key: `u${i % 7}`, value: line(i) })),
          );
          const ids = new Set(bad.map((i) => `e${i}`));
          let crashing = false;
          const documents = picky(stores.documents, ids, () => {
            if (crashing) throw new Error('crash');
          });
          for (let i = 0, idle = false; !idle; i += 1) {
            crashing = i < 20 && crashes[i % crashes.length]!;
            const processor = createProcessor({ ...stores, documents, settings: SETTINGS, batch });
            try {
              idle = (await processor.step()) === 0;
            } catch (error) {
              if ((error as Error).message !== 'crash') throw error;
            }
            await processor.close();
          }
          const { events, rejected, letters } = await numbersOf(stores);
          expect(events).toBe(60 - bad.length);
          expect(rejected).toEqual(bad.length === 0 ? {} : { 'cannot be counted': bad.length });
          expect(letters).toHaveLength(bad.length);
          const read = [0, 1, 2, 3].map((partition) => stores.documents.readEvents(partition, 0, 100));
          expect((await Promise.all(read)).flatMap((one) => one.events)).toHaveLength(events);
        },
      ),
      { numRuns: 8 },
    );
  });

  test('is found too where it is counting that fails', async () => {
    const stores = await newStores();
    await stores.log.append(Array.from({ length: 40 }, (_, i) => ({ key: 'k', value: line(i) })));
    const filter = (event: { id: string }) => {
      if (event.id === 'e17') throw new TypeError('a case that nobody thought of');
      return event;
    };
    const settings = { ...SETTINGS, filter: filter as never };
    const processor = createProcessor({ ...stores, settings });
    while ((await processor.step()) > 0);
    const { events, letters } = await numbersOf(stores);
    expect(events).toBe(39);
    expect(letters).toEqual([expect.stringContaining('cannot be counted')]);
    const records = LogRecords.of([{ offset: 0, value: 'x'.repeat(3 * LIMITS.keptBytes), appendedAt: NOW }]);
    const decoder = createBatchDecoder({ properties: [] });
    const batch = decoder.decode({ partition: 0, records, next: 1 }, NOW, { lost: 0, earlier: 0 });
    const refused = createRefused();
    for (const again of [1, 2]) expect(refused.add([batch], new Error(`it fails ${again}`))).toBe(true);
    // As much of it as of any other record that is no event.
    expect(refused.takeOut(batch).rejected.get(0)).toMatchObject({ bytes: { length: LIMITS.keptBytes } });
  });

  test('takes none of those with it that are of the same record, and all of them where only storing tells', async () => {
    for (const storing of [false, true]) {
      const stores = await newStores({ ECOM_PARTITIONS: '1', ECOM_TIMEZONE: 'Europe/Berlin' });
      await stores.log.append(Array.from({ length: 60 }, (_, i) => ({ key: 'k', value: line(i) })));
      const bad = ['e23', 'e27', 'e41'];
      const filter = (event: { id: string }) => {
        // No such date: what is made of it fails after it is decoded.
        return !storing && bad.includes(event.id) ? { ...event, time: 9e15 } : event;
      };
      let done = 0;
      const documents: DocumentStore = {
        ...stores.documents,
        async append(batches) {
          const isBad = ({ from, to }: DocumentBatch) => from <= 2 && to > 2;
          const isRefused = ({ deadLetters }: DocumentBatch) => deadLetters.length > 0;
          if (storing && batches.some((batch) => isBad(batch) && !isRefused(batch)))
            throw new RangeError('the document is too large');
          done += batches.length;
        },
      };
      const log = packedLog(stores.log, 10);
      const settings = { ...SETTINGS, timeZone: 'Europe/Berlin', filter: filter as never };
      const processor = createProcessor({ ...stores, log, documents, settings });
      while ((await processor.step()) > 0);
      const { events, rejected } = await numbersOf({ ...stores, log });
      expect(done).toBeGreaterThan(0);
      expect(events).toBe(storing ? 50 : 57);
      expect(rejected).toEqual({ 'cannot be counted': storing ? 10 : 3 });
    }
  });

  test('is not found where counting fails for a file that cannot be written', async () => {
    const stores = await newStores();
    await stores.log.append(Array.from({ length: 40 }, (_, i) => ({ key: 'k', value: line(i) })));
    let full = true;
    const filter = (event: { id: string }) => {
      if (full && event.id === 'e17')
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      return event;
    };
    const settings = { ...SETTINGS, filter: filter as never };
    const processor = createProcessor({ ...stores, settings });
    for (let tries = 0; tries < 9; tries += 1) await expect(processor.step()).rejects.toThrow('ENOSPC');
    full = false;
    while ((await processor.step()) > 0);
    expect(await numbersOf(stores)).toMatchObject({ events: 40, letters: [] });
  });

  test('a store that is away stops the processor as before, and nothing is refused', async () => {
    const stores = await newStores();
    await stores.log.append([{ key: 'k', value: line(1) }]);
    let away = true;
    const documents = {
      ...stores.documents,
      append: async (batches: readonly DocumentBatch[]) => {
        if (away) throw new Error('away');
        await stores.documents.append(batches);
      },
    };
    const processor = createProcessor({ ...stores, documents, settings: SETTINGS });
    await expect(processor.step()).rejects.toThrow('away');
    away = false;
    while ((await processor.step()) > 0);
    expect(await numbersOf(stores)).toMatchObject({ events: 1, letters: [] });
  });
});

test('nothing stops at any JSON, and its neighbours are counted, with events read from the log or stored beside it', async () => {
  const deep = fc.integer({ min: 1, max: 12_000 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`);
  const huge = fc.constantFrom('1e999', '-1e999', '9'.repeat(400), '12345678901234567890');
  const odd = fc.constantFrom(
    '"\\ud800"',
    '"\\u0000$a.b"',
    '{"__proto__":{"type":1}}',
    '{"$where":1,"a.b":2}',
    '{"toJSON":1}',
  );
  const wide = fc.integer({ min: 1, max: 3000 }).map((count) => `[${Array(count).fill('1').join(',')}]`);
  const value = fc.oneof(deep, huge, odd, wide, fc.json());
  const name = fc.constantFrom(
    'x',
    '__proto__',
    'items',
    'properties',
    'userId',
    'truncated',
    'constructor',
    '$set',
    'a.b',
  );
  const field = fc.tuple(name, value).map(([key, text]) => `"${key}":${text}`);
  const inItem = field.map((text) => `"items":[{"productId":"p",${text}}]`);
  const inProperties = field.map((text) => `"properties":{${text}}`);
  const record = fc.oneof(
    fc
      .array(fc.oneof(field, inItem, inProperties), { minLength: 1, maxLength: 3 })
      .map((fields) => `{"type":"view_item","time":${NOW},${fields.join(',')}}`),
    value,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { minLength: 1, maxLength: 20 }),
      fc.boolean(),
      async (records, beside) => {
        const stores = await newStores();
        const path = join(tempDir(), 'documents.db');
        const documents = beside
          ? createSqliteDocumentStore({
              path,
              synchronous: 'normal',
              logPath: undefined,
              letterBound: { bytes: 1e9, days: 0 },
            })
          : stores.documents;
        const lines = records.flatMap((text, i) => [text.replaceAll('\n', ' '), line(i)]);
        await stores.log.append(lines.map((text) => ({ key: 'k', value: text })));
        const processor = createProcessor({ ...stores, documents, settings: SETTINGS });
        while ((await processor.step()) > 0);
        const { events, rejected, letters } = await numbersOf(stores, documents);
        const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
        expect(letters).toHaveLength(refused);
        expect(events + refused).toBe(lines.length);
        const stored = [];
        for (let partition = 0; partition < stores.log.partitions; partition += 1)
          stored.push(...(await documents.readEvents(partition, 0, 1000)).events);
        expect(stored).toHaveLength(events);
        const kept = new Set(stored.map(({ event }) => event.id));
        for (let i = 0; i < records.length; i += 1) expect(kept.has(`e${i}`)).toBe(true);
        if (beside) await documents.close();
      },
    ),
    { numRuns: 30 },
  );
});
