import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Config, loadConfig } from '../../../src/config.ts';
import { openEventLog } from '../../../src/pipeline/event-log/open.ts';
import { type WireEvent } from '../../../src/pipeline/events/shop-event.ts';
import { type WorkerOptions } from '../../../src/pipeline/supervisor/messages.ts';
import { run } from '../../../src/pipeline/workers/generator.ts';
import { readLog } from '../../support/read-log.ts';

const HOUR = 3_600_000;
let dir: string;
let config: Config;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-generator-'));
  config = loadConfig({ dataDir: dir }, {});
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a generator until it is done, or until `stopWhen` says so. */
async function simulate(
  generator: NonNullable<WorkerOptions['generator']>,
  stopWhen: (handled: number) => boolean = () => false,
): Promise<{ handled: number; ready: number }> {
  const controller = new AbortController();
  const seen = { handled: 0, ready: 0 };
  const silent = (): void => {};
  await run({
    config,
    options: { component: 'generator', name: 'generator', generator },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    signal: controller.signal,
    ready: () => {
      seen.ready += 1;
    },
    handled: (events) => {
      seen.handled += events;
      if (stopWhen(seen.handled)) controller.abort();
    },
    patiently: (work) => work(),
    owns: silent,
    reaches: silent,
  });
  return seen;
}

/** Every record of the log, by partition. */
async function readEvents(): Promise<WireEvent[][]> {
  const log = await openEventLog(config);
  try {
    const partitions = await readLog(log);
    return partitions.map((records) => records.map(({ value }) => JSON.parse(String(value)) as WireEvent));
  } finally {
    await log.close();
  }
}

describe('the generator as a worker', () => {
  test('fills an empty log with a day that leads up to now, and goes on from there', async () => {
    const before = Date.now();
    const { handled, ready } = await simulate({ rate: 2000 }, (n) => n > 40_000);
    expect(ready).toBe(1);
    const partitions = await readEvents();
    const events = partitions.flat();
    expect(events.length).toBe(handled);
    const times = events.map(({ time }) => time as number).sort((a, b) => a - b);
    expect(times[0]!).toBeGreaterThanOrEqual(before - 24 * HOUR);
    expect(times[0]!).toBeLessThan(before - 23 * HOUR);
    expect(times.at(-1)!).toBeLessThanOrEqual(Date.now());
    const live = times.filter((time) => time >= before).length;
    expect(live).toBeGreaterThan(5000);
    expect(events.length - live).toBeLessThan(33_000);
    // No hole where the history ends.
    const around = times.filter((time) => Math.abs(time - before) < 30_000);
    expect(Math.max(...around.map((time, i) => time - (around[i - 1] ?? time)))).toBeLessThan(10_000);
    for (const ofPartition of partitions) {
      expect(ofPartition.every(({ time }, i) => i === 0 || time >= ofPartition[i - 1]!.time)).toBe(true);
    }
  });

  test('stops at its count; started again it writes no history, repeats no id and sells the same things', async () => {
    expect((await simulate({ rate: 1e6, count: 500 })).handled).toBe(500);
    const restarted = Date.now();
    expect((await simulate({ rate: 1e6, count: 700 })).handled).toBe(700);
    const events = (await readEvents()).flat();
    expect(events.length).toBe(1200);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1200);
    expect(events.filter(({ time }) => (time as number) >= restarted).length).toBe(700);
    const names = new Map<string, string>();
    for (const { productId, name } of events.flatMap(({ items }) => items ?? [])) {
      if (name === undefined) continue;
      expect(names.get(productId) ?? name).toBe(name);
      names.set(productId, name);
    }
    expect(new Set(names.values()).size).toBe(names.size);
  });

  test('keeps its rate', async () => {
    await simulate({ rate: 1e6, count: 1 });
    const start = Date.now();
    const { handled } = await simulate({ rate: 1000 }, (n) => n >= 3000);
    const seconds = (Date.now() - start) / 1000;
    // Never ahead of the clock: what has come is what the rate allows, give or take chance.
    expect(handled).toBeLessThan(1000 * seconds * 1.1 + 100);
    const times = (await readEvents())
      .flat()
      .map(({ time }) => time as number)
      .filter((time) => time >= start);
    const span = (Math.max(...times) - Math.min(...times)) / 1000;
    expect(times.length / span).toBeGreaterThan(700);
    expect(times.length / span).toBeLessThan(1100);
  });

  test('returns at once when it was stopped before it began', async () => {
    const { handled } = await simulate({ rate: 100 }, () => true);
    expect(handled).toBeLessThan(5000);
    expect((await readEvents()).flat().length).toBe(handled);
  });
});
