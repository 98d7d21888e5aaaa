import { join } from 'node:path';
import { type Config, ensureDataDir } from '../src/config.ts';
import { createProcessor } from '../src/pipeline/processor/processor.ts';
import { isCounted } from '../test/support/answers.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../test/support/stores.ts';

/** What is answered of the same log, counted in one go and without faults into stores of its own. */
export async function countCalmly<T>(
  { dataDir }: Config,
  { log }: Stores,
  ask: (calm: Stores) => Promise<T>,
): Promise<T> {
  const own = configFor(join(dataDir, 'calm'));
  ensureDataDir(own);
  const { log: unused, ...rest } = await openStores(own);
  await unused.close();
  const calm = { ...rest, log };
  const processor = createProcessor({ ...calm, settings: SETTINGS, reader: 'calm' });
  try {
    while (!(await isCounted(calm))) await processor.step(100);
    return await ask(calm);
  } finally {
    await processor.close();
    await Promise.all([calm.documents.close(), calm.live.close()]);
  }
}
