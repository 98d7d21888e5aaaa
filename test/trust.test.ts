import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkDataFolder } from '../src/commands/doctor/data-folder.ts';
import { prepareStores } from '../src/commands/store-check.ts';
import { ensureDataDir, loadConfig } from '../src/config.ts';
import { readOptionalFile } from '../src/optional-file.ts';
import { distrustOf, requireTrusted } from '../src/trust.ts';
import { configFor } from './support/stores.ts';
import { tempDir } from './support/temp-dir.ts';

const isRoot = process.getuid?.() === 0;
const OTHER = 4321;

async function shop(): Promise<string> {
  const config = configFor(join(tempDir(), 'data'));
  ensureDataDir(config);
  await prepareStores(config);
  writeFileSync(join(config.dataDir, 'alerts.json'), '{"alerts":[]}');
  return config.dataDir;
}

function pipe(path: string): void {
  execFileSync('mkfifo', ['-m', '600', path]);
}

function plantView(dataDir: string): void {
  mkdirSync(join(dataDir, 'views', 'one'), { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, 'views', 'one', 'live.db'), '');
  chmodSync(join(dataDir, 'views', 'one', 'live.db'), 0o666);
}

describe.skipIf(process.getuid === undefined)('trust in the data folder', () => {
  test('what the program makes is trusted, and so is a folder that is not there', async () => {
    expect(distrustOf(await shop())).toBeUndefined();
    expect(distrustOf(join(tempDir(), 'nowhere'))).toBeUndefined();
  });

  const planted: [string, (dir: string) => void][] = [
    ['a folder that everybody may write to', (dir) => chmodSync(dir, 0o777)],
    ['a folder that its group may write to', (dir) => chmodSync(dir, 0o770)],
    ['a store that everybody may write to', (dir) => chmodSync(join(dir, 'log.db'), 0o666)],
    ['rules that a group may write to', (dir) => chmodSync(join(dir, 'alerts.json'), 0o660)],
    [
      'a store that is a symbolic link',
      (dir) => {
        renameSync(join(dir, 'live.db'), join(dir, '..', 'elsewhere'));
        symlinkSync(join(dir, '..', 'elsewhere'), join(dir, 'live.db'));
      },
    ],
    ['rules that are a dangling link', (dir) => symlinkSync('/nowhere', join(dir, 'recommend.json'))],
    ['a store that has another name too', (dir) => linkSync(join(dir, 'log.db'), join(dir, '..', 'hard'))],
    [
      'logs that go elsewhere',
      (dir) => {
        mkdirSync(join(dir, '..', 'other'));
        symlinkSync(join(dir, '..', 'other'), join(dir, 'logs'));
      },
    ],
    [
      'a log that goes elsewhere',
      (dir) => {
        mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 });
        symlinkSync(join(dir, '..', 'other'), join(dir, 'logs', 'processor.log'));
      },
    ],
    ['numbers by a condition that everybody may write to', (dir) => plantView(dir)],
    ['a pipe for a stack', (dir) => pipe(join(dir, 'stack'))],
    ['a pipe for a store', (dir) => pipe(join(dir, 'other.db'))],
    ...(isRoot
      ? ([
          ['a folder of another user', (dir) => chownSync(dir, OTHER, OTHER)],
          ['rules of another user', (dir) => chownSync(join(dir, 'alerts.json'), OTHER, OTHER)],
          ['a store of another user', (dir) => chownSync(join(dir, 'documents.db'), OTHER, OTHER)],
        ] satisfies [string, (dir: string) => void][])
      : []),
  ];
  test.each(planted)('%s is refused, and doctor says what mends it', async (_, plant) => {
    const dataDir = await shop();
    plant(dataDir);
    const { problem, advice } = distrustOf(dataDir)!;
    expect(problem).toContain(dataDir);
    expect(() => requireTrusted(dataDir)).toThrow(problem);
    const checks = await checkDataFolder({ dataDir });
    expect(checks.find(({ name }) => name === 'permissions')).toMatchObject({ state: 'fail', advice });
  });

  test('one’s own link to one’s own folder is followed', async () => {
    const dataDir = await shop();
    const link = join(tempDir(), 'link');
    symlinkSync(dataDir, link);
    expect(distrustOf(link)).toBeUndefined();
    symlinkSync(dirname(dataDir), `${link}-parent`);
    expect(distrustOf(join(`${link}-parent`, 'data'))).toBeUndefined();
  });

  test('a pipe in the place of settings is told, not waited for', async () => {
    const dataDir = tempDir();
    pipe(join(dataDir, 'rules.json'));
    await expect(readOptionalFile(join(dataDir, 'rules.json'))).rejects.toMatchObject({
      message: expect.stringContaining('is no file'),
    });
    pipe(join(dataDir, 'stack'));
    expect(loadConfig({ dataDir }).stack).toBe('embedded');
  });

  test('rules elsewhere that somebody else may write are not read', async () => {
    const path = join(tempDir(), 'rules.json');
    expect(await readOptionalFile(path)).toBeUndefined();
    writeFileSync(path, '{}');
    chmodSync(path, 0o644);
    expect(await readOptionalFile(path)).toBe('{}');
    symlinkSync(path, `${path}-link`);
    expect(await readOptionalFile(`${path}-link`)).toBe('{}');
    chmodSync(path, 0o664);
    await expect(readOptionalFile(`${path}-link`)).rejects.toMatchObject({ code: 'INPUT' });
    chmodSync(path, 0o644);
    if (!isRoot) return;
    chownSync(path, OTHER, OTHER);
    await expect(readOptionalFile(path)).rejects.toMatchObject({
      message: expect.stringContaining(`owned by user ${OTHER}`),
    });
  });
});
