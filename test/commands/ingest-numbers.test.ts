import { expect, test } from 'vitest';
import { createNumbers } from '../../src/commands/ingest-numbers.ts';
import { ensureDataDir } from '../../src/config.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

test('what follows at once is gathered into larger commits, and what follows a pause is counted', async () => {
  const config = configFor(tempDir());
  ensureDataDir(config);
  const stores = await openStores(config);
  const start = Date.UTC(2026, 0, 5);
  const generator = createGenerator({ seed: 'a', rate: 5, start, dirty: 0, rhythm: 'flat', currency: 'USD' });
  let commits = 0;
  const live: typeof stores.live = {
    ...stores.live,
    apply(change) {
      commits += 1;
      return stores.live.apply(change);
    },
  };
  const numbers = await createNumbers(config, { ...stores, live }, new AbortController().signal);
  const append = async (count: number, more: boolean): Promise<void> => {
    await stores.log.append(Array.from({ length: count }, () => generator.next()));
    await numbers.afterAppend(count, more);
  };
  const counted = async (): Promise<number> =>
    (await stores.live.positions()).reduce((sum, { position }) => sum + position, 0);

  await append(300, true);
  expect(await counted()).toBe(300);
  for (let i = 0; i < 10; i += 1) await append(300, true);
  expect([commits, await counted()]).toEqual([1, 300]);
  await append(5, false);
  expect([commits, await counted()]).toEqual([2, 3305]);
  await append(5, false);
  expect([commits, await counted()]).toEqual([3, 3310]);
  // It does not wait for a pause that never comes.
  for (let i = 0; i < 13; i += 1) await append(1000, true);
  expect(await counted()).toBeGreaterThan(3310);
  await stores.close();
});
