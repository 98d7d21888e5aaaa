import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type EcomError } from '../../../src/errors.ts';
import { guardFile, inTransaction, openDatabase } from '../../../src/pipeline/sqlite/database.ts';
import { SQLITE_DRIVERS } from '../../support/drivers.ts';
import { tempDir } from '../../support/temp-dir.ts';

const require = createRequire(import.meta.url);

const FIRST = 'CREATE TABLE a (x INTEGER);';
const SECOND = 'CREATE TABLE b (y INTEGER);';

describe.each(SQLITE_DRIVERS)('database on %s', (driver) => {
  const open = (path: string, migrations: readonly string[]) =>
    openDatabase({ path, synchronous: 'normal', driver }, migrations);
  const failure = (work: () => unknown): EcomError => {
    try {
      work();
    } catch (error) {
      return error as EcomError;
    }
    throw new Error('it worked');
  };

  test('runs each migration once, in order', () => {
    const path = join(tempDir(), 'm.db');
    open(path, [FIRST]).close();
    const connection = open(path, [FIRST, SECOND]);
    connection.exec('INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)');
    connection.close();
    open(path, [FIRST, SECOND]).close();
  });

  test('gives a new file the pages that are wanted, and leaves those of another as they are', () => {
    const path = join(tempDir(), 'm.db');
    const pageSize = (pageKib: number): unknown => {
      const connection = openDatabase({ path, synchronous: 'normal', driver, pageKib }, [FIRST]);
      const pragma = connection.prepare('PRAGMA page_size').get();
      connection.close();
      return pragma;
    };
    expect(pageSize(16)).toMatchObject({ page_size: 16_384 });
    expect(pageSize(64)).toMatchObject({ page_size: 16_384 });
  });

  test('leaves nothing of a migration that fails', () => {
    const path = join(tempDir(), 'm.db');
    expect(() => open(path, [`${FIRST} nonsense`])).toThrow();
    open(path, [FIRST]).close();
  });

  test('refuses the file of a newer version', () => {
    const path = join(tempDir(), 'm.db');
    open(path, [FIRST, SECOND]).close();
    expect(failure(() => open(path, [FIRST]))).toMatchObject({
      code: 'STORAGE',
      hint: expect.stringContaining('update'),
    });
  });

  test('says that a file is no database, and what to do', () => {
    const path = join(tempDir(), 'm.db');
    writeFileSync(path, 'certainly not a database '.repeat(100));
    const { code, message, hint } = failure(() => open(path, [FIRST]));
    expect({ code, message }).toEqual({
      code: 'STORAGE',
      message: `${path}: it is damaged or no database of ecom`,
    });
    expect(hint).toMatch(/--data-dir/);
  });

  test('says that the folder is missing or cannot be written', () => {
    const dir = tempDir();
    expect(failure(() => open(join(dir, 'no', 'm.db'), [FIRST]))).toMatchObject({
      code: 'STORAGE',
      message: `nothing was counted here yet: there is no ${join(dir, 'no')}, which would hold m.db`,
      hint: expect.stringContaining('ecom ingest FILE'),
    });
    writeFileSync(join(dir, 'file'), '');
    expect(failure(() => open(join(dir, 'file', 'm.db'), [FIRST]))).toMatchObject({ code: 'STORAGE' });
    const locked = join(dir, 'locked');
    mkdirSync(locked, { mode: 0o500 });
    // The super-user may write everywhere.
    if (process.getuid?.() !== 0) {
      expect(failure(() => open(join(locked, 'm.db'), [FIRST])).message).toMatch(/cannot be written/);
    }
    chmodSync(locked, 0o700);
  });

  /** How many rows a copy of the file alone holds. */
  const rowsInCopy = (path: string): unknown => {
    const copy = join(tempDir(), 'copy.db');
    copyFileSync(path, copy);
    const connection = open(copy, [FIRST]);
    const { n } = connection.prepare('SELECT count(*) AS n FROM a').get() as { n: number };
    connection.close();
    return n;
  };
  const walBytes = (path: string): number => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

  test('closed, everything lies in the file, though statements are still remembered', () => {
    const path = join(tempDir(), 'm.db');
    const connection = open(path, [FIRST]);
    const insert = connection.prepare('INSERT INTO a VALUES (?)');
    for (let i = 0; i < 1000; i += 1) insert.run(i);
    const read = connection.prepare('SELECT x FROM a');
    read.get();
    expect(walBytes(path)).toBeGreaterThan(0);
    connection.close();
    expect([walBytes(path), rowsInCopy(path)]).toEqual([0, 1000]);
    connection.close();
  });

  test('where others use the file, it closes all the same, and the last one leaves everything in the file', () => {
    const path = join(tempDir(), 'm.db');
    const [closing, reading, writing] = [open(path, [FIRST]), open(path, [FIRST]), open(path, [FIRST])];
    closing.exec('INSERT INTO a VALUES (1)');
    reading.exec('BEGIN');
    expect(reading.prepare('SELECT count(*) AS n FROM a').get()).toMatchObject({ n: 1 });
    writing.exec('BEGIN IMMEDIATE; INSERT INTO a VALUES (2)');
    closing.close();
    expect(reading.prepare('SELECT count(*) AS n FROM a').get()).toMatchObject({ n: 1 });
    reading.exec('COMMIT');
    reading.close();
    writing.exec('COMMIT');
    writing.close();
    expect([walBytes(path), rowsInCopy(path)]).toEqual([0, 2]);
  });

  test('closed in the midst of a transaction, that is rolled back', () => {
    const path = join(tempDir(), 'm.db');
    const connection = open(path, [FIRST]);
    connection.exec('INSERT INTO a VALUES (1)');
    connection.exec('BEGIN IMMEDIATE; INSERT INTO a VALUES (2)');
    connection.close();
    const again = open(path, [FIRST]);
    expect(again.prepare('SELECT count(*) AS n FROM a').get()).toMatchObject({ n: 1 });
    again.exec('INSERT INTO a VALUES (3)');
    again.close();
    expect(rowsInCopy(path)).toBe(2);
  });

  test('says who keeps a file locked, that it is stopped, and what to do; then the work can go on', async () => {
    const path = join(tempDir(), 'm.db');
    const connection = open(path, [FIRST]);
    connection.exec('PRAGMA busy_timeout = 0');
    const load =
      driver === 'node'
        ? "require('node:sqlite').DatabaseSync"
        : `require(${JSON.stringify(require.resolve(driver))})`;
    const lock = `const db = new (${load})(${JSON.stringify(path)});
      db.exec('BEGIN IMMEDIATE; INSERT INTO a VALUES (1)');
      process.stdout.write('locked', () => process.kill(process.pid, 'SIGSTOP'));
      setTimeout(() => { db.exec('COMMIT'); db.close(); }, 1);`;
    const holder = spawn(process.execPath, ['-e', lock], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void holder.kill('SIGKILL'));
    await once(holder.stdout, 'data');
    const guarded = guardFile(path);
    const refusal = () => failure(() => guarded(() => connection.exec('BEGIN IMMEDIATE')));
    const named = process.platform === 'linux';
    const who = named
      ? `process ${holder.pid} has kept it locked for too long, because it is stopped`
      : 'another process has kept it locked for too long';
    await expect.poll(() => refusal().message).toBe(`${path}: ${who}`);
    expect(refusal()).toMatchObject({
      code: 'STORAGE',
      hint: expect.stringContaining(named ? `kill -CONT ${holder.pid}` : 'kill -CONT'),
    });
    const ended = once(holder, 'exit');
    holder.kill('SIGCONT');
    expect(await ended).toEqual([0, null]);
    guarded(() => connection.exec('INSERT INTO a VALUES (2)'));
    expect(connection.prepare('SELECT count(*) AS n FROM a').get()).toMatchObject({ n: 2 });
    connection.close();
  });

  test('rolls a transaction back that throws, whole', () => {
    const connection = open(join(tempDir(), 'm.db'), [FIRST]);
    expect(() =>
      inTransaction(connection, () => {
        connection.exec('INSERT INTO a VALUES (1)');
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(
      inTransaction(connection, () => connection.prepare('SELECT count(*) AS n FROM a').get()),
    ).toMatchObject({ n: 0 });
    connection.close();
  });
});
