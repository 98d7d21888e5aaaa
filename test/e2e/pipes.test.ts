import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';

const ECOM = packageFile('bin', 'ecom.js');
const EVENT = '{"id":"a","type":"search","time":"2026-01-05T10:00:00Z","userId":"u","query":"q"}\n';

let folder: string;
let pipe: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  pipe = join(folder, 'pipe');
  file = join(folder, 'events.jsonl');
  writeFileSync(file, `${EVENT}no event\n`);
  if (process.platform !== 'win32') execFileSync('mkfifo', [pipe]);
  expect(run('ingest', file).status).toBe(0);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (env: Record<string, string> = {}) => ({
  ...process.env,
  ECOM_DATA_DIR: join(folder, 'data'),
  ...env,
});

function run(...args: string[]) {
  return spawnSync(process.execPath, [ECOM, ...args], {
    env: settings(),
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [ECOM, ...args], { env: settings(), stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Lets a process come to its pipe: it waits there from then on. */
async function untilItWaits(child: ChildProcess): Promise<void> {
  const busy = (): number => Number(readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ')[13]);
  for (let [before, now] = [-1, 0]; now !== before || now === 0; [before, now] = [now, busy()])
    await sleep(500);
}

describe.skipIf(process.platform !== 'linux')('a pipe with nobody at its other end', () => {
  test.each([
    ['ingest'],
    ['dead-letters', 'replay', '--from'],
    ['generate', '--out'],
    ['export', '--what', 'events', '--out'],
    ['dead-letters', 'export', '--out'],
  ])('ends the command that waits for it, at the first SIGTERM: %s', async (...args) => {
    const child = start(...args, pipe);
    await untilItWaits(child);
    child.kill('SIGTERM');
    const [code, signal] = await once(child, 'exit');
    expect(signal ?? code).toBeOneOf([130, 'SIGTERM']);
  });
});

describe.skipIf(process.platform === 'win32')('a pipe', () => {
  test.each([
    ['a map', ['ingest', '@', '--map', 'PIPE']],
    ['alerts', ['alerts'], { ECOM_ALERTS_FILE: 'PIPE' }],
    ['what a shop decides', ['recommend', '--user', 'u'], { ECOM_RECOMMEND_FILE: 'PIPE' }],
    ['an authority', ['stats'], { ECOM_REDIS_CA_FILE: 'PIPE', ECOM_LIVE_URL: 'rediss://127.0.0.1' }],
    ['a back-up', ['restore', 'PIPE']],
  ])('is refused as %s', (_, args, env: Record<string, string> = {}) => {
    const named = (text: string): string => (text === 'PIPE' ? pipe : text === '@' ? file : text);
    const { status, stderr } = spawnSync(process.execPath, [ECOM, ...args.map(named)], {
      env: settings(Object.fromEntries(Object.entries(env).map(([name, value]) => [name, named(value)]))),
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    });
    expect(status).toBeGreaterThan(0);
    expect(stderr).toMatch(/no (regular )?file/);
    expect(stderr).toMatch(/^ {2}try: /m);
  });

  test('is read and written where somebody is at its other end', async () => {
    const reading = start('ingest', pipe);
    writeFileSync(pipe, EVENT.replace('"a"', '"of-the-pipe"'));
    expect(await once(reading, 'exit')).toEqual([0, null]);
    const writing = start('generate', '--count', '20000', '--out', pipe);
    let text = '';
    for await (const chunk of createReadStream(pipe, 'utf8')) text += chunk;
    expect(await once(writing, 'exit')).toEqual([0, null]);
    expect(text.split('\n').length).toBe(20_001);
  });
});
