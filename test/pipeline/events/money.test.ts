import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  amountOfUnits,
  compareCounts,
  divideAmount,
  formatAmount,
  MAX_AMOUNT,
  MONEY_SCALE,
  multiply,
  parseAmount,
  subtract,
} from '../../../src/pipeline/events/money.ts';

describe('parseAmount', () => {
  test.each([
    ['2.55', 25_500],
    [2.55, 25_500],
    ['0.1', 1000],
    [0.1 + 0.2, 3000],
    ['1e2', 1_000_000],
    ['-1.5', -15_000],
    ['.5', 5000],
    ['5.', 50_000],
    [' 7 ', 70_000],
    ['0.00005', 1],
    ['0.00004', 0],
    ['-0.00005', -1],
    ['-0.00001', 0],
    [1e-7, 0],
    ['99999999999.9999', 999_999_999_999_999],
  ])('%s is %d units', (text, units) => {
    expect(parseAmount(text)).toBe(units);
  });

  test.each([
    '',
    '.',
    'abc',
    '1,5',
    '0x10',
    '1e',
    '1e999',
    '--1',
    '١',
    '1e12',
    '9'.repeat(41),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2e11,
  ])('%s is no amount', (text) => {
    expect(parseAmount(text)).toBeUndefined();
  });

  test('reads what formatAmount writes, whether as text or as a number', () => {
    const limit = MAX_AMOUNT * MONEY_SCALE;
    fc.assert(
      fc.property(fc.integer({ min: -limit, max: limit }), (units) => {
        const text = formatAmount(units);
        expect(parseAmount(text)).toBe(units);
        expect(parseAmount(Number(text))).toBe(units);
      }),
    );
  });
});

describe('amountOfUnits', () => {
  test.each([
    ['0.00125', 10_000, 125_000],
    [3.3333333333, 30_000, 1_000_000_000],
    ['1.25e-3', 10_000, 125_000],
    ['2.5', 7, undefined],
    ['2.5000', 7, undefined],
    [0.1 + 0.2, 2, undefined],
    ['0.00125', 1, undefined],
  ])('%s for %d units', (price, units, amount) => {
    expect(amountOfUnits(price, units)).toBe(amount);
  });

  test('is the exact product, rounded once, wherever that is not the product of the rounded price', () => {
    fc.assert(
      fc.property(
        fc.nat(10 ** 9),
        fc.integer({ min: 5, max: 12 }),
        fc.integer({ min: 2, max: 10 ** 6 }),
        (digits, decimals, units) => {
          const text = `${String(digits)
            .padStart(decimals + 1, '0')
            .slice(0, -decimals)}.${String(digits).padStart(decimals, '0').slice(-decimals)}`;
          const scale = 10n ** BigInt(decimals - 4);
          const exact = Number((BigInt(digits) * BigInt(units) + scale / 2n) / scale);
          const said = amountOfUnits(text, units) ?? Number(multiply(parseAmount(text)!, units));
          expect(said).toBe(
            exact > MAX_AMOUNT * MONEY_SCALE ? Number(multiply(parseAmount(text)!, units)) : exact,
          );
        },
      ),
    );
  });
});

describe('arithmetic', () => {
  const count = fc.oneof(
    fc.integer({ min: -Number.MAX_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
    fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).filter((value) => !Number.isSafeInteger(Number(value))),
  );

  test('is that of whole numbers of any size, and a number wherever that is exact', () => {
    fc.assert(
      fc.property(count, count, (a, b) => {
        for (const [result, exact] of [
          [add(a, b), BigInt(a) + BigInt(b)],
          [subtract(a, b), BigInt(a) - BigInt(b)],
          [multiply(a, b), BigInt(a) * BigInt(b)],
        ] as const) {
          expect(BigInt(result)).toBe(exact);
          expect(typeof result).toBe(Number.isSafeInteger(Number(exact)) ? 'number' : 'bigint');
        }
        const order = BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0;
        expect(compareCounts(a, b)).toBe(order);
      }),
    );
  });
});

describe('formatAmount and divideAmount', () => {
  test.each([
    [106_556_224_840, '10655622.484'],
    [0, '0.00'],
    [-5, '-0.0005'],
    [15_000, '1.50'],
    [2n ** 70n, '118059162071741130.3424'],
  ])('%s is %s', (units, text) => {
    expect(formatAmount(units)).toBe(text);
  });

  test('a share is rounded half away from zero, and there is none of nothing', () => {
    expect(divideAmount(10_000, 3)).toBe('0.3333');
    expect(divideAmount(1, 2)).toBe('0.0001');
    expect(divideAmount(-1, 2)).toBe('-0.0001');
    expect(divideAmount(106_556_224_840, 19_959)).toBe('533.8756');
    expect(divideAmount(5, 0)).toBeNull();
  });
});
