import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { openDocumentStore } from '../../../src/pipeline/document-store/open.ts';
import { type ConsumeOptions } from '../../../src/pipeline/event-log/event-log.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { addNoted, createIdNotes, createSeenIds, idBytes } from '../../../src/pipeline/processor/seen-ids.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { onePartitionShop } from '../../support/altered-log.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** Of every third number a line that an importer could not read. */
const lineOf = (id: number): string =>
  id % 3 === 0
    ? JSON.stringify({ rejected: { id: `e${id}`, reason: 'no', detail: '', source: 'test', raw: 'x' } })
    : JSON.stringify({ id: `e${id}`, type: 'page_view', time: Date.now() });

const append = ({ log }: Stores, ids: readonly number[]) =>
  log.append(ids.map((id) => ({ key: 'k', value: lineOf(id) })));

/** Drops what the log has below what is counted, but for the last append. */
async function trim({ log, live }: Stores): Promise<void> {
  const position = (await live.positions())[0]?.position ?? 0;
  await log.expire(Date.now() + 1000, new Map([[0, position]]));
}

async function count(stores: Stores, batch: number): Promise<void> {
  const processor = createProcessor({ ...stores, settings: SETTINGS, batch });
  while ((await processor.step()) > 0);
  await processor.close();
}

async function counted(stores: Stores) {
  const stats = await readStats(stores, { period: '1h', limit: 1, now: Date.now(), currency: 'USD' });
  const { duplicates, rejected, lost } = stats.freshness;
  return { events: stats.kpis.events, duplicates, rejected, lost };
}

describe('ids that a duplicate is told by', () => {
  test('are known after a restart where the log does not hold them any more', async () => {
    const stores = await onePartitionShop('forgotten');
    const ids = Array.from({ length: 30 }, (_, i) => i);
    await append(stores, ids);
    await append(stores, [100]);
    await count(stores, 7);
    await trim(stores);
    expect((await stores.log.bounds())[0]).toEqual({ begin: 30, end: 31 });
    await append(stores, ids);
    await count(stores, 1000);
    expect(await counted(stores)).toEqual({ events: 21, duplicates: 30, rejected: 10, lost: 0 });
    await stores.close();
  });

  test('and documents stay where the numbers are lost and the log does not hold them any more', async () => {
    const config = configFor(join(tempDir(), 'documents'), { ECOM_PARTITIONS: '1' });
    ensureDataDir(config);
    const stores = await openStores(config);
    await stores.documents.close();
    const documents = await openDocumentStore({ ...config, logUrl: 'kafka://nowhere/topic' });
    const own = { ...stores, documents };
    await append(own, [1, 2, 3, 4]);
    await append(own, [5, 6]);
    await count(own, 100);
    const kept = async () => [
      (await documents.readEvents(0, 0, 100)).events.map(({ offset }) => offset),
      (await documents.deadLettersAfter(undefined, 100)).map(({ offset }) => offset),
    ];
    expect(await kept()).toEqual([
      [0, 1, 3, 4],
      [2, 5],
    ]);
    await trim(own);
    expect((await own.log.bounds())[0]).toEqual({ begin: 4, end: 6 });
    const anew = await own.live.rebuild();
    await count({ ...own, live: anew.live }, 100);
    await anew.replace(true);
    await anew.close();
    expect(await counted(own)).toMatchObject({ events: 1, rejected: 1, lost: 0 });
    expect(await kept()).toEqual([
      [0, 1, 3, 4],
      [2, 5],
    ]);
    await own.close();
    await documents.close();
  });

  test('are the same wherever the processor restarts and the log is trimmed', async () => {
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }) },
      fc.integer({ min: 1, max: 9 }).map((batch) => ({ batch })),
      fc.constant('trim' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), async (acts) => {
        const stores = await onePartitionShop('anywhere');
        const appended: number[] = [];
        for (const what of acts) {
          if (what === 'trim') await trim(stores);
          else if ('batch' in what) await count(stores, what.batch);
          else {
            appended.push(...what);
            await append(stores, what);
          }
        }
        await count(stores, 5);
        const different = [...new Set(appended)];
        const rejected = different.filter((id) => id % 3 === 0).length;
        expect(await counted(stores)).toEqual({
          events: different.length - rejected,
          duplicates: appended.length - different.length,
          rejected,
          lost: 0,
        });
        await stores.close();
      }),
      { numRuns: 40 },
    );
  });

  test('are read from the log where the store has not kept them', async () => {
    const stores = await onePartitionShop('older');
    const ids = [1, 2, 4, 5];
    await append(stores, ids);
    const live = {
      ...stores.live,
      apply: (change: Parameters<typeof stores.live.apply>[0]) =>
        stores.live.apply({ ...change, advances: change.advances.map(({ seen, ...step }) => step) }),
    };
    await count({ ...stores, live }, 2);
    expect(await stores.live.seen(0)).toEqual([]);
    await append(stores, ids);
    await count(stores, 3);
    await append(stores, ids);
    await count(stores, 3);
    expect(await counted(stores)).toEqual({ events: 4, duplicates: 8, rejected: 0, lost: 0 });
    await stores.close();
  });

  test('are not read from the log where the store has them', async () => {
    const stores = await onePartitionShop('kept');
    await append(stores, [1, 2, 4]);
    await count(stores, 10);
    const starts: unknown[] = [];
    const consume = (options: ConsumeOptions) =>
      stores.log.consume({
        ...options,
        async start(partitions) {
          const found = await options.start(partitions);
          starts.push(...found);
          return found;
        },
      });
    await count({ ...stores, log: { ...stores.log, consume } }, 10);
    expect(starts).toEqual([[0, 3]]);
    await stores.close();
  });

  test('come back from their notes as they were', () => {
    const note = fc.record({ id: fc.string({ unit: 'binary', maxLength: 3 }), gap: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(note), fc.array(note), (before, after) => {
        const [seen, again, notes] = [createSeenIds(8), createSeenIds(8), createIdNotes()];
        let offset = 0;
        for (const { id, gap } of before) {
          offset += gap;
          const { bytes, length } = idBytes(id);
          seen.add(bytes, 0, length, offset);
          notes.note(bytes, 0, length, offset);
        }
        addNoted(again, notes.bytes());
        for (const { id, gap } of after) {
          offset += gap;
          const { bytes, length } = idBytes(id);
          expect(again.add(bytes, 0, length, offset)).toBe(seen.add(bytes, 0, length, offset));
        }
      }),
    );
  });
});
