import fc from 'fast-check';
import { expect, test } from 'vitest';
import { densest } from '../../../src/ml/als/densest.ts';
import { prepareNamed } from '../../../src/ml/training-data.ts';

const interaction = fc.record({
  user: fc.constantFrom(...'abcdefgh'),
  item: fc.constantFrom(...'pqrstuvw'),
  weight: fc.constantFrom(1, 2, 5),
});

test('of the items of most users, the users with the most of them, the latest first', () => {
  fc.assert(
    fc.property(
      fc.array(interaction, { maxLength: 60 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (rows, mostItems, mostUsers) => {
        const { users } = prepareNamed(rows.map((row, time) => ({ ...row, time })));
        const taken = Array.from({ length: users.rows }, (_, row) => {
          const [from, to] = [users.starts[row]!, users.starts[row + 1]!];
          return Array.from(users.items.subarray(from, to), (item, i) => {
            return { item, weight: users.weights[from + i]!, time: users.times[from + i]! };
          });
        });
        const countOf = (item: number) => taken.filter((own) => own.some((one) => one.item === item)).length;
        const items = [...new Set(users.items)]
          .sort((a, b) => countOf(b) - countOf(a) || a - b)
          .slice(0, mostItems);
        const newest = (own: (typeof taken)[number]) => Math.max(...own.map(({ time }) => time));
        const chosen = taken
          .map((own, row) => ({
            row,
            newest: newest(own),
            own: own.filter(({ item }) => items.includes(item)),
          }))
          .filter(({ own }) => own.length > 0)
          .sort((a, b) => b.own.length - a.own.length || b.newest - a.newest)
          .slice(0, mostUsers)
          .sort((a, b) => a.row - b.row);
        const found = densest(users, mostItems, mostUsers);
        expect({ rows: found.rows, columns: found.columns }).toEqual({
          rows: chosen.length,
          columns: users.columns,
        });
        expect(
          Array.from({ length: found.rows }, (_, row) =>
            Array.from(found.items.subarray(found.starts[row], found.starts[row + 1]), (item, i) => {
              const at = found.starts[row]! + i;
              return { item, weight: found.weights[at]!, time: found.times[at]! };
            }),
          ),
        ).toEqual(chosen.map(({ own }) => own));
        expect([found.items.length, found.weights.length, found.times.length]).toEqual(
          new Array(3).fill(chosen.flatMap(({ own }) => own).length),
        );
        if (items.length === new Set(users.items).size && users.rows <= mostUsers) expect(found).toBe(users);
      },
    ),
    { numRuns: 300 },
  );
});
