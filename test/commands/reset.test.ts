import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type CommandContext } from '../../src/commands/context.ts';
import { reset } from '../../src/commands/reset.ts';
import { type Config } from '../../src/config.ts';
import { packageFile } from '../../src/package-root.ts';
import { openEventLog } from '../../src/pipeline/event-log/open.ts';
import { SQLITE_DRIVERS } from '../support/drivers.ts';
import { configFor } from '../support/stores.ts';
import { tempDir } from '../support/temp-dir.ts';

const STORES = ['documents.db', 'live.db', 'log.db'];

/** Runs the command. @param typed what the user answers; there is no terminal where absent */
async function run(config: Config, options: { yes?: boolean }, typed?: string) {
  const [stdin, stderr] = [new PassThrough(), new PassThrough()];
  if (typed !== undefined) for (const stream of [stdin, stderr]) Object.assign(stream, { isTTY: true });
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
    if (String(chunk).includes('[y/N]')) stdin.write(`${typed}\n`);
  });
  const signal = new AbortController().signal;
  const context = { config, stdin, stdout: new PassThrough(), stderr, signal } as unknown as CommandContext;
  const end = await reset(context, options).then(
    () => ({ code: 'done' }),
    ({ code, hint }) => ({ code, hint }),
  );
  return { ...end, said };
}

/** Made by a process of its own: libsql lets go of a file for certain only when its process has ended. */
async function shop(): Promise<Config> {
  const config = configFor(tempDir());
  const file = join(tempDir(), 'events.jsonl');
  writeFileSync(file, '{"type":"page_view","time":"2026-01-05T09:59:00Z","userId":"u1"}\n');
  execFileSync(process.execPath, [packageFile('bin', 'ecom.js'), 'ingest', file], {
    env: { ...process.env, ECOM_DATA_DIR: config.dataDir },
    stdio: 'ignore',
  });
  return config;
}

const left = ({ dataDir }: Config) => readdirSync(dataDir).filter((name) => name !== 'up.lock.db');

describe('ecom reset', () => {
  test('deletes what is ecom’s and nothing else', async () => {
    const config = await shop();
    const { dataDir } = config;
    const elsewhere = tempDir();
    writeFileSync(join(elsewhere, 'supervisor.log'), '');
    for (const name of ['logs', 'demo', 'views', 'views/0123456789abcdef', 'views/mine'])
      mkdirSync(join(dataDir, name));
    for (const name of ['alerts.json', 'notes.db', 'stack', 'live.db.rebuild', 'logs/supervisor.log'])
      writeFileSync(join(dataDir, name), 'x');
    writeFileSync(join(dataDir, 'demo', 'log.db'), 'x');
    const { code, said } = await run(config, { yes: true });
    expect(code).toBe('done');
    for (const name of [...STORES, 'logs/supervisor.log', 'a view']) expect(said).toContain(name);
    expect(left(config).sort()).toEqual(['alerts.json', 'demo', 'notes.db', 'views']);
    expect(readdirSync(join(dataDir, 'views'))).toEqual(['mine']);
    expect(existsSync(join(dataDir, 'demo', 'log.db'))).toBe(true);
    symlinkSync(elsewhere, join(dataDir, 'logs'));
    expect((await run(config, { yes: true })).said).toContain('nothing of ecom');
    expect(existsSync(join(elsewhere, 'supervisor.log'))).toBe(true);
  });

  test('asks on a terminal, and without one deletes only when told so', async () => {
    const config = await shop();
    const hint = `ecom reset --data-dir ${config.dataDir} --yes deletes without a question`;
    expect(await run(config, {})).toMatchObject({ code: 'USAGE', hint });
    for (const answer of ['', 'n', 'maybe']) expect((await run(config, {}, answer)).code).toBe('INTERRUPTED');
    expect(left(config).sort()).toEqual(STORES);
    expect((await run(config, {}, 'y')).code).toBe('done');
    expect(left(config)).toEqual([]);
  });

  test.each(SQLITE_DRIVERS)('refuses while somebody has a store open, by %s', async (driver) => {
    const { dataDir } = await shop();
    const config = configFor(dataDir, { ECOM_SQLITE_DRIVER: driver });
    const log = await openEventLog(config);
    await log.append([{ key: 'a', value: '{}' }]);
    expect((await run(config, { yes: true })).code).toBe('CONFLICT');
    await log.append([{ key: 'a', value: '{}' }]);
    await log.close();
    expect(left(config)).toEqual(expect.arrayContaining(STORES));
    // libsql lets go of a file only once its garbage is collected, or its process has ended.
    if (driver === 'libsql') return;
    expect((await run(config, { yes: true })).code).toBe('done');
    expect(left(config)).toEqual([]);
  });

  test('a folder that is not there stays so', async () => {
    const config = configFor(join(tempDir(), 'nowhere'));
    expect(await run(config, { yes: true })).toMatchObject({ code: 'done' });
    expect(existsSync(config.dataDir)).toBe(false);
  });

  test('leaves servers alone, says so, and shows no password', async () => {
    const { dataDir } = await shop();
    const config = configFor(dataDir, { ECOM_LOG_URL: 'kafka://u:s3cret@127.0.0.1:1/shop' });
    const { code, said } = await run(config, { yes: true });
    expect(code).toBe('done');
    expect(said).toContain('stays as it is: the log store, on kafka://127.0.0.1:1/shop');
    expect(said).not.toContain('s3cret');
  });
});
