import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochMs, parseMonthFirstTime, parseTime } from '../../../src/pipeline/events/time.ts';

describe('parseTime', () => {
  test.each([
    ['2010-12-01 08:26:00', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01T08:26', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01', '2010-12-01T00:00:00.000Z'],
    ['2019-10-01 00:00:00 UTC', '2019-10-01T00:00:00.000Z'],
    ['2020-02-29T23:59:59.123456789Z', '2020-02-29T23:59:59.123Z'],
    ['2020-01-01T00:30:00+01:00', '2019-12-31T23:30:00.000Z'],
    ['2020-01-01 00:30:00 -0430', '2020-01-01T05:00:00.000Z'],
    ['2020-01-01T00:30:00,5+02', '2019-12-31T22:30:00.500Z'],
  ])('%s', (text, iso) => {
    expect(new Date(parseTime(text)).toISOString()).toBe(iso);
  });

  test.each([
    '',
    'now',
    '2021-02-29',
    '2020-13-01',
    '2020-00-10',
    '2020-01-00',
    '2020-01-01T24:00',
    '2020-01-01T10:60',
    '20200101',
    '1700000000000',
    '0095-01-01',
    '2020-01-01T10:00:00 CET',
  ])('%s is no time', (text) => {
    expect(parseTime(text)).toBeNaN();
  });

  test('reads every time that Date writes', () => {
    const from = new Date('1990-01-01T00:00:00Z');
    const to = new Date('2199-12-31T00:00:00Z');
    fc.assert(
      fc.property(fc.date({ min: from, max: to, noInvalidDate: true }), (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});

test('month-first times', () => {
  expect(new Date(parseMonthFirstTime('12/1/2010 8:26')).toISOString()).toBe('2010-12-01T08:26:00.000Z');
  expect(parseMonthFirstTime('13/1/2010 8:26')).toBeNaN();
  expect(parseMonthFirstTime('2010-12-01')).toBeNaN();
});

test('seconds, milliseconds and microseconds are told apart', () => {
  const ms = 1_700_000_000_123;
  expect(epochMs(ms)).toBe(ms);
  expect(epochMs(String(ms * 1000 + 456))).toBe(ms);
  expect(epochMs(1_700_000_000)).toBe(1_700_000_000_000);
  for (const value of ['', 'x', '1e3', null, undefined, {}, '-5']) expect(epochMs(value)).toBeNaN();
});
