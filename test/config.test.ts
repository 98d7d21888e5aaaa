import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureDataDir, loadConfig, requireNamedFiles } from '../src/config.ts';
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
    ['ECOM_DATA_DIR', ''],
    ['ECOM_DATA_DIR', '  '],
    ['ECOM_LOG_URL', 'kafka://'],
    ['ECOM_LOG_URL', 'kafka:///ecom.events'],
    ['ECOM_LOG_URL', 'kafka:host'],
    ['ECOM_LOG_URL', 'kafka://user:word@/ecom.events'],
    ['ECOM_DOCUMENTS_URL', 'mongodb://'],
    ['ECOM_DOCUMENTS_URL', 'mongodb://:27017/ecom'],
    ['ECOM_LIVE_URL', 'redis://?prefix=a'],
    ['ECOM_LIVE_URL', 'redis://:word@:6379/0'],
    ['ECOM_LIVE_URL', 'sqlite:///tmp/live.db'],
    ['ECOM_LOG_URL', 'sqlite:log.db'],
    ['ECOM_PROPERTIES', '__proto__'],
    ['ECOM_PROPERTIES', 'constructor'],
    ['ECOM_PROPERTIES', 'prototype'],
    ['ECOM_PROPERTIES', 'toString'],
    ['ECOM_PROPERTIES', 'country,hasOwnProperty'],
  ])('refuses %s=%s, with a hint', (name, value) => {
    expect(() => loadConfig({}, { [name]: value })).toThrow(
      expect.objectContaining({
        code: 'USAGE',
        message: expect.stringContaining(name),
        hint: expect.any(String),
      }),
    );
  });

  test('takes what is said where it says something', () => {
    const urls = {
      ECOM_LOG_URL: 'kafka://user:a/b@host,other:9093/topic',
      ECOM_DOCUMENTS_URL: 'mongodb+srv://host',
      ECOM_LIVE_URL: 'redis://:word@host',
    };
    const { logUrl, documentsUrl, liveUrl } = loadConfig({ dataDir: '/d' }, urls);
    expect([logUrl, documentsUrl, liveUrl]).toEqual(Object.values(urls));
    expect(() => loadConfig({ dataDir: '' }, {})).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  test.each(['ECOM_ALERTS_FILE', 'ECOM_RECOMMEND_FILE'])('needs the file that %s names', (name) => {
    const file = join(tempDir(), 'rules.json');
    const config = loadConfig({ dataDir: '/d' }, { [name]: file });
    expect(() => requireNamedFiles(config)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(name) }),
    );
    writeFileSync(file, '{}');
    requireNamedFiles(config);
    // The files of the data folder need not be there, nor be so for a child.
    const plain = loadConfig({ dataDir: '/d' }, {});
    requireNamedFiles(plain);
    requireNamedFiles(loadConfig({}, plain.env));
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
