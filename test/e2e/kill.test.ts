import { type ChildProcess, fork } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Config, ensureDataDir } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { Random } from '../../src/pipeline/generator/random.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { type FromWorker, type ToWorker } from '../../src/pipeline/supervisor/messages.ts';
import { configFor, openStores, SETTINGS, type Stores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const EVENTS = 200_000;
const KILLS = 50;
const WORKER = packageFile('dist', 'worker.js');

function startProcessor(config: Config): ChildProcess {
  const child = fork(WORKER, [], { env: { ...process.env, ...config.env }, execArgv: [] });
  const options = { component: 'processor', name: 'processor-1' } as const;
  child.send({ type: 'start', options, restarts: 0 } satisfies ToWorker);
  return child;
}

/** Resolves once a processor has opened its stores and counted its first batch. */
function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') resolve();
    });
  });
}

function gone(child: ChildProcess): Promise<unknown> {
  return child.exitCode === null && child.signalCode === null
    ? new Promise((resolve) => child.once('exit', resolve))
    : Promise.resolve();
}

async function counted({ live }: Stores): Promise<number> {
  return (await live.positions()).reduce((sum, { position }) => sum + position, 0);
}

/** All that stats tell, apart from when they were asked. */
async function numbers(stores: Stores, now: number) {
  const answers = [];
  for (const window of ['all', '7d', '24h', '1h', '5m'] as const) {
    answers.push(await readStats(stores, { period: window, limit: 50, now, currency: 'USD' }));
  }
  return answers;
}

test(`the processor is killed ${KILLS} times while ${EVENTS} events flow: the numbers are those of a calm run`, {
  timeout: 300_000,
}, async () => {
  expect(existsSync(WORKER), 'run npm run build first').toBe(true);
  const config = configFor(join(tempDir(), 'killed'));
  ensureDataDir(config);
  let stores = await openStores(config);
  const start = Date.now() - 6 * 3_600_000;
  const options = { seed: 'kill', rate: 20, start, dirty: 0.05, rhythm: 'flat', currency: 'USD' } as const;
  const generator = createGenerator(options);
  const random = new Random('moments');
  const appendSome = async (count: number) => {
    const records = Array.from({ length: count }, () => {
      const { key, value } = generator.next();
      return { key, value };
    });
    await stores.log.append(records);
  };

  let progressed = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = await counted(stores);
    const processor = startProcessor(config);
    // Every other one dies at work, the rest at any moment of their start.
    if (kill % 2 === 0) await ready(processor);
    for (let part = 0; part < 4; part += 1) {
      await appendSome(EVENTS / KILLS / 4);
      await sleep(random.below(100));
    }
    processor.kill('SIGKILL');
    await gone(processor);
    if ((await counted(stores)) > before) progressed += 1;
  }
  // The kills mean something only where work was under way.
  expect(progressed).toBeGreaterThan(KILLS / 4);

  const last = startProcessor(config);
  while ((await counted(stores)) < EVENTS) await sleep(50);
  last.send({ type: 'stop' } satisfies ToWorker);
  await gone(last);

  // The same log, byte for byte, in a folder of its own.
  await stores.close();
  const calmConfig = configFor(join(tempDir(), 'calm'));
  ensureDataDir(calmConfig);
  copyFileSync(join(config.dataDir, 'log.db'), join(calmConfig.dataDir, 'log.db'));
  stores = await openStores(config);
  const calm = await openStores(calmConfig);
  const processor = createProcessor({ ...calm, settings: SETTINGS });
  while ((await processor.step()) > 0);

  const now = Date.now();
  const [killed, undisturbed] = [await numbers(stores, now), await numbers(calm, now)];
  expect(killed).toEqual(undisturbed);
  expect(killed[0]!.freshness.received).toBe(EVENTS);
  expect(killed[0]!.freshness.backlog).toBe(0);
  const { tally } = generator;
  expect(killed[0]!.freshness.rejected).toBe(tally.malformed + tally.invalid);
  expect(await stores.documents.deadLetterReasons()).toEqual(await calm.documents.deadLetterReasons());
  await Promise.all([stores.close(), calm.close()]);
});
