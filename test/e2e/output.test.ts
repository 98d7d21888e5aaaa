import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';

const ECOM = packageFile('bin', 'ecom.js');
const FULL = '/dev/full';

let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  const file = join(dataDir, 'events.jsonl');
  expect(run(['generate', '--count', '2000', '--out', file]).status).toBe(0);
  expect(run(['ingest', file]).status).toBe(0);
}, 60_000);
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Given {
  readonly stdout?: number;
  readonly stderr?: number;
  readonly node?: readonly string[];
}

function run(args: readonly string[], { stdout, stderr, node = [] }: Given = {}) {
  return spawnSync(process.execPath, [...node, ECOM, ...args], {
    env: { ...process.env, ECOM_DATA_DIR: dataDir, NO_COLOR: '1' },
    stdio: ['ignore', stdout ?? 'pipe', stderr ?? 'pipe'],
    encoding: 'utf8',
    timeout: 60_000,
  });
}

describe.skipIf(!existsSync(FULL))('a disk that is full', () => {
  test.each([
    ['stats'],
    ['stats', '--json'],
    ['stats', '--watch', '--interval', '0.1'],
    ['export', '--what', 'events'],
    ['export', '--what', 'orders', '--format', 'jsonl'],
    ['generate', '--count', '20000'],
    ['insights', '--json'],
    ['status', '--json'],
    ['dead-letters', 'list'],
    ['dead-letters', 'export'],
    ['doctor'],
    ['--help'],
    ['stats', '--help'],
    // Its workers are stopped first, and a service manager has to see that it failed.
    ['up', '--no-dashboard', '--no-generator'],
  ])('under standard output is one line and exit 1: %s %s %s %s', (...args) => {
    const full = openSync(FULL, 'w');
    // There are no dead letters to export.
    const silent = args.join(' ') === 'dead-letters export';
    try {
      const { status, stderr } = run(args, { stdout: full });
      const lines = stderr.split('\n').filter((line) => line.startsWith('error:'));
      expect(lines).toEqual(
        silent ? [] : ['error: cannot write to standard output: no space left on the device'],
      );
      expect(stderr).not.toMatch(/at .*\.js:\d+/);
      expect(status).toBe(silent ? 0 : 1);
    } finally {
      closeSync(full);
    }
  });

  test('under --out is one line and exit 1', () => {
    const { status, stderr } = run(['export', '--what', 'events', '--out', FULL]);
    expect(stderr.split('\n')[0]).toBe(`error: cannot write ${FULL}: no space left on the device`);
    expect(status).toBe(1);
  });

  test('under standard error does not hide the answer', () => {
    const full = openSync(FULL, 'w');
    const { status, stdout } = run(['stats', '--json'], { stderr: full });
    closeSync(full);
    expect(JSON.parse(stdout).schema).toBe('ecom.stats/1');
    expect(status).toBe(0);
  });
});

describe('an error that nobody foresaw', () => {
  const plant = (code: string) => ['--import', `data:text/javascript,${encodeURIComponent(code)}`];

  test.each([
    [
      'thrown',
      `Object.defineProperty(process.stdout, 'isTTY', { get() { throw new Error('planted\\nsecond line') } });`,
    ],
    ['thrown late', `setTimeout(() => { throw new Error('planted\\nsecond line') }, 1500);`],
    ['rejected late', `setTimeout(() => Promise.reject(new Error('planted\\nsecond line')), 1500);`],
  ])('%s, is one line, with its stack in the log', (_, code) => {
    const log = join(dataDir, 'logs', 'commands.log');
    rmSync(log, { force: true });
    const { status, stderr } = run(['stats', '--watch', '--interval', '1'], { node: plant(code) });
    expect(stderr.split('\n').filter((line) => line !== '' && !line.startsWith('  try:'))).toEqual([
      'error: unexpected: planted',
    ]);
    expect(stderr).toContain(log);
    expect(status).toBe(1);
    expect(JSON.parse(readFileSync(log, 'utf8').split('\n')[0]!).err.stack).toMatch(
      /planted\nsecond line\n +at /,
    );
  });
});
