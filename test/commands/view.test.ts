import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openView } from '../../src/commands/view.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { parseFilter } from '../../src/pipeline/stats/filter.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores, SETTINGS } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const START = Date.UTC(2026, 0, 5);

describe('view', () => {
  test('tells that its file cannot be written, and loses nothing by it', async () => {
    const config = configFor(tempDir());
    ensureDataDir(config);
    const stores = await openStores(config);
    const time = Date.now();
    const events = Array.from({ length: 9 }, (_, i) => ({
      ...{ id: `e${i}`, type: 'page_view', time, userId: `u${i}` },
      properties: { colour: i % 3 === 0 ? 'red' : 'blue' },
    }));
    await stores.log.append(events.map((event) => ({ key: event.id, value: JSON.stringify(event) })));
    const open = () => openView(config, parseFilter(['colour=red']));
    const view = await open();
    const [name = ''] = readdirSync(join(config.dataDir, 'views'));
    // A file that root could not write either.
    const file = join(config.dataDir, 'views', name, 'properties');
    mkdirSync(file);
    await expect(view.catchUp()).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining(file),
    });
    await view.close();
    rmdirSync(file);
    const again = await open();
    expect(await again.catchUp()).toBe(true);
    const stats = await readStats(again, { period: 'all', limit: 1, now: time, currency: 'USD' });
    expect(stats.kpis.events).toBe(3);
    expect(stats.freshness.rejected).toBe(0);
    await Promise.all([again.close(), stores.close()]);
  });

  test('has the numbers of a shop where only what fits has happened, and goes on where it was', async () => {
    const generator = createGenerator({
      seed: 'view',
      rate: 5,
      start: START,
      dirty: 0.02,
      rhythm: 'flat',
      currency: 'USD',
    });
    const records = Array.from({ length: 4000 }, () => generator.next()).map(({ key, value }) => ({
      key,
      value,
    }));
    const config = configFor(tempDir());
    ensureDataDir(config);
    const stores = await openStores(config);
    const category = /"category":"([^"]+)"/.exec(
      records.find(({ value }) => value.includes('category'))!.value,
    )![1]!;
    const view = await openView(config, parseFilter([`category=${category}`]));
    const ask = { period: 'all', limit: 20, now: START + 3_600_000, currency: 'USD' } as const;
    const signal = new AbortController().signal;
    for (const part of [records.slice(0, 1500), records.slice(1500)]) {
      await stores.log.append(part);
      expect(await view.catchUp(signal)).toBe(true);
    }
    const seen = await readStats(view, ask);

    // The same by hand: events with other items taken out, in a shop of its own.
    const filtered = configFor(tempDir());
    ensureDataDir(filtered);
    const other = await openStores(filtered);
    await other.log.append(
      records.flatMap(({ key, value }) => {
        let event: { items?: { category?: string }[] };
        try {
          event = JSON.parse(value);
        } catch {
          return [{ key, value }];
        }
        const items = (event.items ?? []).filter((item) => item.category === category);
        return items.length === 0 ? [] : [{ key, value: JSON.stringify({ ...event, items }) }];
      }),
    );
    const processor = createProcessor({ ...other, settings: SETTINGS });
    while ((await processor.step()) > 0);
    const expected = await readStats(other, ask);
    expect(seen.kpis.events).toBeGreaterThan(50);
    expect(seen.kpis).toEqual(expected.kpis);
    expect(seen.funnel).toEqual(expected.funnel);
    expect(seen.topProducts).toEqual(expected.topProducts);
    expect(seen.topCategories.map((row) => row.category)).toEqual([category]);

    const again = await openView(config, parseFilter([`category=${category}`]));
    expect((await again.live.positions()).length).toBeGreaterThan(0);
    expect((await readStats(again, ask)).kpis).toEqual(seen.kpis);
    await Promise.all([view, again, stores, other].map((open) => open.close()));
  });
});
