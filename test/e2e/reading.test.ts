import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';
import { serveControl } from '../../src/pipeline/supervisor/control-server.ts';
import { type ReadRequest, type ReadResponse } from '../../src/pipeline/supervisor/reading-request.ts';
import { tempDir } from '../support/temp-dir.ts';

const ECOM = packageFile('bin', 'ecom.js');

let dir: string;
let dataDir: string;
/** A module that lets no store be opened. */
let noStore: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  dataDir = join(dir, 'data');
  noStore = join(dir, 'no-store.cjs');
  writeFileSync(noStore, "process.dlopen = () => { throw new Error('a store is opened'); };\n");
  const file = join(dir, 'events.jsonl');
  expect(ecom(['generate', '--count', '3000', '--out', file]).status).toBe(0);
  expect(ecom(['ingest', file]).status).toBe(0);
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Given {
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: readonly string[];
}

function ecom(args: readonly string[], { program = ECOM, env = {}, node = [] }: Given = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, program, ...args], {
    env: { ...process.env, ECOM_DATA_DIR: dataDir, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

/** The same while this process goes on. */
function ecomMeanwhile(args: readonly string[], env: Readonly<Record<string, string>>) {
  return new Promise<ReturnType<typeof ecom>>((resolve) => {
    const options = { env: { ...process.env, ...env } };
    execFile(process.execPath, [ECOM, ...args], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Without what is another one in every answer. */
function steady({ status, stdout, stderr }: ReturnType<typeof ecom>) {
  return { status, stdout: stdout.replace(/"recommendationId":"[^"]*"/, ''), stderr };
}

const LINES: readonly (readonly [args: readonly string[], env?: Readonly<Record<string, string>>])[] = [
  [['stats', '--json']],
  [['stats']],
  [['stats', '--window', 'all', '--by', 'country', '--limit', '3']],
  [['stats', '--json', '--window=7d', '--compare', 'previous', '--by=product', '--sort', 'views']],
  [['stats', '--json', '--anomalies']],
  [['stats', '--json', '--from', '2026-01-05', '--to', '2026-01-05']],
  [['stats', '--json', '--fail-if', 'kpis.events>0']],
  [['stats', '--json', '--fail-if', 'kpis.events<0']],
  [['stats', '--json'], { ECOM_TIMEZONE: 'Asia/Tokyo', ECOM_CURRENCY: 'EUR' }],
  [['stats', '--json'], { ECOM_PROPERTIES: 'device' }],
  [['recommend', '--user', 'u1', '--json']],
  [['recommend', '--user', 'nobody', '--json', '--limit', '3']],
  [['recommend', '--user', 'u1', '--explain']],
  [['recommend', '--user', 'u1'], { NO_COLOR: '1' }],
];
/** What a running shop leaves to the command itself. */
const LEFT: typeof LINES = [
  [['stats', '--help']],
  [['stats', '--version']],
  [['stats', '--jsom']],
  [['stats', '--limit', '0']],
  [['stats', '--window', 'all', '--compare', 'previous']],
  [['stats', '--data-dir', '/nowhere/at/all']],
  [['stats', '--by', 'nothing']],
  [['stats', '--fail-if', 'kpis.nothing<1']],
  [['stats', '--json', '--where', 'category=Phones']],
  [['stats'], { ECOM_CURRENCY: 'euro' }],
  [['recommend']],
  [['recommend', '--user', 'u1', '--in-stock']],
  [['recommend', '--user', 'u1', '--algorithm', 'magic']],
  [['recommend', '--user', 'u1', '--algorithm', 'popular']],
];

describe('commands that only read', () => {
  test('print the same from the file of their own, from the program, and from a running shop', async () => {
    const all = [...LINES, ...LEFT];
    const ordinary = all.map(([args, env = {}]) =>
      steady(ecom(args, { program: packageFile('dist', 'cli.js'), env })),
    );
    expect(ordinary.map(({ status }) => status)).toEqual(expect.arrayContaining([0, 1, 2, 3]));
    // The second time from what V8 compiled the first time.
    for (let time = 0; time < 2; time += 1)
      all.forEach(([args, env = {}], i) => {
        expect(steady(ecom(args, { env })), args.join(' ')).toEqual(ordinary[i]);
      });
    expect(ecom(['up', '-d', '--no-generator']).status).toBe(0);
    try {
      all.forEach(([args, env = {}], i) => {
        expect(steady(ecom(args, { env })), args.join(' ')).toEqual(ordinary[i]);
      });
      for (const [args, env = {}] of LINES) {
        const asked = ecom(args, { env, node: ['--require', noStore] });
        expect(asked.stderr, args.join(' ')).not.toContain('a store is opened');
        expect([0, 3], args.join(' ')).toContain(asked.status);
      }
      expect(statSync(join(dataDir, 'control.sock')).mode & 0o777).toBe(0o600);
    } finally {
      ecom(['down']);
    }
  }, 300_000);

  test('are not kept waiting by a shop that is stopped', async () => {
    const expected = ecom(['stats', '--json', '--window', 'all']);
    const up = spawn(process.execPath, [ECOM, 'up', '--no-generator', '--no-dashboard'], {
      env: { ...process.env, ECOM_DATA_DIR: dataDir },
      stdio: 'ignore',
    });
    try {
      while (!existsSync(join(dataDir, 'control.sock'))) await new Promise((go) => setTimeout(go, 50));
      up.kill('SIGSTOP');
      expect(ecom(['stats', '--json', '--window', 'all'])).toEqual(expected);
    } finally {
      up.kill('SIGCONT');
      up.kill('SIGTERM');
      await new Promise((gone) => up.once('exit', gone));
    }
  }, 120_000);

  test('print what the shop answers, and run in the ordinary way where it gives no answer', async () => {
    const folder = tempDir();
    const env = { ECOM_DATA_DIR: folder, COLUMNS: '80' };
    expect(ecom(['ingest', join(dir, 'events.jsonl')], { env }).status).toBe(0);
    const ordinary = ecom(['stats', '--json'], { env });
    const output = [
      [2, 'a note\n'],
      [1, 'an answer\n'],
    ] as const;
    const asked: ReadRequest[] = [];
    const answers: unknown[] = [
      { ok: true, exit: 3, output },
      { ok: false },
      { ok: false, code: 'USAGE', message: 'a request must have a command' },
      { ok: true, pid: 1 },
      { ok: true, exit: 0, output: [[1, 'x'.repeat(2 ** 20)]] },
      'nothing',
    ];
    const server = await serveControl(
      { dataDir: folder },
      async () => Promise.reject(new Error('asked something else')),
      async (request) => {
        asked.push(request);
        return answers[asked.length - 1] as ReadResponse;
      },
    );
    onTestFinished(() => server.close());
    expect(await ecomMeanwhile(['stats', '--json'], env)).toEqual({
      status: 3,
      stdout: 'an answer\n',
      stderr: 'a note\n',
    });
    for (let i = 1; i < answers.length; i += 1)
      expect(await ecomMeanwhile(['stats', '--json'], env)).toEqual(ordinary);
    expect(asked).toHaveLength(answers.length);
    expect(asked[0]).toMatchObject({ argv: ['stats', '--json'], terminal: { stdout: 0, stderr: 0 } });
    expect(asked[0]!.env).not.toHaveProperty('COLUMNS');
    // Whoever may write to the folder may have put the socket there; the command says what is wrong.
    chmodSync(folder, 0o777);
    expect((await ecomMeanwhile(['stats', '--json'], env)).stderr).toContain('can be written by everybody');
    expect(asked).toHaveLength(answers.length);
  }, 60_000);

  test('leave alone what of V8 somebody else may have written, or is damaged', () => {
    const copy = join(tempDir(), 'ecom');
    for (const name of ['bin', 'dist', 'package.json'])
      cpSync(packageFile(name), join(copy, name), { recursive: true });
    symlinkSync(packageFile('node_modules'), join(copy, 'node_modules'));
    const dist = join(copy, 'dist');
    const caches = () => readdirSync(dist).filter((name) => name.endsWith('.cache'));
    for (const name of caches()) rmSync(join(dist, name));
    const program = join(copy, 'bin', 'ecom.js');
    const expected = ecom(['stats', '--json'], { program });
    expect(expected.status).toBe(0);
    const [name] = caches();
    const path = join(dist, name!);
    const kept = readFileSync(path);
    writeFileSync(path, Buffer.concat([kept.subarray(0, 200), Buffer.alloc(kept.length - 200, 0x55)]));
    expect(ecom(['stats', '--json'], { program })).toEqual(expected);
    writeFileSync(path, 'nothing');
    expect(ecom(['stats', '--json'], { program })).toEqual(expected);
    expect(readFileSync(path).length).toBeGreaterThan(1000);
    writeFileSync(path, 'nothing');
    chmodSync(path, 0o666);
    expect(ecom(['stats', '--json'], { program })).toEqual(expected);
    rmSync(path);
    chmodSync(dist, 0o777);
    expect(ecom(['stats', '--json'], { program })).toEqual(expected);
    expect(caches()).toEqual([]);
  }, 60_000);
});
