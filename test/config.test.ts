import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir, loadConfig } from '../src/config.ts';
import { packageFile } from '../src/package-root.ts';
import { VERSION } from '../src/version.ts';
import { tempDir } from './support/temp-dir.ts';

describe('config', () => {
  test('flags win over the environment, which wins over defaults', () => {
    const env = { ECOM_DATA_DIR: '/from/env', ECOM_CURRENCY: 'EUR' };
    expect(loadConfig({ dataDir: '/from/flag' }, env)).toMatchObject({
      dataDir: '/from/flag',
      currency: 'EUR',
    });
    expect(loadConfig({}, env).dataDir).toBe('/from/env');
    expect(loadConfig({ dataDir: 'x' }, {})).toMatchObject({
      currency: 'USD',
      partitions: undefined,
      stack: 'embedded',
      logUrl: 'sqlite:',
    });
  });

  test('a child resolves the same from what it is handed', () => {
    const config = loadConfig({ dataDir: '/d' }, { ECOM_PARTITIONS: '7', ECOM_SQLITE_SYNCHRONOUS: 'FULL' });
    expect(loadConfig({}, config.env)).toEqual(config);
  });

  test.each([
    ['ECOM_CURRENCY', 'euro'],
    ['ECOM_PARTITIONS', '0'],
    ['ECOM_SQLITE_SYNCHRONOUS', 'off'],
    ['ECOM_LOG_LEVEL', 'loud'],
    ['ECOM_LOG_URL', 'here'],
  ])('refuses %s=%s, with a hint', (name, value) => {
    expect(() => loadConfig({ dataDir: '/d' }, { [name]: value })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(name),
        hint: expect.any(String),
      }),
    );
  });

  test('makes the data folder for its owner only, and says where it cannot', () => {
    const dir = tempDir();
    ensureDataDir(loadConfig({ dataDir: join(dir, 'a', 'b') }, {}));
    expect(statSync(join(dir, 'a', 'b')).mode & 0o777).toBe(0o700);
    writeFileSync(join(dir, 'file'), '');
    const inFile = loadConfig({ dataDir: join(dir, 'file', 'data') }, {});
    expect(() => ensureDataDir(inFile)).toThrow(expect.objectContaining({ code: 'STORAGE' }));
    // Where the system refuses in an unusual way, this must end too.
    if (existsSync('/proc'))
      expect(() => ensureDataDir(loadConfig({ dataDir: '/proc/ecom/data' }, {}))).toThrow();
  });
});

test('the version is that of the package', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(packageFile('package.json'), 'utf8')).version);
});
