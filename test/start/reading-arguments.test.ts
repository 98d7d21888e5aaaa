import { describe, expect, test } from 'vitest';
import { readingLine } from '../../src/start/reading-arguments.ts';

const ENV = { ECOM_DATA_DIR: '/data', ECOM_CURRENCY: 'EUR', NO_COLOR: '1', PATH: '/bin', SECRET: 'x' };

describe('the line of a command that only reads', () => {
  test('tells the folders that it may be about, and what of the environment matters', () => {
    expect(readingLine(['stats', '--json'], ENV)).toEqual({
      request: {
        argv: ['stats', '--json'],
        env: { ECOM_DATA_DIR: '/data', ECOM_CURRENCY: 'EUR', NO_COLOR: '1' },
      },
      folders: ['/data', '/data/demo'],
    });
    expect(readingLine(['recommend', '--user=u1', '--data-dir=/other'], ENV)?.folders[0]).toBe('/other');
    expect(readingLine(['stats', '--data-dir', '/a', '--data-dir', '/b'], ENV)?.folders[0]).toBe('/b');
    expect(readingLine(['stats', '--demo'], ENV)?.folders).toEqual(['/data/demo']);
  });

  test('takes the value of an option for nothing else', () => {
    expect(readingLine(['recommend', '--user', '--data-dir'], ENV)?.folders[0]).toBe('/data');
  });

  test.each([
    [[]],
    [['status']],
    [['ingest', 'file']],
    [['--json', 'stats']],
    [['stats', '--watch']],
    [['stats', '--interval', '1']],
    [['stats', '--where', 'country=DE']],
    [['stats', '--where=country=DE']],
    [['stats', '--help']],
    [['stats', '-h']],
    [['stats', '--version']],
    [['stats', '--limit']],
    [['stats', '--limit', '3', 'more']],
    [['stats', '--']],
    [['stats', '--json=yes']],
    [['stats', '--data-dir', 'here']],
  ])('is none, or has to be run in the ordinary way: %j', (argv) => {
    expect(readingLine(argv, ENV)).toBeUndefined();
  });

  test('has to be run in the ordinary way where a file is named from the folder that one is in', () => {
    expect(readingLine(['recommend'], { ...ENV, ECOM_RECOMMEND_FILE: 'mine.json' })).toBeUndefined();
    expect(readingLine(['recommend'], { ...ENV, ECOM_RECOMMEND_FILE: '/mine.json' })).toBeDefined();
  });
});
