import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';

const ECOM = packageFile('bin', 'ecom.js');
const LIMIT = 300_000;
/** What must not leave the program: all of Unicode's controls and marks of direction, and both separators, but the line feed. */
const RAW = /[\p{Bidi_Control}\u2028\u2029]|(?!\n)\p{Cc}/u;
/** What acts on a terminal: title, screen, clipboard, link, C1, overrides, separators; a formula last. */
const ACTS =
  '\u001b]0;pwn\u0007\u001b[2J\u001b]52;c;cm0gLXJm\u0007\u001b]8;;http:evil\u001b\\B\u009b31m\u0085\u0090q' +
  '\u202eRLO\u2066\u200fz\u2028\u2029\u061c\u007f\r\n\t=1+1';
/** The same as an argument or a file name, which is shorter. */
const H = 'h\u001b]0;p\u0007\u001b[2J\u009b31m\u0085\u202eR\u2066\u2028\u061c\u007f\r\nerror: x\t';
const hostile = (tag: string): string => `${tag}${ACTS}\u0000\ud800`;

/** The arguments that each command is run with, besides those that every one gets. A new command needs an entry. */
const RUNS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  up: [
    ['--detach', '--rate', '1', '--seed', H],
    ['--stack', H],
    ['--rate', H],
  ],
  status: [[], ['--json']],
  start: [[H], ['generator']],
  stop: [[H]],
  restart: [[H], ['generator']],
  logs: [[], ['--json'], [H]],
  doctor: [[], ['--json']],
  down: [[], ['--stack', H]],
  worker: [[H], ['processor', '--name', H]],
  ingest: [
    [`no${H}.jsonl`],
    [`no${H}.jsonl`, '--json'],
    ['FILE', '--json'],
    ['FILE', '--format', H],
    ['FILE', '--format', 'segment'],
    ['FILE', '--map', `no${H}`],
    ['FILE', '--map', 'MAP'],
    ['FILE', '--speed', H],
    ['FILE', '--rebase', H],
  ],
  map: [['FILE'], [`no${H}.csv`], ['FILE', '--out', `no${H}/x`], ['FILE', '--json']],
  rebuild: [[], ['--force']],
  backup: [[`no${H}/x`], [`backup${H}.tar`]],
  restore: [[`no${H}`], ['FILE']],
  generate: [
    ['--count', '20', '--dirty', '1', '--seed', H],
    ['--start', H],
    ['--out', `no${H}/x`],
  ],
  stats: [
    ['--window', 'all'],
    ['--window', 'all', '--json'],
    ['--window', 'all', '--by', 'product'],
    ['--window', 'all', '--by', 'category'],
    ['--window', 'all', '--by', 'country', '--json'],
    ['--window', 'all', '--by', H],
    ['--window', 'all', '--where', `category=${H}`],
    ['--window', 'all', '--where', `${H}=x`, '--json'],
    ['--window', H],
    ['--from', H],
    ['--fail-if', H],
    ['--fail-if', `kpis.${H}<1`],
  ],
  insights: [['--window', 'all'], ['--window', 'all', '--json'], [H], ['--to', H]],
  alerts: [[], ['--json']],
  export: [
    ...['events', 'orders', 'products', 'sessions'].flatMap((what) => [
      ['--what', what],
      ['--what', what, '--format', 'jsonl'],
    ]),
    ['--what', H],
    ['--what', 'events', '--where', `${H}=x`],
    ['--what', 'events', '--out', `no${H}/x`],
  ],
  dashboard: [[], ['--user', H], ['--window', H]],
  recommend: [
    ['--user', `usr${ACTS}`],
    ['--user', `usr${ACTS}`, '--json'],
    ['--user', 'usr', '--explain'],
    ['--user', H, '--category', H],
    ['--session', `pr1${ACTS}`, '--explain'],
    ['--session', H, '--json'],
    ['--algorithm', H],
  ],
  similar: [
    ['--product', `pr1${ACTS}`],
    ['--product', `pr1${ACTS}`, '--json'],
    ['--product', H],
  ],
  train: [['--json'], ['--algorithm', H]],
  evaluate: [
    ['--algorithm', 'popular'],
    ['--algorithm', H],
    ['--k', H],
    ['--export-split', H],
  ],
  'model list': [[], ['--json']],
  'model show': [[], ['--json'], [H]],
  'model use': [[H]],
  'model diff': [
    ['1', H],
    ['1', '2', '--json'],
  ],
  'dead-letters list': [[], ['--json'], ['--reason', H]],
  'dead-letters show': [['LETTER'], ['LETTER', '--json'], [H]],
  'dead-letters export': [[], ['--reason', H], ['--out', `no${H}/x`]],
  'dead-letters replay': [['--set', H], ['--set', `currency=${H}`], ['--from', `no${H}`], ['--json'], []],
  reset: [[], ['--yes']],
};

interface Outcome {
  readonly shown: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
let dataDir: string;
let file: string;
let map: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ecom-test-'));
  dataDir = join(folder, `data${H}`);
  file = join(folder, `events${H}.jsonl`);
  map = join(folder, `map${H}.json`);
  writeFileSync(file, hostileEvents());
  writeFileSync(map, JSON.stringify({ [H]: H, time: H, columns: { [H]: H } }));
  const { code, ...said } = await ecom(['ingest', file]);
  expect(code, said.stderr).toBe(0);
  expectTame({ code, ...said });
}, LIMIT);
afterAll(async () => {
  await ecom(['down']);
  rmSync(folder, { recursive: true, force: true });
}, LIMIT);

function ecom(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [ECOM, ...args],
      { cwd: folder, env: { ...process.env, ECOM_DATA_DIR: dataDir, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) =>
        resolve({
          shown: JSON.stringify(args),
          code: error === null ? 0 : Number(error.code),
          stdout,
          stderr,
        }),
    );
    child.stdin?.end();
  });
}

function expectTame({ shown, stdout, stderr }: Outcome): void {
  for (const [name, text] of Object.entries({ stdout, stderr })) {
    const at = text.search(RAW);
    expect(
      at === -1 ? '' : JSON.stringify(text.slice(Math.max(0, at - 60), at + 20)),
      `${shown} ${name}`,
    ).toBe('');
  }
  // A file name or an argument forges no error of its own.
  expect(stderr.split('\n').filter((line) => line.startsWith('error: x'))).toEqual([]);
}

/** Two at a time: a quiet machine has that many cores. */
async function runAll(all: readonly (readonly string[])[], env?: NodeJS.ProcessEnv): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = all.entries();
  const work = async (): Promise<void> => {
    for (const [index, args] of left) outcomes[index] = await ecom(args, env);
  };
  await Promise.all([work(), work()]);
  return outcomes;
}

function hostileEvents(): Buffer {
  const item = (n: number) => ({
    productId: hostile(`pr${n}`),
    name: hostile('Name'),
    category: `${hostile('Cat')} > ${hostile('Sub')}`,
    brand: hostile('Brand'),
    price: '12.50',
    quantity: 2,
    [hostile('extra')]: hostile('x'),
  });
  const events: Record<string, unknown>[] = [];
  const add = (type: string, more: Record<string, unknown> = {}): void => {
    events.push({
      id: hostile(`id${events.length}`),
      type,
      time: 1_767_571_200_000 + events.length * 1000,
      userId: hostile('usr'),
      sessionId: hostile('ses'),
      source: hostile('src'),
      properties: { country: hostile('DE'), [hostile('prop')]: hostile('val'), results: 0 },
      ...more,
    });
  };
  for (let n = 0; n < 6; n += 1) {
    add('search', { query: hostile('query') });
    for (const type of ['view_item', 'add_to_cart', 'begin_checkout']) add(type, { items: [item(n)] });
    add('purchase', { orderId: hostile(`ord${n}`), items: [item(n)], currency: 'USD' });
    add('view_item', { items: [item((n + 1) % 6)], userId: hostile('usr2') });
    add('view_item', { items: [item((n + 2) % 6)], userId: '=HYPERLINK("http://evil")' });
  }
  add('refund', { orderId: hostile('ord1'), items: [item(1)] });
  for (const start of ['-', '+', '=', '@', '\t=', ' =1', '\uff1d1+1'])
    add('view_item', {
      userId: `${start}cmd`,
      items: [{ productId: `${start}P`, name: `${start}N`, price: 1 }],
    });
  add('purchase', { currency: hostile('EU') });
  add(hostile('type'));
  add('view_item', { time: hostile('time') });
  add('view_item', { items: [{ productId: 'p', quantity: -1, name: hostile('n') }] });
  const lines = events.map((event) => JSON.stringify(event));
  // C1, DEL and the rest as they are, where JSON allows it.
  const bare = events
    .slice(0, 20)
    .map((event) => JSON.stringify({ ...event, id: `${String(event.id)}raw` }).replaceAll('\\ud800', ''));
  return Buffer.concat([
    Buffer.from([...lines, ...bare, ''].join('\n')),
    Buffer.from(
      '{"type":"view_item" \u001b[31m \u009b2J no JSON\n{"a":"\u202e"\n\u001b[2Jnone at all \u009d0;t\u009c\n',
    ),
    Buffer.from([0xff, 0xfe, 0x1b, 0x5d, 0x30, 0x3b, 0x78, 0x07, 0x9b, 0x0a]),
  ]);
}

/** The names in the list of commands of a help text. */
function commandsOf(help: string): string[] {
  const list = help.slice(help.indexOf('\nCommands:\n'));
  if (!help.includes('\nCommands:\n')) return [];
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)]
    .map((match) => match[1]!)
    .filter((name) => name !== 'help');
}

describe('hostile text', () => {
  test(
    'is in the table for every command of the program',
    async () => {
      const top = commandsOf((await ecom(['--help'])).stdout);
      const helps = await runAll(top.map((name) => [name, '--help']));
      const all = top.flatMap((name, index) => {
        const below = commandsOf(helps[index]!.stdout);
        return below.length === 0 ? [name] : below.map((sub) => `${name} ${sub}`);
      });
      expect(all.length).toBeGreaterThan(20);
      expect(Object.keys(RUNS).sort()).toEqual(all.sort());
    },
    LIMIT,
  );

  test(
    'in the name of a command, an option, an argument or the data folder is no raw control',
    async () => {
      const commands = Object.keys(RUNS).map((name) => name.split(' '));
      const outcomes = await runAll([
        [H],
        [`--${H}`],
        ['help', H],
        ['dead-letters', H],
        ['model', H],
        ...commands.flatMap((name) => [
          [...name, `--${H}`],
          [...name, H, H, H, `--json=${H}`],
        ]),
      ]);
      for (const outcome of outcomes) {
        expectTame(outcome);
        expect(outcome.code, outcome.shown).toBe(2);
      }
    },
    LIMIT,
  );

  test(
    'in settings is no raw control',
    async () => {
      for (const name of [
        'ECOM_TIMEZONE',
        'ECOM_CURRENCY',
        'ECOM_PROPERTIES',
        'ECOM_STACK',
        'ECOM_LIVE_URL',
        'ECOM_ALERTS_FILE',
        'ECOM_DATA_DIR',
      ])
        for (const outcome of await runAll([['status'], ['stats', '--json']], { [name]: H }))
          expectTame(outcome);
    },
    LIMIT,
  );

  test(
    'is no raw control in any command’s answer or error, and JSON stays JSON',
    async () => {
      const list = JSON.parse((await ecom(['dead-letters', 'list', '--json'])).stdout) as {
        deadLetters?: { id: string }[];
        letters?: { id: string }[];
      };
      const letter = (list.letters ?? list.deadLetters)![0]!.id;
      const known: Record<string, string> = { FILE: file, MAP: map, LETTER: letter };
      const parts = (name: string, args: readonly string[]) => [
        ...name.split(' '),
        ...args.map((arg) => known[arg] ?? arg),
      ];
      const inOrder = ['up', 'status', 'start', 'stop', 'restart', 'logs', 'doctor', 'down'];
      const last = ['rebuild', 'train', 'dead-letters replay', 'reset'];
      const reading = Object.keys(RUNS).filter((name) => ![...inOrder, ...last].includes(name));
      const outcomes = await runAll(reading.flatMap((name) => RUNS[name]!.map((args) => parts(name, args))));
      for (const name of [...last.slice(0, -1), ...inOrder, 'reset'])
        for (const args of RUNS[name]!) outcomes.push(await ecom(parts(name, args)));
      for (const outcome of outcomes) {
        expectTame(outcome);
        expect(outcome.stderr, outcome.shown).not.toContain('unexpected:');
        if (outcome.code !== 0) continue;
        if (outcome.shown.includes('"--json"') && !outcome.shown.startsWith('["logs"'))
          expect(() => JSON.parse(outcome.stdout), outcome.shown).not.toThrow();
        if (outcome.shown.includes('jsonl') && outcome.shown.startsWith('["export"'))
          for (const line of outcome.stdout.trimEnd().split('\n')) JSON.parse(line);
      }
      const letters = outcomes.find(({ shown }) => shown === '["dead-letters","export"]')!;
      const texts = letters.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { text?: string });
      expect(texts.map(({ text }) => text)).toContain('\u001b[2Jnone at all \u009d0;t\u009c');
    },
    LIMIT,
  );
});
