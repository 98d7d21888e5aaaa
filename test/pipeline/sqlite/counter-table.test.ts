import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, type Count } from '../../../src/pipeline/events/money.ts';
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
            .filter(([, row]) => (row.get(column) ?? 0) > 0)
            .map(([id, row]) => [id, row.get(column)]);
          const byId = (a: unknown[], b: unknown[]) => Number(a[0]) - Number(b[0]);
          expect(
            sums
              .positive(column)
              .map(({ id, value }) => [id, value])
              .sort(byId),
          ).toEqual(positive.sort(byId));
        }
      }),
      { numRuns: 300 },
    );
  });
});
