import { appendFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ensureDataDir } from '../../../src/config.ts';
import { type EcomError } from '../../../src/errors.ts';
import { type EventLog } from '../../../src/pipeline/event-log/event-log.ts';
import { openEventLog } from '../../../src/pipeline/event-log/open.ts';
import { partitionFor } from '../../../src/pipeline/event-log/partitioner.ts';
import { decodeRecord, isRejected } from '../../../src/pipeline/events/decode.ts';
import { chooseFormat } from '../../../src/pipeline/events/formats/choose.ts';
import { type FormatName } from '../../../src/pipeline/events/formats/format.ts';
import { type IngestOptions, ingest } from '../../../src/pipeline/ingest/ingest.ts';
import { createRecordMaker } from '../../../src/pipeline/ingest/records.ts';
import { createRowReader } from '../../../src/pipeline/ingest/rows.ts';
import { findInput } from '../../../src/pipeline/ingest/source.ts';
import { readLog } from '../../support/read-log.ts';
import { configFor } from '../../support/stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

const T = Date.UTC(2026, 0, 4);
const ANYWHERE = { partition: 0, offset: 0 };

async function emptyLog(): Promise<EventLog> {
  const config = configFor(join(tempDir(), 'data'), { ECOM_PARTITIONS: '2' });
  ensureDataDir(config);
  const log = await openEventLog(config);
  onTestFinished(() => log.close());
  return log;
}

async function read(log: EventLog, path: string | Readable, options: Partial<IngestOptions> = {}) {
  const input = typeof path === 'string' ? await findInput(path, process.stdin) : await findInput('-', path);
  const signal = new AbortController().signal;
  return ingest({
    log,
    input,
    choice: { format: 'auto' },
    speed: undefined,
    rebase: false,
    clock: Date.now,
    signal,
    ...options,
  });
}

/** All records, by partition. */
async function contents(log: EventLog): Promise<string[][]> {
  return (await readLog(log)).map((records) => records.map(({ value }) => String(value)));
}

async function ids(log: EventLog): Promise<(string | undefined)[]> {
  const context = { partition: 0, offset: 0, appendedAt: T * 2 };
  return (await contents(log)).flat().map((value) => decodeRecord(value, context).id);
}

function line(n: number, fields: object = {}): string {
  return `${JSON.stringify({ type: 'view_item', time: T + n, userId: `u${n % 7}`, ...fields })}\n`;
}

const lines = (count: number, fields?: object): string =>
  Array.from({ length: count }, (_, n) => line(n, fields)).join('');

function file(name: string, content: string | Buffer): string {
  const path = join(tempDir(), name);
  writeFileSync(path, content);
  return path;
}

async function failure(work: Promise<unknown>): Promise<EcomError> {
  return work.then(
    () => expect.unreachable(),
    (error) => error,
  );
}

describe('a source counts once', () => {
  test('the same file again, packed, or as a stream appends nothing', async () => {
    const log = await emptyLog();
    const text = lines(500) + line(0, { type: 'boom' });
    const path = file('a.jsonl', text);
    expect(await read(log, path)).toMatchObject({
      format: 'native',
      lines: 501,
      knownLines: 0,
      events: 500,
      rejected: { 'type is wrong': 1 },
    });
    const before = await contents(log);
    expect(before.flat().length).toBe(501);
    const again = { lines: 0, knownLines: 501, events: 0, rejected: {} };
    expect(await read(log, path)).toMatchObject(again);
    expect(await read(log, file('b.gz', gzipSync(text)))).toMatchObject(again);
    expect(await read(log, Readable.from([Buffer.from(text)], { objectMode: false }))).toMatchObject(again);
    expect(await read(log, path, { rebase: true })).toMatchObject(again);
    expect(await contents(log)).toEqual(before);
  });

  test('equal lines of one file are different events, and those of another one the same', async () => {
    const log = await emptyLog();
    await read(log, file('a.jsonl', line(1).repeat(3)));
    await read(log, file('b.jsonl', line(1).repeat(2) + line(2)));
    const known = await ids(log);
    expect(known.length).toBe(6);
    expect(new Set(known).size).toBe(4);
  });

  test('of a file that has grown only the new lines are read, and from any size on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        async (sizes) => {
          const [log, whole] = [await emptyLog(), await emptyLog()];
          const path = file('grows.jsonl', '');
          let count = 0;
          let key: string | undefined;
          for (const size of sizes) {
            appendFileSync(
              path,
              Array.from({ length: size }, (_, n) => line(count + n, { name: 'x'.repeat(n % 300) })).join(''),
            );
            const result = await read(log, path);
            expect(result).toMatchObject({ lines: size, knownLines: count });
            key ??= result.source;
            expect(result.source).toBe(key);
            count += size;
          }
          await read(whole, path);
          const strip = (records: string[][]) =>
            records.map((values) => values.map((value) => value.replace(/"id":"[^:]+/, '')));
          expect(strip(await contents(log))).toEqual(strip(await contents(whole)));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('a last line without line end may get one, or go on', async () => {
    const log = await emptyLog();
    const path = file('tail.jsonl', line(0) + line(1).trimEnd());
    expect(await read(log, path)).toMatchObject({ lines: 2, events: 2 });
    appendFileSync(path, `\n${line(2).slice(0, 20)}`);
    expect(await read(log, path)).toMatchObject({ lines: 1, events: 0, rejected: { 'not JSON': 1 } });
    appendFileSync(path, line(2).slice(20) + line(3));
    expect(await read(log, path)).toMatchObject({ lines: 2, events: 2, knownLines: 2 });
    expect(await read(log, path)).toMatchObject({ lines: 0, knownLines: 4 });
    const known = await ids(log);
    expect([known.length, new Set(known).size]).toEqual([5, 5]);
  });

  test('a file that merely begins like another is another', async () => {
    const log = await emptyLog();
    const common = lines(2000);
    const one = file('one.jsonl', common + line(1, { userId: 'one' }) + lines(100));
    const two = file('two.jsonl', common + line(1, { userId: 'two' }) + lines(100));
    const first = await read(log, one);
    const second = await read(log, two);
    expect(second).toMatchObject({ lines: 2101, knownLines: 0, source: `${first.source}-1` });
    expect(new Set(await ids(log)).size).toBe(2102);
    expect(await read(log, one)).toMatchObject({ lines: 0, source: first.source });
    expect(await read(log, two)).toMatchObject({ lines: 0, source: second.source });
    const stream = Readable.from([Buffer.from(`${common}${lines(300, { userId: 'three' })}`)], {
      objectMode: false,
    });
    expect(await failure(read(log, stream))).toMatchObject({
      code: 'INPUT',
      message: /begins like one/,
      hint: /file/,
    });
  });
});

describe('lines of our own format', () => {
  const time = T + 5;
  const piece = fc.oneof(
    { weight: 6, arbitrary: fc.nat(99).map((n) => line(n, { id: `e${n}`, source: 'shop', query: '靴' })) },
    fc.constantFrom(
      line(1),
      line(2, { source: 'shop' }),
      line(3, { id: 'x' }),
      line(4, { id: 'x', source: '' }),
      line(5, { id: 'x', source: null }),
      line(6, { id: 'x', source: 'shop', userId: 'a\u2028b' }),
      line(7, { id: 'x', source: 'shop', userId: 'a\nb' }),
      line(8, { id: 'x', source: 'shop', note: 1 }),
      line(9, { id: 'x', source: 'shop', type: 'boom' }),
      line(1, { id: 'x', source: 'shop', time: T * 2 }),
      line(1, { id: 'x', source: 'shop', userId: undefined, orderId: 'o1', type: 'purchase' }),
      line(1, { id: 'x', source: 'shop', userId: undefined }),
      line(1, { id: 'x', source: 'shop', query: 'q'.repeat(70_000) }),
      line(1, { id: 'x', source: 'shop', rejected: {} }),
      `{"id":1, "type":"search", "time":${time}, "source":"shop", "anonymousId":17}\r\n`,
      `{"id":1234567890123456789,"type":"search","time":${time},"source":"shop"}\n`,
      `\ufeff{"id":1,"type":"search","time":${time},"source":"shop"}\n`,
      '{"broken\n',
      ' \n',
      '\r\n',
      '\n',
    ),
  );
  const bytes = fc
    .array(
      fc.oneof(
        { weight: 40, arbitrary: piece.map((text) => Buffer.from(text)) },
        fc.constant(Buffer.from([0xff])),
      ),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    .map((pieces) => Buffer.concat(pieces));

  /** By partition, what the records of rows are that are parsed one by one. */
  function parsedOneByOne(content: Buffer, now: number, name: string): string[][] {
    const format = chooseFormat({ format: 'native' }, [], name);
    const reader = createRowReader(format, 0);
    const makeRecords = createRecordMaker({ format, name });
    const values: string[][] = [[], []];
    for (const { rows } of [...reader.push(content), ...reader.end()])
      for (const row of rows)
        for (const { record } of makeRecords(row, now))
          values[partitionFor(record.key, 2)]!.push(record.value);
    return values;
  }

  test('come to the log as if each were parsed, however the bytes are chunked', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.boolean(),
        async (content, cuts, ends) => {
          const log = await emptyLog();
          // A source that is no text in much of its beginning is refused.
          const good = line(0, { id: 'first', source: 'shop' }).repeat(
            1 + 4 * content.filter((byte) => byte === 0xff).length,
          );
          const whole = Buffer.concat([Buffer.from(good), content]);
          const all = ends ? whole : whole.subarray(0, whole.lastIndexOf(10));
          const places = [0, ...cuts.map((cut) => cut % all.length).sort((a, b) => a - b), all.length];
          const chunks = places.slice(1).map((to, i) => all.subarray(places[i], to));
          const stream = Readable.from(
            chunks.filter(({ length }) => length > 0),
            { objectMode: false },
          );
          const now = T + 50_000;
          const result = await read(log, stream, { choice: { format: 'native' }, clock: () => now });
          const expected = parsedOneByOne(all, now, 'stdin');
          expect(await contents(log)).toEqual(expected);
          const decoded = expected
            .flat()
            .map((value) => decodeRecord(value, { ...ANYWHERE, appendedAt: now }));
          const times = decoded
            .flatMap((event) => (isRejected(event) ? [] : [event.time]))
            .sort((a, b) => a - b);
          expect(result.events).toBe(times.length);
          expect(result.times).toEqual({ from: times[0], to: times.at(-1) });
          expect(Object.values(result.rejected).reduce((sum, n) => sum + n, 0)).toBe(
            decoded.length - times.length,
          );
          // A line that is ended, or not, is known when the same comes again.
          const again = Readable.from([all], { objectMode: false });
          expect(await read(log, again, { choice: { format: 'native' } })).toMatchObject({ lines: 0 });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an interrupted run', () => {
  test.each([
    ['lines that get an id', {}],
    ['lines that stay as they are', { id: 'e', source: 'shop' }],
  ])('goes on to the same log as one that was not: %s', async (_, fields) => {
    const text = `${lines(12_000, fields)}${'{"broken\n'.repeat(10)}${lines(12_000, fields)}`;
    const path = file('long.jsonl', text);
    const whole = await emptyLog();
    await read(whole, path);
    for (const stops of [[1], [2, 1], [1, 1, 1]]) {
      const log = await emptyLog();
      for (const stop of stops) {
        const controller = new AbortController();
        let appends = 0;
        const afterAppend = async (): Promise<void> => {
          appends += 1;
          if (appends === stop) controller.abort(new Error('enough'));
        };
        await expect(read(log, path, { signal: controller.signal, afterAppend })).rejects.toThrow('enough');
      }
      const rest = await read(log, path);
      expect(rest.knownLines).toBeGreaterThan(0);
      expect(rest.knownLines + rest.lines).toBe(24_010);
      expect(await contents(log)).toEqual(await contents(whole));
    }
  });

  test('by a fault in the midst of lines that stay as they are has appended none that comes again', async () => {
    const plain = { id: 'e', source: 'shop' };
    const path = file(
      'fault.jsonl',
      `${lines(9, plain)}${line(9)}${lines(9, plain)}${line(19)}${lines(9, plain)}`,
    );
    const [log, whole] = [await emptyLog(), await emptyLog()];
    let asked = 0;
    const clock = (): number => {
      asked += 1;
      if (asked === 3) throw new Error('no clock');
      return Date.now();
    };
    await expect(read(log, path, { clock })).rejects.toThrow('no clock');
    await read(log, path);
    await read(whole, path);
    expect(await contents(log)).toEqual(await contents(whole));
  });

  test('of a stream that says nothing more stops at once, having kept what came', async () => {
    const log = await emptyLog();
    const stream = new PassThrough();
    stream.write(lines(3));
    const controller = new AbortController();
    const running = read(log, stream, {
      signal: controller.signal,
      afterAppend: async () => controller.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    expect((await contents(log)).flat().length).toBe(3);
  });

  test('by packed data that is cut off goes on when it is whole', async () => {
    const log = await emptyLog();
    const text = Array.from({ length: 60_000 }, (_, n) => line(n, { query: Math.sin(n).toString(36) })).join(
      '',
    );
    const packed = gzipSync(text);
    const path = file('cut.jsonl.gz', packed);
    truncateSync(path, Math.floor(packed.length * 0.7));
    expect(await failure(read(log, path))).toMatchObject({
      code: 'INPUT',
      message: /cut off/,
      hint: /again/,
    });
    const kept = (await contents(log)).flat().length;
    expect(kept).toBeGreaterThan(0);
    writeFileSync(path, packed);
    expect(await read(log, path)).toMatchObject({ lines: 60_000 - kept, knownLines: kept });
    expect(new Set(await ids(log)).size).toBe(60_000);
  });
});

describe('two runs on one source', () => {
  const text = lines(16_000);
  const stream = (): Readable =>
    Readable.from(
      text.match(/.{1,65536}/gs)!.map((part) => Buffer.from(part)),
      { objectMode: false },
    );

  /** Resolves when `run` has come to its n-th append, which waits until it is let go on. */
  async function suspended(
    n: number,
    run: (hold: Pick<IngestOptions, 'log'>) => Promise<unknown>,
    log: EventLog,
  ) {
    let [reached, goOn] = [() => {}, () => {}];
    const [here, held] = [
      new Promise<void>((resolve) => (reached = resolve)),
      new Promise<void>((resolve) => (goOn = resolve)),
    ];
    let appends = 0;
    const append: EventLog['append'] = async (...records) => {
      appends += 1;
      if (appends === n) {
        reached();
        await held;
      }
      return log.append(...records);
    };
    const outcome = run({ log: { ...log, append } }).then(
      () => undefined,
      (error: EcomError) => error,
    );
    await here;
    return { goOn, outcome };
  }

  test.each([
    ['a file', 1],
    ['a file', 2],
    ['a file', 4],
    ['a stream', 1],
    ['a stream', 3],
  ])('of %s: one is suspended before its append %i, and refused when it goes on', async (kind, n) => {
    const [log, whole] = [await emptyLog(), await emptyLog()];
    const path = file('shop.jsonl', text);
    await read(whole, path);
    const input = () => (kind === 'a file' ? path : stream());
    const first = await suspended(n, (hold) => read(log, input(), hold), log);
    const second = await read(log, input());
    expect(second.knownLines + second.lines).toBe(16_000);
    first.goOn();
    expect(await first.outcome).toMatchObject({
      code: 'CONFLICT',
      message: /taken over/,
      hint: /run this again/,
    });
    expect(await ids(log)).toEqual(await ids(whole));
    expect(await read(log, path)).toMatchObject({ lines: 0, knownLines: 16_000 });
  });

  test('one of them has the rest when both begin at once', async () => {
    const log = await emptyLog();
    const path = file('shop.jsonl', text);
    const results = await Promise.allSettled([read(log, path), read(log, path), read(log, path)]);
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeLessThanOrEqual(1);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'CONFLICT' });
    await read(log, path);
    const known = await ids(log);
    expect([known.length, new Set(known).size]).toEqual([16_000, 16_000]);
  });

  test('after an append that failed, stored or not, another run goes on to the same log', async () => {
    const [log, whole] = [await emptyLog(), await emptyLog()];
    const path = file('shop.jsonl', text);
    await read(whole, path);
    for (const stored of [true, false, true]) {
      const append: EventLog['append'] = async (...records) => {
        if (stored) await log.append(...records);
        throw new Error('the connection was lost');
      };
      await expect(read({ ...log, append }, path)).rejects.toThrow('lost');
    }
    await read(log, path);
    expect(await contents(log)).toEqual(await contents(whole));
  });
});

describe('packed data that unpacks to far more', () => {
  const MIB = 1024 * 1024;
  test.each([
    ['zeros', '\u0000'],
    ['a row without an end', '['],
  ])('%s: is stopped, what came before is safe, and again says the same', async (_, byte) => {
    const log = await emptyLog();
    const bomb = Buffer.alloc(96 * MIB, byte);
    const path = file('bomb.jsonl.gz', gzipSync(Buffer.concat([Buffer.from(lines(500)), bomb])));
    for (let run = 0; run < 2; run += 1) {
      const error = await failure(read(log, path));
      expect(error).toMatchObject({ code: 'INPUT', message: /bomb.*more than 200 times its size/ });
      expect(error.hint).toContain('zcat FILE | ecom ingest -');
      expect((await ids(log)).filter((id) => id !== undefined)).toHaveLength(500);
    }
  });

  /** Tells how many bytes there were, though reading may have failed. */
  async function unpacked(path: string): Promise<number | string> {
    const source = await (await findInput(path, process.stdin)).open(new AbortController().signal);
    let size = 0;
    try {
      for (let chunk = await source.next(); chunk !== undefined; chunk = await source.next())
        size += chunk.length;
      return size;
    } catch {
      return `${size / MIB} MiB, then stopped`;
    }
  }

  test('empty lines are stopped as soon as 64 MiB are read', async () => {
    const bomb = Buffer.concat([Buffer.from(line(1)), Buffer.alloc(96 * MIB, '\n')]);
    expect(await unpacked(file('lines.gz', gzipSync(bomb)))).toBe('64 MiB, then stopped');
  });

  test('a short or merely repetitive file is no such data', async () => {
    const same = Buffer.from(line(1).repeat((32 * MIB) / line(1).length));
    const short = gzipSync(same);
    expect(same.length / short.length).toBeGreaterThan(200);
    expect(await unpacked(file('short.gz', short))).toBe(same.length);
    // Nothing but the time differs.
    const long = Buffer.from(lines(800_000, { properties: { country: 'DE', device: 'phone' } }));
    expect(long.length).toBeGreaterThan(72 * MIB);
    expect(await unpacked(file('long.gz', gzipSync(long)))).toBe(long.length);
  });
});

describe('what cannot be read is told in one line', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
  test.each([
    ['empty.csv', '', /is empty/],
    ['empty.gz', gzipSync(''), /is empty/],
    ['image.png', png, /no text in UTF-8/],
    ['book.xlsx', 'PK\u0003\u0004 and so on', /zip archive or an Excel/],
    ['book.xls', Buffer.from('d0cf11e0a1b11ae1000000', 'hex'), /is an Excel workbook/],
    ['report.pdf', '%PDF-1.4\n%\n1 0 obj\n', /is a PDF/],
    ['rows.avro', Buffer.from('Obj\u0001\u0004\u0014avro.codec'), /is an Avro file/],
    ['utf16.csv', Buffer.from('\ufeffa,b\n', 'utf16le'), /UTF-16/],
    ['latin1.csv', Buffer.from('Größe,b\nä,b\nü,c\n', 'latin1'), /no text in UTF-8/],
    ['bytes.bin', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)), /no text in UTF-8/],
    ['damaged.gz', Buffer.concat([gzipSync('x').subarray(0, 12), Buffer.from('not gzip at all')]), /gzip/],
    ['prose.txt', 'hello\nworld\n', /cannot tell the format of prose.txt/],
  ])('%s', async (name, content, message) => {
    const log = await emptyLog();
    const error = await failure(read(log, file(name, content)));
    expect(error).toMatchObject({ code: 'INPUT', message });
    expect(error.hint).toMatch(/./);
    expect(`${error.message}${error.hint}`).not.toContain('\n');
    expect((await contents(log)).flat()).toEqual([]);
  });

  test('a file that is not there, and a folder', async () => {
    const dir = join(tempDir(), 'folder');
    mkdirSync(dir);
    await expect(findInput(dir, process.stdin)).rejects.toMatchObject({
      code: 'INPUT',
      message: /is a folder/,
    });
    await expect(findInput(join(dir, 'x'), process.stdin)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(findInput(join(file('f', 'x'), 'y'), process.stdin)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('one damaged line is no reason to refuse a file', async () => {
    const log = await emptyLog();
    const bytes = Buffer.concat([
      Buffer.from([0xff, 0xfd, 0x0a]),
      Buffer.from(lines(9)),
      Buffer.from('{"a":"\u0000"}\n'),
    ]);
    expect(await read(log, file('a.jsonl', bytes))).toMatchObject({
      events: 9,
      rejected: { 'not UTF-8': 1, 'not JSON': 1 },
    });
    const context = { partition: 0, offset: 0, appendedAt: T * 2 };
    const letters = (await contents(log))
      .flat()
      .map((value) => decodeRecord(value, context))
      .filter(isRejected);
    const damaged = letters.find(({ reason }) => reason === 'not UTF-8')!;
    expect(damaged.source).toBe('a.jsonl:1');
    expect([...damaged.bytes]).toEqual([0xff, 0xfd]);
  });
});

describe('every line leaves something', () => {
  const JSON_LINES: readonly [format: FormatName, lines: readonly string[]][] = [
    ['native', ['9'.repeat(30), '"12345678901234567890"', '[12345678901234567890]', 'null', '{}']],
    ['segment', ['{"batch":[]}', '9'.repeat(30), '{}', '[]', 'null']],
    ['ga4', ['{"client_id":"c","events":[]}', '9'.repeat(30), '{}', 'null']],
    ['otto', ['{"session":1,"events":[]}', '9'.repeat(30), '{}', 'null']],
  ];
  for (const [format, texts] of JSON_LINES) {
    test(`what is no event of ${format} is a dead letter`, async () => {
      const log = await emptyLog();
      const path = file('odd.jsonl', `${texts.join('\n')}\n`);
      const { events, rejected } = await read(log, path, { choice: { format } });
      expect(events).toBe(0);
      expect(Object.values(rejected).reduce((sum, count) => sum + count, 0)).toBe(texts.length);
      expect((await contents(log)).flat()).toHaveLength(texts.length);
    });
  }

  test('an event is none the less one where it says that it was rejected', async () => {
    const log = await emptyLog();
    const said = { rejected: { id: 'forged', reason: 'forged' } };
    const path = file(
      'forged.jsonl',
      `{"rejected":${JSON.stringify(said.rejected)},${line(0, { userId: 'u' }).slice(1)}`,
    );
    const long = file(
      'long.jsonl',
      `${JSON.stringify({ ...said, type: 'view_item', time: T }).slice(0, -1)},"userId":${'9'.repeat(20)}}\n`,
    );
    expect(await read(log, path)).toMatchObject({ events: 1 });
    expect(await read(log, long)).toMatchObject({ events: 1 });
    const context = { partition: 0, offset: 0, appendedAt: T * 2 };
    const decoded = (await contents(log)).flat().map((value) => decodeRecord(value, context));
    expect(decoded.map(isRejected)).toEqual([false, false]);
  });
});

describe('replay', () => {
  test('rebased, the newest event happens now and the ids stay', async () => {
    const now = Date.now();
    const [plain, moved] = [await emptyLog(), await emptyLog()];
    const path = file('a.jsonl', [3, 1, 2].map((n) => line(n)).join(''));
    await read(plain, path);
    await read(moved, path, { rebase: true, clock: () => now });
    const context = { partition: 0, offset: 0, appendedAt: now };
    const times = (await contents(moved))
      .flat()
      .map((value) => decodeRecord(value, context) as { time: number });
    expect(times.map(({ time }) => time - now).sort()).toEqual([-1, -2, 0]);
    expect(await ids(moved)).toEqual(await ids(plain));
    const stream = Readable.from([readFileSync(path)], { objectMode: false });
    expect(await failure(read(await emptyLog(), stream, { rebase: true }))).toMatchObject({
      code: 'USAGE',
      hint: /--speed/,
    });
  });

  test('with a speed, events are appended no sooner than they are due', async () => {
    const log = await emptyLog();
    const path = file('a.jsonl', [0, 2000, 4000, 1000].map((n) => line(n)).join(''));
    const appended: number[] = [];
    const started = Date.now();
    const result = await read(log, path, {
      speed: 10,
      rebase: true,
      onProgress: ({ events }) => appended.push(events),
    });
    expect(appended).toEqual([1, 2, 4]);
    expect(result.times!.from).toBeGreaterThanOrEqual(started);
    expect(result.times!.to - result.times!.from).toBe(400);
    expect(Date.now()).toBeGreaterThanOrEqual(result.times!.to - 20);
  });
});
