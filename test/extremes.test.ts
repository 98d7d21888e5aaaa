import { expect, test } from 'vitest';
import { greatest, least } from '../src/extremes.ts';

test('the greatest and the least of lists of any length', () => {
  const many = Float64Array.from({ length: 1_000_000 }, (_, i) => (i * 7919) % 1_000_003);
  expect([greatest(many), least(many)]).toEqual([1_000_002, 0]);
  expect([greatest([]), greatest([], 0), least([]), least([3], 2)]).toEqual([-Infinity, 0, Infinity, 2]);
});
