import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { type GenerateOptions, generate } from '../../src/commands/generate.ts';
import { loadConfig } from '../../src/config.ts';
import { type WireEvent } from '../../src/pipeline/events/shop-event.ts';

const OPTIONS: GenerateOptions = {
  count: 1000,
  rate: 100,
  seed: 'ecom',
  start: '2026-01-05T00:00:00Z',
  dirty: 0,
  out: '-',
};
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ecom-generate-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Outcome {
  readonly context: CommandContext;
  readonly stdout: PassThrough;
  readonly abort: () => void;
  readonly text: () => string;
  readonly notes: () => string;
}

function createContext(isTTY = false): Outcome {
  const stdout = new PassThrough();
  const stderr = Object.assign(new PassThrough(), { isTTY });
  const collect = (stream: PassThrough): (() => string) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  };
  const controller = new AbortController();
  const context = {
    config: loadConfig({ dataDir: dir }, {}),
    stdin: process.stdin,
    stdout,
    stderr,
    signal: controller.signal,
  } as unknown as CommandContext;
  return { context, stdout, abort: () => controller.abort(), text: collect(stdout), notes: collect(stderr) };
}

describe('ecom generate', () => {
  test('writes so many lines of JSON, the same every time', async () => {
    const [first, second] = [createContext(), createContext()];
    await generate(first.context, OPTIONS);
    await generate(second.context, OPTIONS);
    const lines = first.text().trimEnd().split('\n');
    expect(lines.length).toBe(1000);
    expect(new Set(lines.map((line) => (JSON.parse(line) as WireEvent).id)).size).toBe(1000);
    expect(second.text()).toBe(first.text());
    expect(first.notes()).toBe('');
  });

  test('writes the same to a file, over what was there', async () => {
    const out = join(dir, 'events.jsonl');
    writeFileSync(out, 'x'.repeat(1_000_000));
    const [toFile, toStdout] = [createContext(), createContext()];
    await generate(toFile.context, { ...OPTIONS, out });
    await generate(toStdout.context, OPTIONS);
    expect(readFileSync(out, 'utf8')).toBe(toStdout.text());
    expect(toFile.text()).toBe('');
  });

  test('shows on a terminal how far a large file is', async () => {
    const { context, notes } = createContext(true);
    await generate(context, { ...OPTIONS, count: 300_000, out: join(dir, 'events.jsonl') });
    expect(notes()).toMatch(/100 % {2}300000 of 300000 events {2}\d+\/s\n$/);
  });

  test('waits for a slow reader', async () => {
    const { context } = createContext();
    const slow = new PassThrough({ highWaterMark: 1000 });
    const done = generate({ ...context, stdout: slow } as unknown as CommandContext, {
      ...OPTIONS,
      count: 100_000,
    });
    let most = 0;
    let bytes = 0;
    slow.on('data', (chunk: Buffer) => {
      most = Math.max(most, slow.readableLength + slow.writableLength);
      bytes += chunk.length;
      slow.pause();
      setTimeout(() => slow.resume(), 1);
    });
    await done;
    slow.end();
    await once(slow, 'end');
    expect(bytes).toBeGreaterThan(20_000_000);
    expect(most).toBeLessThan(1_000_000);
  });

  test('ends with whole lines when it is interrupted, and says how many', async () => {
    const { context, abort, text, stdout } = createContext();
    stdout.once('data', abort);
    const done = generate(context, { ...OPTIONS, count: 1e9 });
    await expect(done).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const lines = text().split('\n');
    expect(lines.pop()).toBe('');
    for (const line of lines) JSON.parse(line);
    const error = await done.catch((e: { hint: string }) => e);
    expect((error as { hint: string }).hint).toBe(`wrote ${lines.length} of 1000000000 events`);
  });

  test('paced, it writes what has happened since it began', async () => {
    const { context, abort, text } = createContext();
    const start = Date.now();
    const done = generate(context, { ...OPTIONS, count: 1e6, rate: 2000, start: 'now', paced: true });
    setTimeout(abort, 700);
    await expect(done).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const times = text()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as WireEvent).time as number);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(start);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now());
    expect(times.length).toBeGreaterThan(50);
  });

  test('reads a start without zone as UTC', async () => {
    const [zoned, plain] = [createContext(), createContext()];
    await generate(zoned.context, { ...OPTIONS, start: '2026-03-29T02:30:00Z' });
    await generate(plain.context, { ...OPTIONS, start: '2026-03-29T02:30:00' });
    expect(plain.text()).toBe(zoned.text());
  });

  test.each(['yesterday', '2026-13-01', '1970-01-01', '12'])('refuses to start at %s', async (start) => {
    await expect(generate(createContext().context, { ...OPTIONS, start })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('says why a file cannot be written', async () => {
    for (const out of [dir, join(dir, 'no', 'such', 'folder')]) {
      const done = generate(createContext().context, { ...OPTIONS, out });
      await expect(done).rejects.toMatchObject({ code: 'STORAGE', message: expect.stringContaining(out) });
    }
  });
});
