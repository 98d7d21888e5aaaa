import { appendFileSync, copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { formatLogEntry, parseLogLines } from '../../src/commands/log-entry.ts';
import { createLogReader, isOf, loggedNames } from '../../src/commands/log-reader.ts';
import { logs } from '../../src/commands/logs.ts';
import { createLogger, limitLogFile, logFile, logsDir } from '../../src/log.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

function folder() {
  const config = configFor(tempDir());
  mkdirSync(logsDir(config));
  const write = (name: string, text: string): void => appendFileSync(logFile(config, name), text);
  return { config, write };
}

const line = (time: number, msg: string): string => `${JSON.stringify({ level: 30, time, msg })}\n`;
const messages = (entries: { fields: Readonly<Record<string, unknown>> }[]) =>
  entries.map(({ fields }) => fields.msg);

describe('reading logs', () => {
  test('the log of commands is known before it has a line', async () => {
    const { config } = folder();
    const said = new PassThrough();
    const context = { config, stdout: new PassThrough(), stderr: said } as unknown as CommandContext;
    await logs(context, 'commands', { lines: 10 });
    expect(String(said.read())).toContain('nothing is logged yet for commands');
    await expect(logs(context, 'comands', { lines: 10 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: expect.stringContaining('commands'),
    });
  });

  test('every line as JSON names its schema, whatever it holds', async () => {
    const { config, write } = folder();
    write('processor-1', `${line(10, 'a "{" b')}{}\n  {"time":20}\nlast words\n`);
    const stdout = new PassThrough();
    const context = { config, stdout, stderr: new PassThrough() } as unknown as CommandContext;
    await logs(context, undefined, { lines: 10, json: true });
    const said = String(stdout.read()).trimEnd().split('\n');
    expect(said.map((text) => JSON.parse(text) as unknown)).toMatchObject([
      { schema: 'ecom.log/1', level: 30, time: 10, msg: 'a "{" b' },
      { schema: 'ecom.log/1' },
      { schema: 'ecom.log/1', time: 20 },
      { schema: 'ecom.log/1', msg: 'last words' },
    ]);
  });

  test('files are merged by time, the newest last', () => {
    const { config, write } = folder();
    write('processor-1', line(10, 'a') + line(30, 'c'));
    write('supervisor', line(20, 'b') + line(40, 'd'));
    expect(loggedNames(config)).toEqual(['processor-1', 'supervisor']);
    expect(messages(createLogReader(config, undefined).tail(10))).toEqual(['a', 'b', 'c', 'd']);
    expect(messages(createLogReader(config, undefined).tail(2))).toEqual(['c', 'd']);
    expect(messages(createLogReader(config, 'processor').tail(10))).toEqual(['a', 'c']);
  });

  test('a component has the files of its workers and no others', () => {
    expect(isOf('processor-12', 'processor')).toBe(true);
    expect(isOf('processor-12', 'processor-12')).toBe(true);
    expect(isOf('processor-12', 'processor-1')).toBe(false);
    expect(isOf('generator', 'processor')).toBe(false);
    expect(isOf('generator', undefined)).toBe(true);
  });

  test('following gives every complete line once, also of files that appear, are cut or set aside', () => {
    const { config, write } = folder();
    write('supervisor', line(1, 'a'));
    const reader = createLogReader(config, undefined);
    expect(messages(reader.tail(10))).toEqual(['a']);
    expect(reader.more()).toEqual([]);
    write('supervisor', line(2, 'b'));
    write('generator', line(3, 'c'));
    expect(messages(reader.more())).toEqual(['b', 'c']);
    const half = line(4, 'd');
    write('supervisor', half.slice(0, 9));
    expect(reader.more()).toEqual([]);
    write('supervisor', half.slice(9) + line(5, 'e'));
    expect(messages(reader.more())).toEqual(['d', 'e']);
    const path = logFile(config, 'supervisor');
    write('supervisor', line(6, 'before it was set aside'));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    write('supervisor', line(7, 'f'));
    expect(messages(reader.more())).toEqual(['before it was set aside', 'f']);
    expect(reader.more()).toEqual([]);
  });

  test('the last lines are found however long the file is, and go on in the one set aside', () => {
    const { config, write } = folder();
    const path = logFile(config, 'supervisor');
    write('supervisor', line(1, 'old') + line(2, 'older'));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    const padding = 'x'.repeat(1000);
    for (let i = 0; i < 10; i += 1) write('supervisor', line(10 + i, padding).repeat(100));
    write('supervisor', line(30, 'y') + line(31, 'z'));
    expect(messages(createLogReader(config, undefined).tail(2))).toEqual(['y', 'z']);
    expect(createLogReader(config, undefined).tail(900)).toHaveLength(900);
    expect(messages(createLogReader(config, undefined).tail(1003))[0]).toBe('older');
    expect(createLogReader(config, undefined).tail(5000)).toHaveLength(1004);
  });

  test('what a process cried when it died is an error at the time of the line before', () => {
    const [, entry] = parseLogLines([line(5, 'a').trim(), 'FATAL ERROR: out of memory'], 'processor-1');
    expect(JSON.parse(entry!.line)).toEqual({
      level: 50,
      time: 5,
      component: 'processor-1',
      msg: 'FATAL ERROR: out of memory',
    });
  });

  test('any line becomes valid JSON and printable text', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.json(),
            fc.string().map((msg) => JSON.stringify({ time: 1, msg })),
          ),
        ),
        (lines) => {
          for (const entry of parseLogLines(lines, 'generator')) {
            expect(() => JSON.parse(entry.line)).not.toThrow();
            expect(formatLogEntry(entry, false).replaceAll('\n', '')).not.toMatch(
              /[\u0000-\u001f\u007f-\u009f]/,
            );
          }
        },
      ),
    );
  });

  test('an entry is one line with its fields, and an error brings its stack', () => {
    const fields = {
      level: 50,
      time: Date.UTC(2026, 0, 5),
      component: 'generator',
      pid: 1,
      msg: 'no \u001b[2Jroom',
      batch: 7,
      err: { message: 'no room', stack: 'Error: no room\n    at a' },
    };
    expect(formatLogEntry({ time: fields.time, line: '', fields }, false)).toBe(
      '2026-01-05T00:00:00.000Z ERROR generator no [2Jroom batch=7\n    Error: no room\n        at a\n',
    );
    expect(formatLogEntry({ time: fields.time, line: '', fields }, true)).toContain(
      '\u001b[31mERROR\u001b[39m',
    );
  });
});

describe('writing logs', () => {
  test('a logger writes JSON lines that only the owner can read', async () => {
    const config = configFor(tempDir());
    const logger = await createLogger(config, 'generator');
    logger.info({ rate: 5 }, 'generating');
    const [entry] = createLogReader(config, 'generator').tail(1);
    expect(entry!.fields).toMatchObject({
      level: 30,
      component: 'generator',
      pid: process.pid,
      rate: 5,
      msg: 'generating',
    });
    if (process.platform !== 'win32') expect(statSync(logFile(config, 'generator')).mode & 0o777).toBe(0o600);
  });

  test('a large file is set aside, and who has it open goes on in the emptied one', async () => {
    const config = configFor(tempDir());
    const logger = await createLogger(config, 'generator');
    const path = logFile(config, 'generator');
    logger.info({}, 'first');
    limitLogFile(path);
    expect(statSync(path).size).toBeGreaterThan(0);
    appendFileSync(path, line(1, 'x'.repeat(11 * 2 ** 20)));
    limitLogFile(path);
    expect(statSync(path).size).toBe(0);
    expect(statSync(`${path}.1`).size).toBeGreaterThan(11 * 2 ** 20);
    logger.info({}, 'second');
    expect(messages(createLogReader(config, 'generator').tail(1))).toEqual(['second']);
    expect(statSync(path).size).toBeLessThan(1000);
  });
});
