import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  fromMinor,
  readAmount,
  shareOut,
  timesUnits,
} from '../../../../src/pipeline/events/formats/amount-text.ts';

test.each([
  ['12,50', ',', '12.50'],
  ['12.50', ',', undefined],
  ['1.234,50', ',', '1234.50'],
  ['1 234,50', ',', '1234.50'],
  ['1\u00a0234\u00a0567,5', ',', '1234567.5'],
  ["1'234,50", ',', '1234.50'],
  ['1’234.50', '.', '1234.50'],
  ['1,234,50', ',', undefined],
  ['1.2.3,50', ',', undefined],
  ['1.234', ',', '1234'],
  ['1,234.50', '.', '1234.50'],
  ['1,23,456.00', '.', undefined],
  ['1,234 567.00', '.', undefined],
  ['12,50', '.', undefined],
  ['1234,567', '.', undefined],
  ['$19.99', '.', '19.99'],
  ['-$19.99', '.', '-19.99'],
  ['$-19.99', '.', '-19.99'],
  ['(19.99)', '.', '-19.99'],
  ['(19.99', '.', undefined],
  ['19.99-', '.', '-19.99'],
  ['5.-', '.', '5'],
  ['CHF 1’200.–', '.', '1200'],
  ['1.200,-- €', ',', '1200'],
  ['5,—', ',', '5'],
  ['-5,-', ',', '-5'],
  ['5,-', '.', undefined],
  ['5.-', ',', undefined],
  ['--5', '.', undefined],
  ['−5.00', '.', '-5.00'],
  ['12 pcs', '.', undefined],
  ['.5', '.', '.5'],
  [',5', ',', '.5'],
  ['', ',', ''],
  ['1e2', '.', '1e2'],
  ['abc', '.', undefined],
] as const)('%s with the decimal sign %s is %s', (text, decimal, expected) => {
  expect(readAmount(text, decimal)?.text).toBe(expected);
});

test.each([
  ['12,50 €', 'EUR'],
  ['€12,50', 'EUR'],
  ['EUR 12,50', 'EUR'],
  ['12,50 zł', 'PLN'],
  ['R$ 12,50', 'BRL'],
  ['$12,50', undefined],
  ['12,50 kr', undefined],
])('%s names %s', (text, currency) => {
  expect(readAmount(text, ',')).toEqual({ text: '12.50', currency });
});

test('any number that is written with groups is read as it is', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1e9, max: 1e9 }),
      fc.integer({ min: 0, max: 99 }),
      fc.constantFrom(['.', ','], ['.', ' '], ['.', "'"], [',', '.'], [',', ' '], [',', '\u202f']),
      (whole, cents, [decimal, group]) => {
        const fraction = String(cents).padStart(2, '0');
        const grouped = String(Math.abs(whole)).replaceAll(/\B(?=(\d{3})+$)/g, group!);
        const text = `${whole < 0 ? '-' : ''}${grouped}${decimal}${fraction}`;
        expect(readAmount(text, decimal as '.' | ',')?.text).toBe(`${whole}.${fraction}`);
      },
    ),
  );
});

test('products and smallest units are exact', () => {
  expect(timesUnits('19.90', '0.350')).toBe('6.9650');
  expect(timesUnits('0.1', '0.00005')).toBe('0.0000');
  expect(timesUnits('99999999.99', '0.333')).toBe('33299999.9967');
  expect(timesUnits('x', '1')).toBeUndefined();
  expect(shareOut('20.00', 2)).toEqual([{ price: '10.0000', units: 2 }]);
  expect(shareOut('10.00', 3)).toEqual([
    { price: '3.3333', units: 2 },
    { price: '3.3334', units: 1 },
  ]);
  expect(shareOut('10.00', 0)).toBeUndefined();
  expect(fromMinor('1999', 'EUR')).toBe('19.99');
  expect(fromMinor('5', 'EUR')).toBe('0.05');
  expect(fromMinor('1999', 'JPY')).toBe('1999');
  expect(fromMinor('-1999', 'KWD')).toBe('-1.999');
  expect(fromMinor('12.5', undefined)).toBe('0.125');
});
