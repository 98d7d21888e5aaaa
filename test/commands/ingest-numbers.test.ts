import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { type Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { createNumbers } from '../../src/commands/ingest-numbers.ts';
import { ensureDataDir } from '../../src/config.ts';
import { type NewRecord } from '../../src/pipeline/event-log/event-log.ts';
import { createGenerator } from '../../src/pipeline/generator/generator.ts';
import { ingest } from '../../src/pipeline/ingest/ingest.ts';
import { findInput } from '../../src/pipeline/ingest/source.ts';
import { createProcessor } from '../../src/pipeline/processor/processor.ts';
import { dirtyLines } from '../support/dirty-lines.ts';
import { dumpCounters } from '../support/dump-counters.ts';
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

  await append(300, false);
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
  await numbers.close();
  await stores.close();
});

/** What is appended to, and counted in a thread, because more follows. */
async function apart(signal = new AbortController().signal) {
  const config = configFor(tempDir());
  ensureDataDir(config);
  const stores = await openStores(config);
  const start = Date.UTC(2026, 0, 5);
  const generator = createGenerator({ seed: 'b', rate: 5, start, dirty: 0, rhythm: 'flat', currency: 'USD' });
  const numbers = await createNumbers(config, stores, signal);
  const append = async (count: number, more: boolean): Promise<void> => {
    await stores.log.append(Array.from({ length: count }, () => generator.next()));
    await numbers.afterAppend(count, more);
    // As whoever reads a file does, it lets others have their turn.
    await setImmediate();
  };
  const counted = async (): Promise<number> =>
    (await stores.live.positions()).reduce((sum, { position }) => sum + position, 0);
  onTestFinished(async () => {
    await numbers.close();
    await stores.close();
  });
  return { config, stores, numbers, append, counted };
}

test('a large file is counted in a thread, what follows a pause as well, and all of it in the end', async () => {
  const { numbers, append, counted } = await apart();
  for (let i = 0; i < 5; i += 1) await append(1000, true);
  await append(7, false);
  await expect.poll(counted, { timeout: 60_000 }).toBe(5007);
  await append(11, true);
  await numbers.finish();
  expect(await counted()).toBe(5018);
});

test('what is handed over to the thread counts as what is read from the log does, also where a run is cut short', async () => {
  const { config, stores, numbers } = await apart();
  // Which of two that tell one order is first, is not said across partitions.
  const tellers = new Map<string, string>();
  const isFirstTeller = ({ key, value }: NewRecord): boolean => {
    const order = /"orderId":"([^"]*)"/.exec(value)?.[1];
    if (order === undefined) return true;
    if (!tellers.has(order)) tellers.set(order, key);
    return tellers.get(order) === key;
  };
  const records = [...dirtyLines('handed', Date.UTC(2026, 0, 5), 20_000)].filter(isFirstTeller);
  const lines = records.map(({ value }) => value);
  const path = join(tempDir(), 'events.jsonl');
  writeFileSync(path, lines.filter((line) => !line.includes('\n')).join('\n'));
  const options = {
    log: stores.log,
    input: await findInput(path, process.stdin),
    choice: { format: 'auto' as const },
    speed: undefined,
    rebase: false,
    clock: Date.now,
    properties: config.layout.properties,
  };
  let appends = 0;
  const stop = new AbortController();
  const stopped = ingest({
    ...options,
    signal: stop.signal,
    async afterAppend(...of) {
      appends += 1;
      await numbers.afterAppend(...of);
      if (appends === 2) stop.abort();
    },
  });
  await expect(stopped).rejects.toThrow();
  await ingest({ ...options, signal: new AbortController().signal, afterAppend: numbers.afterAppend });
  await numbers.finish();
  // Counted again by whoever reads the log.
  const again = configFor(tempDir());
  ensureDataDir(again);
  const others = await openStores(again);
  const settings = { currency: config.currency, ...config.layout };
  const processor = createProcessor({ ...others, log: stores.log, settings });
  while ((await processor.step()) > 0);
  await others.close();
  const counted = dumpCounters(join(config.dataDir, 'live.db'));
  expect(counted.size).toBeGreaterThan(10_000);
  expect(counted).toEqual(dumpCounters(join(again.dataDir, 'live.db')));
});

test('a thread that has nothing to do for once goes on with what follows', async () => {
  const { numbers, append, counted } = await apart();
  await append(1000, true);
  await expect.poll(counted, { timeout: 60_000 }).toBe(1000);
  // Too little for a commit, then more than enough.
  for (let i = 0; i < 30; i += 1) await append(1000, true);
  await expect.poll(counted, { timeout: 60_000 }).toBeGreaterThan(1000);
  await numbers.finish();
  expect(await counted()).toBe(31_000);
});

test('what fails in the thread is told to whoever appends next, as it was said there', async () => {
  const { config, numbers, append, counted } = await apart();
  await append(1000, true);
  await expect.poll(counted, { timeout: 60_000 }).toBe(1000);
  // It is not the file any more that the thread has open.
  renameSync(join(config.dataDir, 'live.db'), join(config.dataDir, 'away.db'));
  const failing = async (): Promise<void> => {
    for (;;) await append(10, false);
  };
  await expect(failing()).rejects.toMatchObject({ name: 'EcomError', code: 'GONE' });
  await expect(numbers.finish()).rejects.toMatchObject({ code: 'GONE' });
});

test('a thread that has only begun ends as well, and keeps nothing alive', async () => {
  const { numbers, append } = await apart();
  const threads: Worker[] = [];
  const note = (thread: Worker): void => void threads.push(thread);
  process.on('worker', note);
  onTestFinished(() => void process.off('worker', note));
  const appending = append(1000, true);
  await numbers.close();
  await appending;
  // What it waits for before it begins, and the turn in which it is told.
  await import('../../src/pipeline/workers/counting-client.ts');
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  // One that has ended has no id any more.
  expect(threads.map(({ threadId }) => threadId).filter((id) => id !== -1)).toEqual([]);
});
