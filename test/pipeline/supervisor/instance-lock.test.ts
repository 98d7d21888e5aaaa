import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { describe, expect, onTestFinished, test } from 'vitest';
import { packageFile } from '../../../src/package-root.ts';
import { acquireInstanceLock, isInstanceRunning } from '../../../src/pipeline/supervisor/instance-lock.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { tempDir } from '../../support/temp-dir.ts';

const LOCK = packageFile('src', 'pipeline', 'supervisor', 'instance-lock.ts');
const HOLDER = `
import { acquireInstanceLock } from './instance-lock.mjs';
const lock = acquireInstanceLock({ dataDir: process.argv[2], sqliteDriver: undefined });
process.stdout.write(lock === undefined ? 'refused' : 'held');
setInterval(() => {}, 1000);
`;

/** Starts a process that takes the lock and keeps it until it is killed. @returns the process and what it said */
async function startHolder(dataDir: string): Promise<{ holder: ChildProcess; said: string }> {
  const dir = tempDir();
  symlinkSync(packageFile('node_modules'), join(dir, 'node_modules'));
  const bundle = await rolldown({ input: LOCK, platform: 'node', external: ['better-sqlite3', 'libsql'] });
  await bundle.write({ file: join(dir, 'instance-lock.mjs'), format: 'esm' });
  writeFileSync(join(dir, 'holder.mjs'), HOLDER);
  const holder = spawn(process.execPath, [join(dir, 'holder.mjs'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  const [said] = await once(holder.stdout!, 'data');
  return { holder, said: String(said) };
}

describe('the instance lock', () => {
  test.each(SQLITE_DRIVERS)('is free again once released (%s)', (sqliteDriver) => {
    const config = { dataDir: tempDir(), sqliteDriver };
    const lock = acquireInstanceLock(config);
    expect(lock).toBeDefined();
    lock?.release();
    expect(isInstanceRunning(config)).toBe(false);
    const again = acquireInstanceLock(config);
    expect(again).toBeDefined();
    again?.release();
  });

  test('is held against another process, and freed when its holder is killed', async () => {
    const config = { dataDir: tempDir(), sqliteDriver: undefined };
    const { holder, said } = await startHolder(config.dataDir);
    expect(said).toBe('held');
    expect(acquireInstanceLock(config)).toBeUndefined();
    expect(isInstanceRunning(config)).toBe(true);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(isInstanceRunning(config)).toBe(false);
    const lock = acquireInstanceLock(config);
    expect(lock).toBeDefined();
    expect((await startHolder(config.dataDir)).said).toBe('refused');
    lock?.release();
  });

  test('is of one folder', () => {
    const [one, other] = [tempDir(), tempDir()].map((dataDir) => ({ dataDir, sqliteDriver: undefined }));
    const locks = [acquireInstanceLock(one!), acquireInstanceLock(other!)];
    expect(locks).toEqual([expect.anything(), expect.anything()]);
    for (const lock of locks) lock?.release();
  });

  test('looking creates nothing', () => {
    const dataDir = tempDir();
    expect(isInstanceRunning({ dataDir, sqliteDriver: undefined })).toBe(false);
    expect(isInstanceRunning({ dataDir: join(dataDir, 'nowhere'), sqliteDriver: undefined })).toBe(false);
    expect(readdirSync(dataDir)).toEqual([]);
  });

  test('a folder that cannot hold it is an error that says so', () => {
    const dataDir = tempDir();
    mkdirSync(join(dataDir, 'up.lock.db'));
    expect(() => acquireInstanceLock({ dataDir, sqliteDriver: undefined })).toThrow(
      expect.objectContaining({ code: 'STORAGE' }),
    );
  });
});
