import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, type Count, compareCounts } from '../../../src/pipeline/events/money.ts';
import {
  addToTable,
  type CounterTable,
  createSums,
  decodeTable,
  encodeTable,
  tableRow,
} from '../../../src/pipeline/sqlite/counter-table.ts';

const amount: fc.Arbitrary<Count> = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  fc.constantFrom<Count>(2 ** 53 - 1, -(2 ** 53 - 1), 10n ** 20n, -(10n ** 20n)),
);
const changes = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 12 }),
    column: fc.constantFrom('a', 'b', '__proto__', 'ü'),
    amount,
  }),
  { maxLength: 12 },
);

const byPlace = (
  list: readonly { id: number; column: string; amount: Count }[],
): Map<number, Map<string, Count>> => {
  const rows = new Map<number, Map<string, Count>>();
  for (const { id, column, amount: value } of list) {
    const row = rows.get(id) ?? new Map<string, Count>();
    rows.set(id, row.set(column, add(row.get(column) ?? 0, value)));
  }
  return rows;
};

describe('counter table', () => {
  test('adds up what was added, through any number of encodings, exactly', () => {
    fc.assert(
      fc.property(fc.array(changes, { minLength: 1, maxLength: 6 }), (batches) => {
        let table: CounterTable | undefined;
        const sums = createSums();
        for (const batch of batches) {
          const rows = byPlace(batch);
          table = decodeTable(encodeTable(addToTable(table, rows)));
          sums.add(decodeTable(encodeTable(addToTable(undefined, rows))));
        }
        const expected = byPlace(batches.flat());
        for (let id = 0; id <= 12; id += 1) {
          const row = new Map([...(expected.get(id) ?? [])].filter(([, value]) => value !== 0));
          expect(tableRow(table!, id)).toEqual(row);
          expect(sums.row(id)).toEqual(row);
        }
        for (const column of ['a', 'b', '__proto__', 'ü']) {
          const positive = [...expected]
            .map(([id, row]) => ({ id, value: row.get(column) ?? 0 }))
            .filter(({ value }) => value > 0)
            .sort((x, y) => compareCounts(y.value, x.value));
          const total = positive.length;
          for (const count of [1, 2, 5, 20]) {
            const last = positive[count - 1]?.value;
            const wanted = positive.filter(({ value }) => last === undefined || value >= last);
            const { ids, keys } = sums.top(column, count);
            expect([...ids].sort((x, y) => x - y)).toEqual(wanted.map(({ id }) => id).sort((x, y) => x - y));
            expect(keys).toBe(total);
          }
          const sum = [...expected.values()].reduce<Count>((all, row) => add(all, row.get(column) ?? 0), 0);
          expect(sums.total().get(column) ?? 0).toBe(sum);
        }
      }),
      { numRuns: 300 },
    );
  });
});
