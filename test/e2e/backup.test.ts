import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { create } from 'tar';
import { describe, expect, test } from 'vitest';
import { packageFile } from '../../src/package-root.ts';
import { tempDir } from '../support/temp-dir.ts';

const ECOM = packageFile('bin', 'ecom.js');
const LIMIT = { timeout: 180_000 };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(command: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(command, args, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const ecom = (dataDir: string, ...args: string[]): Promise<Outcome> =>
  run(process.execPath, ECOM, ...args, '--data-dir', dataDir);

async function shopFile(count: number): Promise<string> {
  const path = join(tempDir(), 'shop.jsonl');
  const { code } = await run(process.execPath, ECOM, 'generate', '--count', `${count}`, '--out', path);
  expect(code).toBe(0);
  return path;
}

/** All numbers, apart from how they were come by. */
async function numbersOf(dataDir: string): Promise<object> {
  const { kpis, funnel, topProducts, freshness } = JSON.parse(
    (await ecom(dataDir, 'stats', '--json', '--window', 'all')).stdout,
  );
  return { kpis, funnel, topProducts, received: freshness.received, duplicates: freshness.duplicates };
}

/** A small shop, and a back-up of it. */
async function backedUp(): Promise<{ dataDir: string; archive: string; dir: string }> {
  const dir = tempDir();
  const [dataDir, archive] = [join(dir, 'data'), join(dir, 'shop.tar.gz')];
  expect((await ecom(dataDir, 'ingest', await shopFile(2000))).code).toBe(0);
  writeFileSync(join(dataDir, 'alerts.json'), '{"alerts":[]}');
  expect(await ecom(dataDir, 'backup', archive)).toMatchObject({ code: 0, stderr: '' });
  return { dataDir, archive, dir };
}

/** What lies in a folder, apart from the lock, which is made by looking. */
const contents = (dir: string): [string, string][] =>
  existsSync(dir)
    ? readdirSync(dir)
        .filter((name) => statSync(join(dir, name)).isFile() && !/^up\.lock|-wal$|-shm$/.test(name))
        .sort()
        .map((name) => [name, readFileSync(join(dir, name)).toString('base64')])
    : [];

describe('ecom backup and ecom restore', () => {
  test('taken while an ingest runs, it is a shop that goes on to the same numbers', LIMIT, async () => {
    const path = await shopFile(40_000);
    const dir = tempDir();
    const [dataDir, archive] = [join(dir, 'data'), join(dir, 'shop.tar.gz')];
    const ingest = spawn(process.execPath, [ECOM, 'ingest', path, '--data-dir', dataDir]);
    await once(ingest.stderr, 'data');
    const archives: string[] = [];
    while (ingest.exitCode === null && archives.length < 4) {
      const { code, stdout, stderr } = await ecom(
        dataDir,
        'backup',
        `${archive}-${archives.length}`,
        '--json',
      );
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ schema: 'ecom.backup/1', notIncluded: [] });
      archives.push(`${archive}-${archives.length}`);
    }
    expect(ingest.exitCode ?? (await once(ingest, 'exit'))[0]).toBe(0);
    const whole = await numbersOf(dataDir);
    expect(whole).toMatchObject({ received: 40_000, duplicates: 0 });
    for (const [i, each] of archives.entries()) {
      const other = join(dir, `other-${i}`);
      expect(await ecom(other, 'restore', each)).toMatchObject({ code: 0, stderr: '' });
      const { partitions } = JSON.parse((await ecom(other, 'status', '--json')).stdout);
      for (const { position, end, error } of partitions) {
        expect(error).toBeUndefined();
        expect(position).toBeLessThanOrEqual(end);
      }
      expect((await ecom(other, 'ingest', path)).code).toBe(0);
      expect(await numbersOf(other)).toEqual(whole);
    }
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('it is the owner’s alone, holds the settings, and replaces only when told', LIMIT, async () => {
    const { dataDir, archive, dir } = await backedUp();
    const numbers = await numbersOf(dataDir);
    expect(statSync(archive).mode & 0o777).toBe(0o600);
    const other = join(dir, 'other');
    expect((await ecom(other, 'restore', archive)).code).toBe(0);
    expect(readFileSync(join(other, 'alerts.json'), 'utf8')).toBe('{"alerts":[]}');
    for (const name of ['log.db', 'documents.db', 'live.db', 'alerts.json'])
      expect(statSync(join(other, name)).mode & 0o777).toBe(0o600);
    expect((await ecom(other, 'doctor')).stdout).not.toMatch(/✗/);

    expect((await ecom(other, 'ingest', await shopFile(3000))).code).toBe(0);
    const before = contents(other);
    const refused = await ecom(other, 'restore', archive);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error: there is data in .*\n {2}try: .*--force\n$/);
    expect(contents(other)).toEqual(before);
    expect((await ecom(other, 'restore', archive, '--force')).code).toBe(0);
    expect(await numbersOf(other)).toEqual(numbers);
  });

  test('it refuses while something runs', LIMIT, async () => {
    const { dataDir, archive } = await backedUp();
    expect((await ecom(dataDir, 'up', '-d', '--no-generator')).code).toBe(0);
    expect(await ecom(dataDir, 'backup', archive)).toMatchObject({ code: 0 });
    const { code, stderr } = await ecom(dataDir, 'restore', archive, '--force');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: something runs on .*\n {2}try: ecom down/),
    ]);
    expect((await ecom(dataDir, 'down')).code).toBe(0);

    const watching = spawn(process.execPath, [ECOM, 'ingest', '-', '--data-dir', dataDir]);
    watching.stdin.write('{"type":"view_item","time":"2026-01-04T10:00:00Z","userId":"u1"}\n');
    await once(watching.stderr, 'data');
    expect((await ecom(dataDir, 'restore', archive, '--force')).code).toBe(1);
    watching.stdin.end();
    await once(watching, 'exit');
    expect((await ecom(dataDir, 'restore', archive, '--force')).code).toBe(0);
  });

  test('what is no sound back-up is one line, and changes nothing', LIMIT, async () => {
    const { dataDir, archive, dir } = await backedUp();
    const sound = readFileSync(archive);
    const bad: Record<string, Buffer> = {
      empty: Buffer.alloc(0),
      text: Buffer.from('no archive at all '.repeat(100)),
      'cut.gz': sound.subarray(0, sound.length / 2),
      'flipped.gz': Buffer.from(sound.map((byte, i) => (i === sound.length >> 1 ? byte ^ 0xff : byte))),
      'zeros.gz': gzipSync(Buffer.alloc(2 ** 20)),
      'bomb.gz': gzipSync(Buffer.concat([tarHeader('zeros', 200 * 2 ** 20), Buffer.alloc(200 * 2 ** 20)])),
    };
    const changed = gunzipSync(sound);
    changed.write('{"alerts":[1', changed.indexOf('{"alerts":[]}'));
    bad['changed.gz'] = gzipSync(changed);
    bad['outside.gz'] = gzipSync(Buffer.concat([tarHeader('../escaped', 0), gunzipSync(sound)]));
    bad['link.gz'] = await archiveWithLink(dir);
    const before = contents(dataDir);
    for (const [name, bytes] of Object.entries(bad)) {
      const path = join(dir, name);
      writeFileSync(path, bytes);
      for (const target of [dataDir, join(dir, 'new')]) {
        const { code, stdout, stderr } = await ecom(target, 'restore', path, '--force');
        expect([name, code, stdout]).toEqual([name, 1, '']);
        expect(stderr).toMatch(/^error: [^\n]*is no back-up, or a damaged one[^\n]*\n {2}try: [^\n]*\n$/);
      }
    }
    expect(contents(dataDir)).toEqual(before);
    expect(existsSync(join(dir, 'new'))).toBe(false);
    expect(existsSync(join(dirname(dataDir), 'escaped'))).toBe(false);
    expect((await ecom(dataDir, 'restore', join(dir, 'nothing'))).stderr).toMatch(/^error: there is no file/);
  });

  test.skipIf(process.platform === 'win32')('without room for it nothing is left behind', LIMIT, async () => {
    const { dataDir, archive, dir } = await backedUp();
    const before = readFileSync(archive);
    const command = `ulimit -f 200; exec "$0" "$@"`;
    for (const name of ['shop.tar.gz', 'other.tar.gz']) {
      const args = [process.execPath, ECOM, 'backup', join(dir, name), '--data-dir', dataDir];
      const { code, stdout, stderr } = await run('bash', '-c', command, ...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^error: cannot write .*\n {2}try: nothing was left behind.*\n$/);
    }
    expect(readFileSync(archive).equals(before)).toBe(true);
    expect(readdirSync(dir).sort()).toEqual(['data', 'shop.tar.gz']);
  });

  test('there must be something to back up', LIMIT, async () => {
    const dir = tempDir();
    expect(await ecom(join(dir, 'data'), 'backup', join(dir, 'x.gz'))).toMatchObject({ code: 1 });
    expect(readdirSync(dir)).toEqual([]);
  });
});

/** The header of a plain file in an archive. */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write('0000644\0', 100);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

async function archiveWithLink(dir: string): Promise<Buffer> {
  const folder = join(dir, 'linked');
  mkdirSync(folder);
  symlinkSync('/etc', join(folder, 'log.db'));
  const file = join(dir, 'linked.gz');
  await create({ file, gzip: true, cwd: folder }, ['log.db']);
  return readFileSync(file);
}
