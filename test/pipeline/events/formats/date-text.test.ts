import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  dateTime,
  formatReader,
  orderOf,
  zonedTime,
} from '../../../../src/pipeline/events/formats/date-text.ts';
import { timeZone } from '../../../../src/pipeline/events/time-zone.ts';

const UTC = timeZone('UTC');
const BERLIN = timeZone('Europe/Berlin');
const iso = (time: number): string => (Number.isNaN(time) ? 'none' : new Date(time).toISOString());

test.each([
  ['05.02.2026 08:26', 'day'],
  ['13/02/2026', 'day'],
  ['02/13/2026 1:00 PM', 'month'],
  ['05/02/2026', 'either'],
  ['5-2-2026', 'either'],
  ['05/05/2026', undefined],
  ['2026-02-05', undefined],
  ['soon', undefined],
])('%s begins with %s', (text, order) => {
  expect(orderOf(text)).toBe(order);
});

test.each([
  ['05/02/2026 08:26', 'day', '2026-02-05T08:26:00.000Z'],
  ['05/02/2026 08:26', 'month', '2026-05-02T08:26:00.000Z'],
  ['05/02/2026 08:26', undefined, 'none'],
  ['05.02.2026', undefined, '2026-02-05T00:00:00.000Z'],
  ['13/02/2026', 'month', 'none'],
  ['2/5/2026, 12:05:09 AM', 'month', '2026-02-05T00:05:09.000Z'],
  ['2/5/2026 12:05 pm', 'month', '2026-02-05T12:05:00.000Z'],
  ['2026/02/05 10:00', undefined, '2026-02-05T10:00:00.000Z'],
  ['2026.2.5', undefined, '2026-02-05T00:00:00.000Z'],
  ['5 Feb 2026 10:00', undefined, '2026-02-05T10:00:00.000Z'],
  ['Feb 5, 2026 10:00:01 +0100', undefined, '2026-02-05T09:00:01.000Z'],
  ['2026-02-05 10:00', undefined, '2026-02-05T10:00:00.000Z'],
  ['31/02/2026', 'day', 'none'],
  ['05/02/2026 25:00', 'day', 'none'],
  ['05/02-2026', 'day', 'none'],
] as const)('%s with the %s first is %s', (text, order, expected) => {
  expect(iso(dateTime(text, order, UTC))).toBe(expected);
});

test.each([
  ['DD.MM.YYYY HH:mm', '05.02.2026 08:26', '2026-02-05T08:26:00.000Z'],
  ['D/M/YY h:mm A', '5/2/26 8:26 PM', '2026-02-05T20:26:00.000Z'],
  ['YYYY_MM_DD', '2026_02_05', '2026-02-05T00:00:00.000Z'],
  ['MMM D, YYYY', 'Feb 5, 2026', '2026-02-05T00:00:00.000Z'],
  ['YYYY-MM-DDTHH:mm:ss.SSSZ', '2026-02-05T08:26:01.25+01:00', '2026-02-05T07:26:01.250Z'],
])('the form %s reads %s as %s', (form, text, expected) => {
  expect(iso(formatReader(form)!(text, UTC))).toBe(expected);
});

test('a form has to say year, month and day once each', () => {
  for (const form of ['DD.MM', 'YYYY-MM', 'DD.DD.YYYY MM', '']) expect(formatReader(form)).toBeUndefined();
});

test('times without a zone are those of the zone, also where its clock is changed', () => {
  expect(iso(dateTime('2026-07-05 23:30:00', undefined, BERLIN))).toBe('2026-07-05T21:30:00.000Z');
  expect(iso(dateTime('2026-07-05', undefined, BERLIN))).toBe('2026-07-04T22:00:00.000Z');
  expect(iso(dateTime('2026-07-05T23:30:00Z', undefined, BERLIN))).toBe('2026-07-05T23:30:00.000Z');
  expect(iso(dateTime('2026-07-05T23:30:00+02:00', undefined, BERLIN))).toBe('2026-07-05T21:30:00.000Z');
  // Skipped, and twice there.
  expect(iso(dateTime('2026-03-29 02:30', undefined, BERLIN))).toBe('2026-03-29T01:30:00.000Z');
  expect(iso(dateTime('2026-10-25 02:30', undefined, BERLIN))).toBe('2026-10-25T00:30:00.000Z');
});

test('the moment that a clock shows shows that clock again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2030, 0, 1) }),
      fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'),
      (time, name) => {
        const zone = timeZone(name);
        const local = time + zone.offsetAt(time);
        const found = zonedTime(local, zone);
        expect(found + zone.offsetAt(found)).toBe(local);
        expect(found).toBeLessThanOrEqual(time);
      },
    ),
  );
});
