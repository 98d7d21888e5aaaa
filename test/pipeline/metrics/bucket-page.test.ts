import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, type Count, compareCounts } from '../../../src/pipeline/events/money.ts';
import { createSums } from '../../../src/pipeline/metrics/counter-sums.ts';
import { addEntries, DeltaTable } from '../../../src/pipeline/metrics/delta-table.ts';
import { PageReader, readWhole } from '../../../src/pipeline/metrics/page-reader.ts';
import { mergePage, PageWriter } from '../../../src/pipeline/metrics/page-writer.ts';

/** More keys than there are: all in one page. */
const ALL = 2 ** 20;

const inOne = (counter: Counter): Counter => ({ ...counter, bucket: 0 });

interface Counter {
  readonly bucket: number;
  readonly key: number;
  readonly column: number;
  readonly amount: Count;
}

const amount: fc.Arbitrary<Count> = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -1000, max: 1000 }) },
  fc.constantFrom<Count>(2 ** 52, -(2 ** 52), 2 ** 53 - 1, -(2 ** 53 - 1), 10n ** 20n, -(10n ** 20n)),
);
// Some close together, others far apart.
const key = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(127, 128, 16_384));
const column = fc.oneof(
  fc.integer({ min: 1, max: 9 }),
  fc.integer({ min: 100, max: 300 }),
  fc.constant(70_000),
);
const counters = fc.array(fc.record({ bucket: fc.integer({ min: 0, max: 2 }), key, column, amount }), {
  maxLength: 300,
});

const placed = (list: readonly Counter[]): Map<string, Count> => {
  const sums = new Map<string, Count>();
  for (const { bucket, key: row, column: of, amount: value } of list) {
    const place = `${bucket} ${row} ${of}`;
    sums.set(place, add(sums.get(place) ?? 0, value));
  }
  return new Map([...sums].filter(([, value]) => value !== 0));
};

function tableOf(list: readonly Counter[]): DeltaTable {
  const table = new DeltaTable();
  for (const { bucket, key: row, column: of, amount: value } of list) table.add(bucket, row, of, value);
  return table;
}

function counted(pages: readonly Uint8Array[]): Map<string, Count> {
  const found = new Map<string, Count>();
  pages.forEach((page, bucket) => {
    let before = -1;
    for (const reader = new PageReader().open(page); reader.nextColumn(); ) {
      for (let i = 0; i < reader.count; i += 1) {
        const order = reader.column * 2 ** 20 + reader.keys[i]!;
        expect(order).toBeGreaterThan(before);
        before = order;
        found.set(`${bucket} ${reader.keys[i]} ${reader.column}`, reader.value(i));
      }
    }
  });
  return found;
}

describe('pages of counters', () => {
  test('hold exactly what was added, through any number of merges', () => {
    fc.assert(
      fc.property(fc.array(counters, { minLength: 1, maxLength: 5 }), (batches) => {
        const pages: Uint8Array[] = [0, 1, 2].map(() => new Uint8Array());
        const [reader, writer] = [new PageReader(), new PageWriter()];
        for (const batch of batches) {
          const table = tableOf(batch);
          for (const bucket of [0, 1, 2]) {
            const count = table.read(bucket, ALL);
            // In two parts: a bucket's keys may be in several pages.
            const middle = Math.floor(count / 2);
            pages[bucket] = mergePage(writer, reader.open(pages[bucket]!), table, 0, middle);
            pages[bucket] = mergePage(writer, reader.open(pages[bucket]!), table, middle, count);
          }
        }
        expect(counted(pages)).toEqual(placed(batches.flat()));
      }),
      { numRuns: 300, endOnFailure: true },
    );
  });

  test('are summed and ranked as a plain sum would be', () => {
    fc.assert(
      fc.property(fc.array(counters, { minLength: 1, maxLength: 4 }), (batches) => {
        const sums = createSums();
        const writer = new PageWriter();
        for (const batch of batches) {
          const table = tableOf(batch.map(inOne));
          sums.add(mergePage(writer, new PageReader(), table, 0, table.read(0, ALL)));
        }
        const expected = placed(batches.flat().map(inOne));
        const byColumn = new Map<number, { id: number; value: Count }[]>();
        for (const [place, value] of expected) {
          const [, id, of] = place.split(' ').map(Number) as [number, number, number];
          expect(sums.row(id).get(of)).toBe(value);
          byColumn.set(of, [...(byColumn.get(of) ?? []), { id, value }]);
        }
        for (const [of, list] of byColumn) {
          expect(sums.total().get(of) ?? 0).toBe(list.reduce<Count>((sum, { value }) => add(sum, value), 0));
          const positive = list.filter(({ value }) => value > 0);
          positive.sort((a, b) => compareCounts(b.value, a.value));
          for (const count of [1, 3, 20]) {
            const last = positive[count - 1]?.value ?? 0;
            const ids = positive.filter(({ value }) => value >= last).map(({ id }) => id);
            const top = sums.top(of, count);
            expect([[...top.ids].sort(), top.keys]).toEqual([ids.sort(), positive.length]);
          }
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
  });

  test('of which a part is missing are refused, or are a shorter page', () => {
    fc.assert(
      fc.property(counters, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const table = tableOf(list);
        const page = mergePage(new PageWriter(), new PageReader(), table, 0, table.read(0, ALL));
        const cut = page.subarray(0, Math.floor(page.length * share));
        try {
          readWhole(cut);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test('adds the same under other numbers, some of which are one', () => {
    fc.assert(
      fc.property(counters, (list) => {
        const into = new DeltaTable();
        const keys = Int32Array.from({ length: 20_000 }, (_, i) => Math.min(i, 200));
        const columns = Int32Array.from({ length: 70_001 }, (_, i) => i + 1);
        const entries = tableOf(list).entries();
        if (entries !== undefined) addEntries(entries, entries.keys.length, into, [2, 1, 0], keys, columns);
        const moved = list.map(({ bucket, key: row, column: of, amount: value }) => ({
          bucket: 2 - bucket,
          key: Math.min(row, 200),
          column: of + 1,
          amount: value,
        }));
        const found = new Map<string, Count>();
        for (const bucket of [0, 1, 2]) {
          for (let i = 0, count = into.read(bucket, ALL); i < count; i += 1) {
            found.set(`${bucket} ${into.key(i)} ${into.column(i)}`, into.amount(i));
          }
        }
        expect(new Map([...found].filter(([, value]) => value !== 0))).toEqual(placed(moved));
      }),
      { numRuns: 100 },
    );
  });
});

test('sums of columns without number, each with a key far behind the others, take no room for those between', () => {
  const writer = new PageWriter();
  const sums = createSums();
  const [columns, last] = [17_576, 499_999];
  for (let of = 1; of <= columns; of += 1) for (const at of [3, last]) writer.put(of, at, of);
  const before = process.memoryUsage().arrayBuffers;
  sums.add(writer.finish());
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 2 ** 20);
  expect(sums.row(last).size).toBe(columns);
  expect(sums.top(columns, 5)).toEqual({ ids: [3, last], keys: 2 });
  expect(sums.total().get(7)).toBe(14);
});
