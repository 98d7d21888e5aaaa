import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainAmount, spareZeros } from '../../../../src/pipeline/events/formats/plain-amount.ts';

test.each([
  ['7.50', '7.5'],
  ['7.00', '7'],
  ['7.', '7'],
  ['10', '10'],
  ['100.010', '100.01'],
  ['0.0', '0'],
  ['.50', '0.5'],
  ['.0', '0'],
  ['.', '.'],
  ['-5.00', '-5.00'],
  ['1.0.0', '1.0.0'],
  ['1e2.0', '1e2.0'],
  ['', ''],
])('%s is %s', (amount, plain) => {
  expect(plainAmount(amount)).toBe(plain);
});

test('as text and as bytes an amount loses the same, and nothing of its worth', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0019.-,e'), maxLength: 8 });
  fc.assert(
    fc.property(text, (amount) => {
      const plain = plainAmount(amount);
      const spare = spareZeros(Buffer.from(amount), 0, amount.length);
      if (amount.startsWith('.')) expect(spare).toBe(0);
      else expect(plain).toBe(amount.slice(0, amount.length - spare));
      if (plain !== amount) expect(Number(plain)).toBe(Number(amount));
    }),
  );
});
