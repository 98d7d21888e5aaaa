import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createLogger, logFile } from '../../../src/log.ts';
import { packageFile } from '../../../src/package-root.ts';
import { type ComponentStatus, type WorkerOptions } from '../../../src/pipeline/supervisor/messages.ts';
import { type Timings } from '../../../src/pipeline/supervisor/restart-policy.ts';
import { createSupervisor, type Supervisor } from '../../../src/pipeline/supervisor/supervisor.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const workerFile = packageFile('test', 'pipeline', 'supervisor', 'fixtures', 'worker.mjs');
const QUICK: Partial<Timings> = { firstBackoffMs: 20, longestBackoffMs: 100 };

/** A worker of the fixture; see there for what behaviours there are. */
function worker(
  behaviour: string,
  component: WorkerOptions['component'] = 'generator',
  name = component as string,
): WorkerOptions {
  return { component, name, generator: { rate: 1, seed: behaviour } };
}

async function supervise(workers: WorkerOptions[], timings: Partial<Timings> = {}) {
  const config = configFor(tempDir());
  const logger = await createLogger(config, 'supervisor');
  const supervisor = createSupervisor({
    config,
    workers,
    logger,
    workerFile,
    timings: { ...QUICK, ...timings },
  });
  const seen: ComponentStatus[] = [];
  supervisor.subscribe((status) => seen.push(status));
  onTestFinished(() => supervisor.stop());
  return { supervisor, seen, config };
}

/** Resolves once a worker's status is as wanted. */
function until(
  supervisor: Supervisor,
  wanted: (status: ComponentStatus) => boolean,
): Promise<ComponentStatus> {
  return new Promise((resolve) => {
    const end = supervisor.subscribe((status) => {
      if (!wanted(status)) return;
      end();
      resolve(status);
    });
  });
}

function alive(pid: number | null): boolean {
  try {
    process.kill(pid!, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the supervisor', () => {
  test('starts its workers, tells how they are, and leaves no process behind', async () => {
    const { supervisor } = await supervise([
      worker('good', 'processor', 'processor-1'),
      worker('good'),
      worker('good', 'recommender'),
    ]);
    await supervisor.start();
    await expect.poll(() => supervisor.status().every(({ metrics }) => metrics?.events === 7)).toBe(true);
    const running = supervisor.status();
    expect(running.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
      ['processor-1', 'running', 0],
      ['generator', 'running', 0],
      ['recommender', 'running', 0],
    ]);
    await supervisor.stop();
    expect(supervisor.status().map(({ state, pid, uptimeMs }) => [state, pid, uptimeMs])).toEqual(
      Array(3).fill(['stopped', null, null]),
    );
    expect(running.filter(({ pid }) => alive(pid))).toEqual([]);
  });

  test('stops who makes events first, then who counts them', async () => {
    const { supervisor, seen } = await supervise([
      worker('good', 'processor', 'processor-1'),
      worker('good', 'recommender'),
      worker('good'),
    ]);
    await supervisor.start();
    await supervisor.stop();
    expect(seen.filter(({ state }) => state === 'stopped').map(({ name }) => name)).toEqual([
      'generator',
      'processor-1',
      'recommender',
    ]);
  });

  test('a worker that fails before it is ready fails the start with its own words', async () => {
    const { supervisor } = await supervise([worker('good', 'recommender'), worker('failing')]);
    await expect(supervisor.start()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'generator: the disk is full',
      hint: 'free some space',
    });
    expect(supervisor.status()[1]).toMatchObject({
      state: 'failed',
      lastError: 'the disk is full',
      restarts: 0,
    });
  });

  test('a worker that does not become ready in time is killed', async () => {
    const { supervisor } = await supervise([worker('mute')], { readyMs: 300 });
    await expect(supervisor.start()).rejects.toMatchObject({ message: 'generator: not ready within 0.3 s' });
    expect(supervisor.status()[0]).toMatchObject({ state: 'failed', pid: null });
  });

  test('a worker that crashes is started again and counted', async () => {
    const { supervisor, seen } = await supervise([worker(`crashing-once|${join(tempDir(), 'crashed')}`)]);
    await supervisor.start();
    const again = await until(supervisor, ({ state, restarts }) => state === 'running' && restarts === 1);
    expect(again.lastError).toBe('ended with code 9');
    expect(seen.map(({ state }) => state)).toEqual(['starting', 'running', 'backoff', 'starting', 'running']);
  });

  test('a worker whose heap is full is told in one line, and is tried again ever more rarely', async () => {
    const { supervisor, seen } = await supervise([
      worker('hungry'),
      worker('good', 'processor', 'processor-1'),
    ]);
    await supervisor.start();
    const again = await until(supervisor, ({ name, restarts }) => name === 'generator' && restarts === 2);
    expect(again.lastError).toBe('killed by SIGABRT, as where its memory is full');
    expect(seen.filter(({ name, state }) => name === 'generator' && state === 'backoff')).toHaveLength(2);
    expect(supervisor.status()[1]).toMatchObject({ state: 'running', restarts: 0 });
  }, 60_000);

  test('a worker that falls silent is killed and started again', async () => {
    const { supervisor } = await supervise([worker(`silent-once|${join(tempDir(), 'silent')}`)], {
      silenceMs: 1000,
    });
    await supervisor.start();
    const again = await until(supervisor, ({ state, restarts }) => state === 'running' && restarts === 1);
    expect(again.lastError).toBe('silent for 1 s');
  });

  test('a worker that does not stop by itself is killed', async () => {
    const { supervisor } = await supervise([worker('stubborn')], { stopMs: 200 });
    await supervisor.start();
    const { pid } = supervisor.status()[0]!;
    await supervisor.stop();
    expect(supervisor.status()[0]!.state).toBe('stopped');
    expect(alive(pid)).toBe(false);
  });

  test('a worker that is done is not started again', async () => {
    const { supervisor } = await supervise([worker('done')]);
    const stopped = until(supervisor, ({ state }) => state === 'stopped');
    await supervisor.start();
    expect(await stopped).toMatchObject({ restarts: 0, pid: null });
  });

  test('what a dying process writes is kept in its log', async () => {
    const { supervisor, config } = await supervise([worker('crying')]);
    await expect(supervisor.start()).rejects.toMatchObject({
      message: 'generator: killed by SIGABRT, as where its memory is full',
    });
    expect(readFileSync(logFile(config, 'generator'), 'utf8')).toMatch(/^last words\n/);
  });

  test('a component is all its workers, a name is one of them', async () => {
    const { supervisor } = await supervise([
      worker('good', 'processor', 'processor-1'),
      worker('good', 'processor', 'processor-2'),
      worker('good'),
    ]);
    await supervisor.start();
    const states = () => supervisor.status().map(({ state }) => state);
    const before = supervisor.status().map(({ pid }) => pid);
    await supervisor.control('stop', 'processor');
    expect(states()).toEqual(['stopped', 'stopped', 'running']);
    await supervisor.control('start', 'processor-2');
    expect(states()).toEqual(['stopped', 'running', 'running']);
    await supervisor.control('restart', 'generator');
    expect(states()).toEqual(['stopped', 'running', 'running']);
    expect(supervisor.status()[2]!.pid).not.toBe(before[2]);
    // What somebody asked for is no restart after a crash.
    expect(supervisor.status().map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
    await expect(supervisor.control('stop', 'nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'one of: processor, processor-1, processor-2, generator',
    });
  });

  test('once it is stopping nothing can be started', async () => {
    const { supervisor } = await supervise([worker('good')]);
    await supervisor.start();
    const stopping = supervisor.stop();
    await expect(supervisor.control('start', 'generator')).rejects.toMatchObject({ code: 'CONFLICT' });
    await stopping;
    expect(supervisor.status()[0]!.state).toBe('stopped');
  });
});
