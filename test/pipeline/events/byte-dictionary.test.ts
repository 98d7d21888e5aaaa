import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteDictionary } from '../../../src/pipeline/events/byte-dictionary.ts';

/** Adds a name that lies somewhere in larger bytes. */
function numberIn(dictionary: ByteDictionary, name: string): number {
  const bytes = Buffer.from(`xx${name}yy`);
  const size = bytes.length - 4;
  const known = dictionary.find(bytes, 2, size);
  const number = dictionary.number(bytes, 2, size);
  if (known !== -1) expect(number).toBe(known);
  expect(dictionary.find(bytes, 2, size)).toBe(number);
  return number;
}

describe('a dictionary of bytes', () => {
  test('numbers names as a map would, in the order in which they come', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('', 'a', 'aa', '靴', 'u:1', 'a:1'),
      fc.nat(300).map(String),
    );
    fc.assert(
      fc.property(fc.array(name, { maxLength: 400 }), fc.integer({ min: 0, max: 100 }), (names, room) => {
        const dictionary = new ByteDictionary(room);
        const numbers = new Map<string, number>();
        for (const each of names) {
          if (!numbers.has(each)) numbers.set(each, numbers.size);
          expect(numberIn(dictionary, each)).toBe(numbers.get(each));
          expect(dictionary.size).toBe(numbers.size);
        }
        for (const [each, number] of numbers) {
          expect(dictionary.textOf(number)).toBe(each);
          expect(dictionary.numberOf(each)).toBe(number);
        }
        expect(dictionary.find(Buffer.from('no name of them'), 0, 15)).toBe(-1);
      }),
    );
  });

  test('grows to many names', () => {
    const dictionary = new ByteDictionary();
    for (let i = 0; i < 50_000; i += 1) expect(dictionary.numberOf(`shopper ${i}`)).toBe(i);
    for (let i = 0; i < 50_000; i += 1) expect(dictionary.textOf(i)).toBe(`shopper ${i}`);
  });
});
