import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { list, show } from '../../src/commands/dead-letters.ts';
import { type IngestOptions, ingest } from '../../src/commands/ingest.ts';
import { train } from '../../src/commands/train.ts';
import { EcomError } from '../../src/errors.ts';
import { publishedModel } from '../../src/pipeline/recommender/published.ts';
import { readStats } from '../../src/pipeline/stats/read-stats.ts';
import { configFor, openStores } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const T = Date.UTC(2026, 0, 4);
const OPTIONS: IngestOptions = { format: 'auto', speed: 'max' };

function createContext(dataDir: string, env: Record<string, string> = {}) {
  const collect = (isTTY: boolean) => {
    const chunks: Buffer[] = [];
    const stream = Object.assign(new PassThrough(), { isTTY });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return { stream, text: () => Buffer.concat(chunks).toString() };
  };
  const [stdin, stdout, stderr] = [new PassThrough(), collect(false), collect(false)];
  const controller = new AbortController();
  const context = {
    config: configFor(dataDir, { ECOM_PARTITIONS: '2', ...env }),
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: controller.signal,
  } as unknown as CommandContext;
  const abort = (): void => controller.abort(new EcomError('INTERRUPTED', 'interrupted'));
  return { context, stdin, abort, out: stdout.text, notes: stderr.text };
}

function file(name: string, content: string | Buffer): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

function order(n: number, fields: object = {}): string {
  const items = [{ productId: `p${n % 5}`, price: 1.25, quantity: 2 }];
  return `${JSON.stringify({ type: 'purchase', time: T + n, userId: `u${n % 10}`, orderId: `o${n}`, items, ...fields })}\n`;
}

const orders = (count: number): string => Array.from({ length: count }, (_, n) => order(n)).join('');

async function run(dataDir: string, path: string, options: Partial<IngestOptions> = {}) {
  const test = createContext(dataDir);
  await ingest(test.context, [path], { ...OPTIONS, ...options });
  return { out: test.out(), notes: test.notes() };
}

async function statsOf(dataDir: string) {
  const stores = await openStores(configFor(dataDir));
  const stats = await readStats(stores, { period: 'all', now: T + 1e6, currency: 'USD', limit: 10 });
  const model = await publishedModel(stores.live);
  await stores.close();
  return { stats, model };
}

describe('ecom ingest', () => {
  test('the commands that it names look at the data folder that it filled', async () => {
    const dataDir = join(tempDir(), 'shop');
    const { out } = await run(dataDir, file('o.jsonl', `${orders(1)}nonsense\n`));
    expect(out).toContain(`see them with: ecom dead-letters list --data-dir ${dataDir}\n`);
    expect(out).toContain(`next: ecom stats --window all --data-dir ${dataDir}\n`);
    vi.stubEnv('ECOM_DATA_DIR', dataDir);
    onTestFinished(() => void vi.unstubAllEnvs());
    expect((await run(dataDir, file('o.jsonl', orders(1)))).out).toContain('stats --window all\n');
  });

  test('several files are read in one go, patterns among them, and learnt from once', async () => {
    const folder = tempDir();
    const lines = orders(6).trimEnd().split('\n');
    writeFileSync(join(folder, 'a.jsonl'), lines.slice(0, 2).join('\n'));
    writeFileSync(
      join(folder, 'b.jsonl.gz'),
      Buffer.concat([gzipSync(lines.slice(2, 4).join('\n')), Buffer.from('--')]),
    );
    writeFileSync(
      join(folder, 'c.json'),
      JSON.stringify(
        lines.slice(4).map((line) => JSON.parse(line)),
        null,
        2,
      ),
    );
    const dataDir = join(tempDir(), 'shop');
    const { context, out, notes } = createContext(dataDir);
    await ingest(context, [join(folder, '*.jsonl*'), join(folder, 'c.json')], { ...OPTIONS, json: true });
    const answers = out()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { file: join(folder, 'a.jsonl'), events: 2, training: { state: 'trained' } },
      { file: join(folder, 'b.jsonl.gz'), events: 2 },
      { file: join(folder, 'c.json'), events: 2, rejected: { total: 0 } },
    ]);
    expect(notes()).toContain('warning: ');
    expect((await statsOf(dataDir)).stats.kpis).toMatchObject({ orders: 6 });
    const none = createContext(dataDir);
    await expect(ingest(none.context, [join(folder, '*.csv')], OPTIONS)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('a file is followed as it grows, is renamed and begins anew, and from where it was left', async () => {
    const [dataDir, path] = [join(tempDir(), 'shop'), join(tempDir(), 'log.jsonl')];
    const line = (n: number): string => order(n, { id: `e${n}` });
    const counted = async (): Promise<number> => (await statsOf(dataDir)).stats.kpis.events;
    const follow = () => {
      const test = createContext(dataDir);
      return { ...test, ended: ingest(test.context, [path], { ...OPTIONS, follow: true }) };
    };
    writeFileSync(path, line(0) + line(1));
    const first = follow();
    await vi.waitFor(async () => expect(await counted()).toBe(2), 20_000);
    appendFileSync(path, line(2) + line(3).slice(0, 30));
    await vi.waitFor(async () => expect(await counted()).toBe(3), 20_000);
    appendFileSync(path, line(3).slice(30));
    // Who writes to it goes on for a moment with the file that it has open.
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, line(4));
    writeFileSync(path, line(5));
    appendFileSync(`${path}.1`, line(6));
    await vi.waitFor(async () => expect(await counted()).toBe(7), 20_000);
    writeFileSync(path, '');
    await vi.waitFor(() => expect(first.notes().match(/begins anew/g)).toHaveLength(2), 20_000);
    appendFileSync(path, line(7));
    await vi.waitFor(async () => expect(await counted()).toBe(8), 20_000);
    first.abort();
    await first.ended;
    expect(first.notes()).toContain('stopped after 8 events;');

    appendFileSync(path, `not JSON at all\n${line(8)}`);
    const second = follow();
    await vi.waitFor(async () => expect(await counted()).toBe(9), 20_000);
    second.abort();
    await second.ended;
    expect(second.notes()).toContain('stopped after 1 event and 1 rejected line;');
    const { stats } = await statsOf(dataDir);
    expect(stats.kpis).toMatchObject({ events: 9, orders: 9 });
    expect(stats.freshness).toMatchObject({ rejected: 1, duplicates: 0 });
  });

  test('what does not grow is not followed', async () => {
    const { context } = createContext(join(tempDir(), 'shop'));
    const follow = (files: string[], options = {}) =>
      ingest(context, files, { ...OPTIONS, follow: true, ...options });
    const path = file('a.jsonl', orders(1));
    await expect(follow(['-'])).rejects.toMatchObject({ code: 'INPUT' });
    await expect(follow([path, path])).rejects.toMatchObject({ code: 'USAGE' });
    await expect(follow([path], { rebase: 'now' })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(follow([file('a.gz', gzipSync('x'))])).rejects.toMatchObject({ code: 'INPUT' });
  });

  test('a file that cannot be read keeps the others from nothing', async () => {
    const dataDir = join(tempDir(), 'shop');
    const { context, out, notes } = createContext(dataDir);
    const files = [file('a.jsonl', orders(2)), file('bad.bin', 'PK\u0003\u0004'), file('c.jsonl', order(7))];
    await expect(ingest(context, files, OPTIONS)).rejects.toMatchObject({
      code: 'INPUT',
      message: '1 of 3 files could not be read to their end',
    });
    expect(notes()).toMatch(/error: .*bad\.bin is a zip archive/);
    expect(out()).toMatch(
      /a\.jsonl: 2 lines.*\n.*2 events.*\nc\.jsonl: 1 line.*\n.*1 event.*\nnext: ecom stats/,
    );
    expect((await statsOf(dataDir)).stats.kpis).toMatchObject({ orders: 3 });
    // Where one is not there, nothing is begun.
    const missing = createContext(join(tempDir(), 'other'));
    await expect(ingest(missing.context, [files[0]!, '/no/such'], OPTIONS)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(missing.out()).toBe('');
  });

  test('what is read is counted, and told, where nothing can be learnt of it', async () => {
    const dataDir = join(tempDir(), 'shop');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'recommend.json'), '{');
    const event = { id: '1', type: 'view_item', time: T, userId: 'u', items: [{ productId: 'a' }] };
    const path = file('events.jsonl', `${JSON.stringify(event)}\n`);
    const { context, out, notes } = createContext(dataDir);
    await ingest(context, [path], { ...OPTIONS, json: true });
    const answer = JSON.parse(out());
    expect(answer).toMatchObject({
      state: 'ingested',
      events: 1,
      training: { state: 'failed', reason: expect.stringContaining('recommend.json'), productsLeftOut: null },
    });
    expect(notes()).toMatch(
      /warning: everything is counted, but nothing was learnt.*recommend\.json.*\n {2}try: ecom train --data-dir /,
    );
    writeFileSync(join(dataDir, 'recommend.json'), '{}');
    const again = createContext(dataDir);
    await ingest(again.context, [path], { ...OPTIONS, json: true });
    expect(JSON.parse(again.out())).toMatchObject({
      state: 'unchanged',
      training: { state: 'trained', reason: null, productsLeftOut: 0 },
    });
  });

  test('a training that dies of its heap is told in a line, with what to do, and it fails nothing else', async () => {
    const dataDir = join(tempDir(), 'shop');
    const path = file('events.jsonl', orders(20));
    const { context, out, notes } = createContext(dataDir, { ECOM_TRAINING_MIB: '4' });
    await ingest(context, [path], { ...OPTIONS, json: true });
    expect(JSON.parse(out())).toMatchObject({
      events: 20,
      training: {
        state: 'failed',
        reason: 'training failed: it needs more than 4 MiB',
        hint: 'let it have more, as with ECOM_TRAINING_MIB=8',
      },
    });
    expect(notes().split('\n').slice(-3)).toEqual([
      'warning: everything is counted, but nothing was learnt for recommendations: training failed: it needs more than 4 MiB',
      `  try: let it have more, as with ECOM_TRAINING_MIB=8; then ecom train --data-dir ${dataDir}`,
      '',
    ]);
    const { stats, model } = await statsOf(dataDir);
    expect([stats.kpis.orders, model]).toEqual([20, undefined]);
    const command = createContext(dataDir, { ECOM_TRAINING_MIB: '4' });
    await expect(train(command.context, {})).rejects.toMatchObject({
      code: 'MEMORY',
      message: 'training failed: it needs more than 4 MiB',
      hint: 'let it have more, as with ECOM_TRAINING_MIB=8',
    });
    const enough = createContext(dataDir);
    await train(enough.context, {});
    expect(enough.out()).toContain('model 1');
  });

  test('returns when the numbers are ready, and the same file again changes none', async () => {
    const dataDir = join(tempDir(), 'data');
    const path = file('shop.jsonl', `${orders(12_000)}{"broken\n${order(1, { type: 'boom' })}`);
    const first = await run(dataDir, path);
    expect(first.notes).toMatch(/^shop.jsonl: format native, as its beginning shows\n/);
    expect(first.out).toMatch(
      /^shop\.jsonl: 12,002 lines, format native, in [\d.]+ s\n {2}12,000 events, 2026-01-04 to 2026-01-04\n {2}2 rejected: 1 not JSON, 1 type is wrong\n/,
    );
    const { stats, model } = await statsOf(dataDir);
    expect(JSON.stringify(model)).toContain('"p4"');
    expect(stats.kpis).toMatchObject({
      events: 12_000,
      orders: 12_000,
      unitsSold: 24_000,
      revenue: { gross: '30000.00' },
    });
    expect(stats.freshness).toMatchObject({ backlog: 0, duplicates: 0, rejected: 2 });
    const again = JSON.parse((await run(dataDir, path, { json: true })).out);
    expect(again).toMatchObject({
      schema: 'ecom.ingest/1',
      state: 'unchanged',
      lines: 0,
      knownLines: 12_002,
      events: 0,
    });
    expect((await statsOf(dataDir)).stats).toEqual(stats);
    expect((await run(dataDir, path, { rebase: 'now' })).out).toMatch(
      /already ingested, nothing changed.*\n.*--data-dir/,
    );
  });

  test('Ctrl-C keeps what was read, and another run goes on to the same numbers', async () => {
    const [dataDir, undisturbed] = [join(tempDir(), 'data'), join(tempDir(), 'data')];
    const path = file('shop.jsonl', orders(30_000));
    const stopped = createContext(dataDir);
    const watch = setInterval(() => {
      if (stopped.notes() !== '') stopped.abort();
    }, 1);
    await expect(ingest(stopped.context, [path], OPTIONS)).rejects.toMatchObject({
      code: 'INTERRUPTED',
      hint: expect.stringMatching(/^stopped after [\d,]+ new lines.*run the same command again/),
    });
    clearInterval(watch);
    expect(stopped.out()).toBe('');
    await run(dataDir, path);
    await run(undisturbed, path);
    const [mended, whole] = [(await statsOf(dataDir)).stats, (await statsOf(undisturbed)).stats];
    expect(mended.kpis).toEqual(whole.kpis);
    expect(mended.kpis.orders).toBe(30_000);
  });

  test('standard input and a map', async () => {
    const dataDir = join(tempDir(), 'data');
    const map = {
      type: { column: 'what', values: { buy: 'purchase' } },
      time: { column: 'at', unit: 'ms' },
      userId: 'who',
      productId: 'sku',
    };
    const { context, stdin, out } = createContext(dataDir);
    stdin.end(`what,at,who,sku\nbuy,${T},u,p\nlook,${T},u,p\n`);
    await ingest(context, ['-'], { ...OPTIONS, map: file('map.json', JSON.stringify(map)), json: true });
    expect(JSON.parse(out())).toMatchObject({
      file: '-',
      format: 'csv',
      state: 'ingested',
      events: 1,
      rejected: { total: 1, reasons: { 'not a shop event': 1 } },
      times: { from: new Date(T).toISOString(), to: new Date(T).toISOString() },
    });
  });

  test.each<[string, Partial<IngestOptions>, string]>([
    ['a wrong speed', { speed: 'fast' }, 'USAGE'],
    ['an unknown format', { format: 'xml' }, 'USAGE'],
    ['a format that needs a map', { format: 'csv' }, 'USAGE'],
    ['a map for what has none', { format: 'otto', map: 'x' }, 'USAGE'],
    ['a map that is not there', { map: join('no', 'such', 'folder') }, 'NOT_FOUND'],
  ])('%s is refused with a hint', async (_, options, code) => {
    const dataDir = join(tempDir(), 'data');
    const path = file('shop.jsonl', orders(1));
    await expect(run(dataDir, path, options)).rejects.toMatchObject({
      code,
      hint: expect.stringMatching(/./),
    });
  });

  test('a file that is not there leaves no data folder behind', async () => {
    const dataDir = join(tempDir(), 'data');
    await expect(run(dataDir, join(dataDir, 'nothing.csv'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(existsSync(dataDir)).toBe(false);
  });
});

describe('ecom dead-letters', () => {
  const evil = Buffer.from([0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xff, 0x41]);

  test('lists reasons and the newest letters, and shows one with its bytes made harmless', async () => {
    const dataDir = join(tempDir(), 'data');
    const bytes = Buffer.concat([Buffer.from(orders(3)), evil, Buffer.from('\n{"a":"\u001b[2J"}\n{"b\n')]);
    await run(dataDir, file('shop.jsonl', bytes));
    const json = createContext(dataDir);
    await list(json.context, { limit: 10, json: true });
    const listed = JSON.parse(json.out());
    expect(listed).toMatchObject({ schema: 'ecom.dead-letters/1', total: 3 });
    expect(
      Object.fromEntries(
        listed.reasons.map(({ reason, count }: { reason: string; count: number }) => [reason, count]),
      ),
    ).toEqual({
      'not JSON': 2,
      'not UTF-8': 1,
    });
    const letter = listed.letters.find(({ reason }: { reason: string }) => reason === 'not UTF-8');
    expect(letter.source).toBe('shop.jsonl:4');
    const shown = createContext(dataDir);
    await show(shown.context, letter.id, {});
    expect(shown.out()).toContain('\\x1b[31m\\xffA\n');
    expect(shown.out()).not.toContain('\u001b');
    const raw = createContext(dataDir);
    await show(raw.context, letter.id, { json: true });
    const { base64, ...rest } = JSON.parse(raw.out());
    expect(rest).toMatchObject({ schema: 'ecom.dead-letter/1', size: 7, text: null });
    expect(Buffer.from(base64, 'base64').equals(evil)).toBe(true);
    const text = createContext(dataDir);
    await list(text.context, { limit: 1, reason: 'not UTF-8' });
    expect(text.out()).toMatch(
      /^2 {2}not JSON\n1 {2}not UTF-8\n\nnewest with 'not UTF-8':\n {2}\d+:\d+ .*shop\.jsonl:4 {2}not UTF-8: /,
    );
  });

  test('what is not there', async () => {
    const dataDir = join(tempDir(), 'data');
    await expect(list(createContext(dataDir).context, { limit: 1 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await run(dataDir, file('shop.jsonl', orders(1)));
    const { context, out } = createContext(dataDir);
    await list(context, { limit: 1 });
    expect(out()).toBe('no dead letters: every line was a valid event\n');
    await expect(show(context, '0:7', {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(show(context, 'seven', {})).rejects.toMatchObject({ code: 'USAGE' });
  });
});
