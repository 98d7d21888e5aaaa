import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Status } from '../../src/commands/status.ts';
import { packageFile } from '../../src/package-root.ts';
import { type Stats } from '../../src/pipeline/stats/types.ts';
import { tempDir } from '../support/temp-dir.ts';

const ECOM = packageFile('bin', 'ecom.js');
const LIMIT = { timeout: 120_000 };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program to its end. */
function ecom(dataDir: string, ...args: string[]): Promise<Outcome> {
  return ecomWith({}, dataDir, ...args);
}

/** The same with more in the environment. */
function ecomWith(env: Record<string, string>, dataDir: string, ...args: string[]): Promise<Outcome> {
  const options = { env: { ...process.env, ...env } };
  return new Promise((resolve) => {
    execFile(process.execPath, [ECOM, ...args, '--data-dir', dataDir], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** A data folder on which whatever is left running at the end of the test is stopped. */
function dataFolder(): string {
  const dataDir = join(tempDir(), 'data');
  onTestFinished(async () => {
    if (existsSync(dataDir)) await ecom(dataDir, 'down');
  });
  return dataDir;
}

async function statusOf(dataDir: string): Promise<Status> {
  return JSON.parse((await ecom(dataDir, 'status', '--json')).stdout) as Status;
}

async function statsOf(dataDir: string, ...args: string[]): Promise<Stats> {
  return JSON.parse((await ecom(dataDir, 'stats', '--json', '--window', 'all', ...args)).stdout) as Stats;
}

/** A file with one event of a shop. */
function ownFile(): string {
  const path = join(tempDir(), 'own.jsonl');
  writeFileSync(path, '{"type":"view_item","time":"2026-01-04T10:00:00Z","userId":"u1"}\n');
  return path;
}

function pidsOf({ supervisor, components }: Status): number[] {
  return [supervisor?.pid, ...components.map(({ pid }) => pid)].filter((pid) => typeof pid === 'number');
}

/** Whether a process runs; one that has ended and that nobody has asked after yet does not. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Starts `ecom up` in the foreground, without a terminal. */
function upInForeground(dataDir: string): ChildProcess {
  return spawn(process.execPath, [ECOM, 'up', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

const poll = { timeout: 30_000, interval: 100 };

// Windows has no such signals.
describe.skipIf(process.platform === 'win32')('the life of ecom up', () => {
  test(
    'starts, is controlled, survives the death of a worker, and stops without a trace',
    LIMIT,
    async () => {
      const dataDir = dataFolder();
      const up = await ecom(dataDir, 'up', '-d', '--processors', '2');
      expect(up).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('ecom down') });

      const status = await statusOf(dataDir);
      expect(status.components.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
        ['processor-1', 'running', 0],
        ['processor-2', 'running', 0],
        ['generator', 'running', 0],
        ['recommender', 'running', 0],
      ]);
      expect(status.partitions.map(({ owner }) => owner).sort()).toEqual([
        'processor-1',
        'processor-1',
        'processor-2',
        'processor-2',
      ]);
      await expect
        .poll(async () => (await statusOf(dataDir)).partitions.every(({ position }) => position > 0), poll)
        .toBe(true);

      const second = await ecom(dataDir, 'up', '-d');
      expect(second.code).toBe(1);
      expect(second.stderr).toContain(
        `process ${status.supervisor!.pid} since ${status.supervisor!.startedAt}`,
      );
      expect(second.stderr).toContain(`try: ecom down --data-dir ${dataDir}`);

      const stateOf = async (name: string) =>
        (await statusOf(dataDir)).components.find((component) => component.name === name)!;
      expect((await ecom(dataDir, 'stop', 'generator')).code).toBe(0);
      expect(await stateOf('generator')).toMatchObject({ state: 'stopped', pid: null });
      expect((await ecom(dataDir, 'start', 'generator')).code).toBe(0);
      expect((await stateOf('generator')).state).toBe('running');
      expect(await ecom(dataDir, 'restart', 'cashier')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(
          'one of: processor, processor-1, processor-2, generator, recommender',
        ),
      });

      const victim = await stateOf('processor-1');
      process.kill(victim.pid!, 'SIGKILL');
      await expect.poll(() => stateOf('processor-1'), poll).toMatchObject({ state: 'running', restarts: 1 });
      expect(await stateOf('processor-1')).toMatchObject({ lastError: 'killed by SIGKILL' });

      const logged = await ecom(dataDir, 'logs', 'supervisor', '--json', '-n', '1000');
      const lines = logged.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toContainEqual(
        expect.objectContaining({ worker: 'processor-1', signal: 'SIGKILL', next: 'backoff' }),
      );

      const pids = pidsOf(await statusOf(dataDir));
      expect(pids).toHaveLength(5);
      expect(await ecom(dataDir, 'down')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('stopped'),
      });
      expect(pids.filter(runs)).toEqual([]);
      expect(await statusOf(dataDir)).toMatchObject({ supervisor: null, components: [] });
      expect(readdirSync(dataDir)).not.toContain('control.sock');
      expect(await ecom(dataDir, 'down')).toMatchObject({
        code: 0,
        stderr: expect.stringContaining('nothing is running'),
      });
    },
  );

  test('a killed supervisor leaves no worker behind, and the next start works', LIMIT, async () => {
    const dataDir = dataFolder();
    expect((await ecom(dataDir, 'up', '-d')).code).toBe(0);
    const pids = pidsOf(await statusOf(dataDir));
    expect(pids).toHaveLength(4);
    process.kill(pids[0]!, 'SIGKILL');
    await expect.poll(() => pids.filter(runs), poll).toEqual([]);
    expect(await statusOf(dataDir)).toMatchObject({ supervisor: null, components: [] });
    expect((await ecom(dataDir, 'up', '-d')).code).toBe(0);
    expect((await statusOf(dataDir)).components.map(({ state }) => state)).toEqual(Array(3).fill('running'));
    expect((await ecom(dataDir, 'down')).code).toBe(0);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s stops everything and is no failure',
    LIMIT,
    async (signal) => {
      const dataDir = dataFolder();
      const up = upInForeground(dataDir);
      const [line] = await once(up.stdout!, 'data');
      expect(String(line)).toMatch(/^\d\d:\d\d:\d\d \[30m\] .* events · /);
      const pids = pidsOf(await statusOf(dataDir));
      up.kill(signal);
      expect(await once(up, 'exit')).toEqual([0, null]);
      expect(pids.filter(runs)).toEqual([]);
    },
  );

  test('a reader that has seen enough stops everything', LIMIT, async () => {
    const dataDir = dataFolder();
    const up = upInForeground(dataDir);
    await once(up.stdout!, 'data');
    const pids = pidsOf(await statusOf(dataDir));
    expect(pids).toHaveLength(4);
    up.stdout!.destroy();
    expect(await once(up, 'exit')).toEqual([0, null]);
    expect(pids.filter(runs)).toEqual([]);
  });

  test('ecom down ends one in the foreground', LIMIT, async () => {
    const dataDir = dataFolder();
    const up = upInForeground(dataDir);
    await once(up.stdout!, 'data');
    expect((await ecom(dataDir, 'down')).code).toBe(0);
    expect(up.exitCode ?? (await once(up, 'exit'))[0]).toBe(0);
  });

  test('a damaged store is one clear line before anything is started', LIMIT, async () => {
    const dataDir = dataFolder();
    expect((await ecom(dataDir, 'up', '-d', '--no-generator')).code).toBe(0);
    await ecom(dataDir, 'down');
    writeFileSync(join(dataDir, 'live.db'), 'no database at all '.repeat(500));
    const logged = readFileSync(join(dataDir, 'logs', 'processor-1.log'), 'utf8');
    for (const args of [['up'], ['up', '-d']]) {
      const { code, stdout, stderr } = await ecom(dataDir, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toBe(
        `error: ${join(dataDir, 'live.db')}: it is damaged or no database of ecom\n` +
          `  try: count everything again from the log: ecom down --data-dir ${dataDir}, then ecom rebuild --data-dir ${dataDir}; where that fails, move the file away first\n`,
      );
    }
    expect(readFileSync(join(dataDir, 'logs', 'processor-1.log'), 'utf8')).toBe(logged);
    expect((await ecom(dataDir, 'doctor')).code).toBe(1);
  });

  test('more processors than partitions are wrong usage, in the background too', LIMIT, async () => {
    const dataDir = dataFolder();
    for (const args of [['up'], ['up', '-d']]) {
      expect(await ecom(dataDir, ...args, '--processors', '9')).toMatchObject({
        code: 2,
        stderr: 'error: 9 processors cannot share 4 partitions\n  try: use --processors 4 or fewer\n',
      });
    }
    expect(await statusOf(dataDir)).toMatchObject({ supervisor: null });
  });

  test('nothing runs, and looking leaves no trace', LIMIT, async () => {
    const dataDir = dataFolder();
    for (const args of [['status'], ['status', '--json'], ['down'], ['logs'], ['doctor', '--json']]) {
      expect((await ecom(dataDir, ...args)).code).toBe(0);
    }
    expect((await ecom(dataDir, 'stop', 'generator')).code).toBe(1);
    expect(existsSync(dataDir)).toBe(false);
  });

  test('the first one simulates, says so, and leaves the folder to the user’s own shop', LIMIT, async () => {
    const dataDir = dataFolder();
    const up = await ecom(dataDir, 'up', '-d');
    expect(up.stderr).toContain(`there is no shop's data in ${dataDir} yet: this is a simulated shop`);
    expect(up.stderr).toContain('ecom ingest FILE');
    await expect.poll(() => statsOf(dataDir), poll).toMatchObject({ simulated: true, simulatedShare: 1 });
    expect((await ecom(dataDir, 'stats')).stdout).toContain('SIMULATED · all of these shoppers are invented');
    expect(await statusOf(dataDir)).toMatchObject({ simulated: true, dataDir: join(dataDir, 'demo') });
    expect(await ecom(dataDir, 'reset', '--demo', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is in use by ecom up'),
    });
    // A second start finds the same shop.
    expect(await ecom(dataDir, 'up', '-d')).toMatchObject({ code: 1 });

    expect((await ecom(dataDir, 'ingest', ownFile())).code).toBe(0);
    expect(await statsOf(dataDir)).toMatchObject({ simulated: false, simulatedShare: 0, kpis: { users: 1 } });
    expect(await statusOf(dataDir)).toMatchObject({ simulated: false, dataDir, supervisor: null });
    expect(await statsOf(dataDir, '--demo')).toMatchObject({ simulated: true, simulatedShare: 1 });
    const insights = JSON.parse((await ecom(dataDir, 'insights', '--json', '--demo')).stdout);
    expect(insights).toMatchObject({ simulated: true });
    const pids = pidsOf(await statusOf(join(dataDir, 'demo')));
    expect(pids).toHaveLength(4);
    expect((await ecom(dataDir, 'down')).code).toBe(0);
    expect(pids.filter(runs)).toEqual([]);

    expect(await ecom(dataDir, 'reset')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect((await ecom(dataDir, 'reset', '--yes')).code).toBe(0);
    expect((await ecom(dataDir, 'stats')).stderr).toContain('this is the simulated shop');
    expect((await ecom(dataDir, 'reset', '--yes', '--demo')).code).toBe(0);
    expect(await ecom(dataDir, 'stats')).toMatchObject({ code: 1, stdout: '' });
  });

  test('a shop of one’s own gets no simulated shoppers unless they are asked for', LIMIT, async () => {
    const dataDir = dataFolder();
    await ecom(dataDir, 'ingest', ownFile());
    const up = await ecom(dataDir, 'up', '-d');
    expect(up).toMatchObject({ code: 0, stderr: expect.stringContaining('no simulated shoppers') });
    expect((await statusOf(dataDir)).components.map(({ name }) => name)).toEqual([
      'processor-1',
      'recommender',
    ]);
    for (const verb of ['start', 'restart']) {
      expect(await ecom(dataDir, verb, 'generator')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`ecom up --data-dir ${dataDir} --generator mixes them in`),
      });
    }
    expect(await statsOf(dataDir)).toMatchObject({ simulated: false, kpis: { events: 1 } });
    await ecom(dataDir, 'down');

    expect((await ecom(dataDir, 'up', '-d', '--generator')).code).toBe(0);
    await expect.poll(async () => (await statsOf(dataDir)).simulated, poll).toBe(true);
    const { simulatedShare } = await statsOf(dataDir);
    expect(simulatedShare).toBeGreaterThan(0);
    expect(simulatedShare).toBeLessThan(1);
    expect((await ecom(dataDir, 'stats', '--window', 'all')).stdout).toMatch(
      /SIMULATED · [\d.]+% of these events/,
    );
    expect((await ecom(dataDir, 'restart', 'generator')).code).toBe(0);
    await ecom(dataDir, 'down');
    // Once mixed it is asked again.
    await ecom(dataDir, 'up', '-d');
    expect((await statusOf(dataDir)).components.map(({ name }) => name)).not.toContain('generator');
  });

  test('a training that dies of its heap stops neither counting nor its worker', LIMIT, async () => {
    const dataDir = dataFolder();
    const path = join(tempDir(), 'own.jsonl');
    const event = (n: number) =>
      `{"type":"view_item","time":"2026-01-04T10:00:00Z","userId":"u${n}","items":[{"productId":"p${n % 9}"}]}\n`;
    writeFileSync(path, Array.from({ length: 300 }, (_, n) => event(n)).join(''));
    const env = { ECOM_TRAINING_MIB: '4' };
    expect((await ecomWith(env, dataDir, 'up', '-d', '--no-generator')).code).toBe(0);
    const ingested = await ecomWith(env, dataDir, 'ingest', path, '--json');
    expect(ingested.code).toBe(0);
    expect(JSON.parse(ingested.stdout)).toMatchObject({ events: 300, training: { state: 'elsewhere' } });
    const failures = async () => {
      const { stdout } = await ecom(dataDir, 'logs', 'recommender', '--json', '-n', '1000');
      return stdout
        .split('\n')
        .filter((line) => line.includes('training failed'))
        .map((line) => JSON.parse(line));
    };
    await expect.poll(async () => (await failures()).length, poll).toBeGreaterThan(1);
    expect((await failures())[0]).toMatchObject({
      reason: 'training failed: it needs more than 4 MiB',
      hint: expect.stringContaining('ECOM_TRAINING_MIB=8'),
    });
    writeFileSync(path, event(1).replace('u1', 'late'), { flag: 'a' });
    expect((await ecomWith(env, dataDir, 'ingest', path)).code).toBe(0);
    expect(await statsOf(dataDir)).toMatchObject({ kpis: { events: 301 }, freshness: { backlog: 0 } });
    const { components } = await statusOf(dataDir);
    expect(components.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([
      ['processor-1', 'running', 0],
      ['recommender', 'running', 0],
    ]);
  });

  test('generated events that were ingested are simulated ones, and may be gone on with', LIMIT, async () => {
    const dataDir = dataFolder();
    const path = join(tempDir(), 'generated.jsonl');
    await ecom(dataDir, 'generate', '--count', '500', '--out', path);
    await ecom(dataDir, 'ingest', path);
    expect(await statsOf(dataDir)).toMatchObject({ simulated: true, simulatedShare: 1 });
    await ecom(dataDir, 'up', '-d');
    expect((await statusOf(dataDir)).components.map(({ name }) => name)).toContain('generator');
    await ecom(dataDir, 'stop', 'generator');
    const mixed = await ecom(dataDir, 'ingest', ownFile());
    expect(mixed.stderr).toContain('simulated events are counted together with others');
    expect(await ecom(dataDir, 'start', 'generator')).toMatchObject({ code: 1 });
  });
});
