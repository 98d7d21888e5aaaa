import { expect, test } from 'vitest';
import { ByteDictionary } from '../../../src/pipeline/events/byte-dictionary.ts';
import { boundedNames, createNames } from '../../../src/pipeline/metrics/bucket-deltas.ts';

test('forgets the numbers of a slot that has too many, and changes nothing for whoever still has them', () => {
  const names = createNames(new ByteDictionary(), 3);
  names.columns.numberOf('units');
  for (let i = 0; i < 10; i += 1) names.keys[1]!.numberOf(`p${i}`);
  names.keys[2]!.numberOf('DE');
  expect(boundedNames(names, () => 10)).toBe(names);
  const fewer = boundedNames(names, () => 9);
  expect(fewer.keys.map(({ size }) => size)).toEqual([0, 0, 1]);
  expect([fewer.columns, fewer.keys[2]]).toEqual([names.columns, names.keys[2]]);
  expect([names.keys[1]!.size, names.keys[1]!.textOf(9)]).toEqual([10, 'p9']);
});
