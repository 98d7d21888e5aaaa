import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compress, toMatrix } from '../../src/ml/matrix.ts';

describe('interaction matrix', () => {
  test('has the greatest weight and the latest time of every pair, once', () => {
    const row = fc.record({
      user: fc.constantFrom('u', 'v', 'w'),
      item: fc.constantFrom('a', 'b', '__proto__', ''),
      weight: fc.constantFrom(1, 2, 5),
      time: fc.integer({ min: -10, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(row), (rows) => {
        const matrix = toMatrix(rows);
        expect(matrix.itemIds).toEqual([...new Set(rows.map(({ item }) => item))].sort());
        const users = [...new Set(rows.map(({ user }) => user))];
        expect(matrix.users).toBe(users.length);
        users.forEach((user, u) => {
          const entries = [];
          for (let at = matrix.starts[u]!; at < matrix.starts[u + 1]!; at += 1) {
            entries.push([matrix.itemIds[matrix.items[at]!], matrix.weights[at], matrix.times[at]]);
          }
          const own = rows.filter((other) => other.user === user);
          const items = [...new Set(own.map(({ item }) => item))];
          const expected = items.map((item) => {
            const same = own.filter((other) => other.item === item);
            return [
              item,
              Math.max(...same.map(({ weight }) => weight)),
              Math.max(...same.map(({ time }) => time)),
            ];
          });
          expect(entries).toEqual(expected);
        });
      }),
    );
  });

  test('leaves out users and items that do not occur', () => {
    const matrix = compress({
      length: 2,
      users: Uint32Array.of(3, 1),
      userCount: 5,
      items: Uint32Array.of(2, 2),
      itemIds: [undefined, 'unused', 'a'],
      weights: [1, 1],
      times: Float64Array.of(7, 8),
    });
    expect(matrix.itemIds).toEqual(['a']);
    expect([matrix.users, ...matrix.starts]).toEqual([2, 0, 1, 2]);
    expect([...matrix.times]).toEqual([8, 7]);
  });
});
