import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHoldings } from '../../src/commands/holdings.ts';
import { type ChoiceFacts, chooseShop, findShop } from '../../src/commands/shop-choice.ts';
import { ensureDataDir } from '../../src/config.ts';
import { type NewRecord } from '../../src/pipeline/event-log/event-log.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const OWN: NewRecord = {
  key: 'u1',
  value: JSON.stringify({ id: 'own-1', type: 'view_item', time: Date.UTC(2026, 0, 4), userId: 'u1' }),
};

function simulated(count: number, seed: string): NewRecord[] {
  const start = Date.UTC(2026, 0, 4);
  const generator = createGenerator({ seed, rate: 20, start, dirty: 0.2, rhythm: 'flat', currency: 'USD' });
  return Array.from({ length: count }, () => {
    const { key, value } = generator.next();
    return { key, value };
  });
}

async function emptyShop(): Promise<Stores> {
  const config = configFor(join(tempDir(), 'data'));
  ensureDataDir(config);
  return openStores(config);
}

async function count(stores: Stores): Promise<void> {
  const processor = createProcessor({ ...stores, settings: SETTINGS });
  while ((await processor.step()) > 0);
}

describe('which shop ecom up starts', () => {
  const facts: ChoiceFacts = { asked: undefined, demo: false, holds: 'nothing', isNew: false };
  test.each<[string, Partial<ChoiceFacts>, ReturnType<typeof chooseShop>]>([
    ['a new folder', { isNew: true }, 'demo'],
    ['a folder in which a shop was begun', {}, 'count'],
    ['a shop of one’s own', { holds: 'other' }, 'count'],
    ['a simulated shop', { holds: 'simulated' }, 'simulate'],
    ['the simulated shop, which is new', { demo: true, isNew: true }, 'simulate'],
    ['the simulated shop, which was begun', { demo: true }, 'simulate'],
    [
      'the simulated shop, which somebody put events of his own into',
      { demo: true, holds: 'other' },
      'count',
    ],
    ['a shop of one’s own, and asked for', { holds: 'other', asked: true }, 'simulate'],
    ['a new folder, and asked for', { isNew: true, asked: true }, 'simulate'],
    ['a new folder, and not wanted', { isNew: true, asked: false }, 'count'],
    ['the simulated shop, and not wanted', { demo: true, holds: 'simulated', asked: false }, 'count'],
  ])('%s', (_, given, choice) => {
    expect(chooseShop({ ...facts, ...given })).toBe(choice);
  });

  test('a new folder is left to the user’s shop, and looking creates nothing', async () => {
    const config = configFor(join(tempDir(), 'data'));
    const options = { rate: 1, seed: 's', dirty: 0, processors: 1, dashboard: false };
    const found = await findShop(config, options);
    expect(found.simulate).toBe(true);
    expect(found.config.dataDir).toBe(join(config.dataDir, 'demo'));
    expect(found.notes.join('\n')).toMatch(/simulated shop.*\n.*ecom ingest FILE/);
    expect(existsSync(config.dataDir)).toBe(false);
  });
});

describe('whose events a shop has', () => {
  test.each([false, true])('nobody’s, simulated ones only, or others; counted: %s', async (counted) => {
    const stores = await emptyShop();
    const holds = async () => {
      if (counted) await count(stores);
      return readHoldings(stores.log, stores.live);
    };
    expect(await holds()).toBe('nothing');
    await stores.log.append(simulated(12_000, 'a'));
    expect(await holds()).toBe('simulated');
    await stores.log.append([OWN]);
    expect(await holds()).toBe('other');
    await stores.log.append(simulated(100, 'b'));
    expect(await holds()).toBe('other');
    await stores.close();
  });

  test.each<[string, string, 'simulated' | 'other']>([
    [
      'is simulated however it is written',
      '{ "type": "search", "time": TIME, "source": "gener\\u0061tor" }',
      'simulated',
    ],
    ['names its source twice', '{"source":"generator","type":"search","time":TIME,"source":"shop"}', 'other'],
    ['names no source', '{"type":"search","time":TIME}', 'other'],
    ['names it in a property', '{"type":"search","time":TIME,"properties":{"source":"generator"}}', 'other'],
    ['is no event', '{"type":"nothing","time":TIME,"source":"shop"}', 'simulated'],
  ])('of a record among simulated ones that %s', async (_, line, holds) => {
    const stores = await emptyShop();
    await stores.log.append(simulated(300, 'a'));
    const value = line.replace('TIME', `${Date.UTC(2026, 0, 4)}`);
    await stores.log.append([{ key: 'k', value }, ...simulated(20, 'b')]);
    expect(await readHoldings(stores.log, stores.live)).toBe(holds);
    await stores.close();
  });

  test('what waits to be counted counts too', async () => {
    const stores = await emptyShop();
    await stores.log.append(simulated(300, 'a'));
    await count(stores);
    await stores.log.append(simulated(300, 'b'));
    expect(await readHoldings(stores.log, stores.live)).toBe('simulated');
    await stores.log.append([OWN]);
    expect(await readHoldings(stores.log, stores.live)).toBe('other');
    await stores.close();
  });

  test.each([false, true])('lines that were all rejected are somebody’s; counted: %s', async (counted) => {
    const stores = await emptyShop();
    await stores.log.append([{ key: 'x', value: 'nothing that could be read' }]);
    if (counted) await count(stores);
    expect(await readHoldings(stores.log, stores.live)).toBe('other');
    await stores.close();
  });
});
