import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ensureDataDir } from '../src/config.ts';
import { EcomError } from '../src/errors.ts';
import { createLogger, logFile } from '../src/log.ts';
import { redactUrls } from '../src/redact.ts';
import { configFor } from './support/stores.ts';
import { tempDir } from './support/temp-dir.ts';

describe('what is told', () => {
  test.each([
    ['at http://me:pa/ss@hooks.example/T0/B1?x=1, twice', 'at http://hooks.example/… twice'],
    ['https://hooks.example/services/T0', 'https://hooks.example/…'],
    ["'https://hooks.example'", "'https://hooks.example'"],
    ['https://hooks.example/', 'https://hooks.example/'],
    ['redis://:p@ss@h:6379/0 away', 'redis://h:6379/0 away'],
    ['mongodb://u:p@a:1,b:2/ecom?authSource=x', 'mongodb://a:1,b:2/ecom'],
    ['use kafka://host:9092/topic', 'use kafka://host:9092/topic'],
    ['HTTPS://U:P@H/x', 'HTTPS://H/…'],
    ['no address: 5 // 3', 'no address: 5 // 3'],
  ])('%s', (text, redacted) => {
    expect(redactUrls(text)).toBe(redacted);
  });

  test('holds no secret of an address in the log, whatever error says it', async () => {
    const config = configFor(tempDir());
    ensureDataDir(config);
    const logger = await createLogger(config, 'test');
    const cause = new TypeError('cannot be constructed from http://me:s3cret@h/s3cret');
    const error = new EcomError('UNAVAILABLE', 'redis://u:s3cret@h', { hint: 'http://h/s3cret', cause });
    logger.error({ err: error, url: 'x', list: ['kafka://a:s3cret@b'] }, 'at http://h/s3cret: failed');
    const line = readFileSync(logFile(config, 'test'), 'utf8');
    expect(JSON.parse(line)).toMatchObject({
      msg: 'at http://h/… failed',
      err: { message: 'redis://h', code: 'UNAVAILABLE', cause: { type: 'TypeError' } },
      list: ['kafka://b'],
    });
    expect(line).toMatch(/"stack":"EcomError/);
    expect(line).not.toContain('s3cret');
  });
});
