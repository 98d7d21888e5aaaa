import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkStoresAnswer } from '../../../src/commands/doctor/running.ts';
import { statsText } from '../../../src/commands/stats-text.ts';
import { status } from '../../../src/commands/status.ts';
import { openView } from '../../../src/commands/view.ts';
import { ensureDataDir } from '../../../src/config.ts';
import { createProcessor } from '../../../src/pipeline/processor/processor.ts';
import { parseFilter } from '../../../src/pipeline/stats/filter.ts';
import { readStats } from '../../../src/pipeline/stats/read-stats.ts';
import { runOn } from '../../support/run-on.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const config = (name: string) => configFor(join(tempDir(), name), { ECOM_PARTITIONS: '1' });

/** Ten records each, in appends of their own. */
async function append({ log }: Stores, name: string, appends: number): Promise<void> {
  for (let i = 0; i < appends; i += 1) {
    const ids = Array.from({ length: 10 }, (_, j) => `${name}${i}-${j}`);
    await log.append(
      ids.map((id) => ({ key: id, value: JSON.stringify({ id, type: 'page_view', time: Date.now() }) })),
    );
  }
}

const trim = ({ log }: Stores, below: number) => log.expire(Date.now() + 1000, new Map([[0, below]]));

async function freshness(stores: Stores) {
  const stats = await readStats(stores, { period: '1h', limit: 1, now: Date.now(), currency: 'USD' });
  return { events: stats.kpis.events, lost: stats.freshness.lost, backlog: stats.freshness.backlog };
}

describe('a log that lets go of records', () => {
  test('tells those that were not counted as lost, once', async () => {
    const settings = config('trimmed');
    ensureDataDir(settings);
    const stores = await openStores(settings);
    const processor = createProcessor({ ...stores, settings: SETTINGS });
    const count = async () => {
      while ((await processor.step()) > 0);
    };
    await append(stores, 'a', 5);
    await trim(stores, 30);
    expect(await freshness(stores)).toEqual({ events: 0, lost: 0, backlog: 20 });
    await count();
    expect(await freshness(stores)).toEqual({ events: 20, lost: 30, backlog: 0 });
    // While it runs.
    await append(stores, 'b', 5);
    await trim(stores, 70);
    expect((await freshness(stores)).backlog).toBe(30);
    await count();
    expect(await freshness(stores)).toEqual({ events: 50, lost: 50, backlog: 0 });
    // What was counted is not lost.
    await trim(stores, 90);
    await append(stores, 'c', 1);
    await count();
    await processor.close();
    const another = createProcessor({ ...stores, settings: SETTINGS });
    await append(stores, 'd', 1);
    while ((await another.step()) > 0);
    expect(await freshness(stores)).toEqual({ events: 70, lost: 50, backlog: 0 });
    await another.close();
    await stores.close();
    expect(await checkStoresAnswer(settings)).toContainEqual(
      expect.objectContaining({ name: 'lost records', state: 'warn', detail: expect.stringMatching(/^50 /) }),
    );
  });

  test('tells what was counted before it let go of it as earlier, and not as lost, where all is counted anew', async () => {
    const settings = config('anew');
    ensureDataDir(settings);
    const stores = await openStores(settings);
    const count = async (live: Stores['live']) => {
      const processor = createProcessor({ ...stores, live, settings: SETTINGS });
      while ((await processor.step()) > 0);
      await processor.close();
      const sources = { ...stores, live };
      const stats = await readStats(sources, { period: 'all', limit: 1, now: Date.now(), currency: 'USD' });
      const { lost, earlier } = stats.freshness;
      const text = statsText(stats, { width: 200, sort: 'revenue', styled: false });
      expect(text.includes(`${earlier} earlier records are not in these numbers`)).toBe(earlier > 0);
      return { events: stats.kpis.events, lost, earlier };
    };
    await append(stores, 'a', 5);
    expect(await count(stores.live)).toEqual({ events: 50, lost: 0, earlier: 0 });
    await trim(stores, 30);
    expect(await count(stores.live)).toEqual({ events: 50, lost: 0, earlier: 0 });
    const anew = await stores.live.rebuild();
    expect(await count(anew.live)).toEqual({ events: 20, lost: 0, earlier: 30 });

    // The shop’s own processor is behind by twenty, of which the log lets go: those alone are lost.
    await append(stores, 'b', 3);
    await trim(stores, 70);
    expect(await count(anew.live)).toEqual({ events: 30, lost: 20, earlier: 30 });
    // What is put back from an older copy is counted again from where it was.
    expect(await count(stores.live)).toEqual({ events: 60, lost: 0, earlier: 20 });
    await anew.close();
    await stores.close();

    const view = await openView(settings, parseFilter(['source=unknown']));
    expect(await view.catchUp()).toBe(true);
    const { freshness: seen } = await readStats(view, {
      period: '1h',
      limit: 1,
      now: Date.now(),
      currency: 'USD',
    });
    expect(seen).toMatchObject({ lost: 0, earlier: 70 });
    await view.close();
    const run = runOn(settings.dataDir);
    await status(run.context, {});
    expect(run.text()).toContain('20 earlier records are not in the numbers');
  });

  test('tells them also where nothing has come after them', async () => {
    const settings = config('emptied');
    ensureDataDir(settings);
    const stores = await openStores(settings);
    const log = { ...stores.log, bounds: async () => [{ begin: 40, end: 40 }] };
    const processor = createProcessor({ ...stores, log, settings: SETTINGS });
    await processor.step();
    await processor.step();
    expect(await stores.live.positions()).toEqual([{ partition: 0, position: 40, watermark: 0 }]);
    expect((await freshness(stores)).lost).toBe(40);
    await processor.close();
    await stores.close();
  });
});
