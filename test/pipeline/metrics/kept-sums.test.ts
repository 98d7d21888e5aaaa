import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Count } from '../../../src/pipeline/events/money.ts';
import { type CounterSums, createSums } from '../../../src/pipeline/metrics/counter-sums.ts';
import { KeptSums } from '../../../src/pipeline/metrics/kept-sums.ts';
import { PageWriter } from '../../../src/pipeline/metrics/page-writer.ts';

const KEYS = [1, 2, 3, 4, 5, 900, 70_000];

function pageOf(counters: readonly (readonly [column: number, key: number, value: Count])[]): Buffer {
  const writer = new PageWriter();
  const order = [...counters].sort(([a, k], [b, l]) => a - b || k - l);
  order.forEach(([column, key, value], i) => {
    const [before, last] = order[i - 1] ?? [];
    if (column !== before || key !== last) writer.put(column, key, value);
  });
  return writer.finish();
}

function told(sums: CounterSums) {
  const sorted = (ids: readonly number[]) => [...ids].sort((a, b) => a - b);
  const tops = [1, 2].map((column) => {
    const { ids, keys } = sums.top(column, 2);
    return { ids: sorted(ids), keys };
  });
  return { tops, rows: KEYS.map((key) => sums.row(key)), keys: sums.keys(), total: sums.total() };
}

const value = fc.oneof(
  fc.integer({ min: -9, max: 300 }).map((n): Count => n),
  fc.constantFrom<Count>(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2n ** 60n, -(2n ** 70n)),
);
const page = fc
  .array(fc.tuple(fc.constantFrom(1, 2), fc.constantFrom(...KEYS), value), { maxLength: 8 })
  .map(pageOf);
const question = fc.record({
  slot: fc.constantFrom(1, 1, 2),
  pages: fc.uniqueArray(fc.record({ id: fc.integer({ min: -2, max: 5 }), page }), {
    selector: ({ id }) => id,
    maxLength: 6,
  }),
  /** Whether it belongs to the question before, whose sums have to stay. */
  goesOn: fc.boolean(),
});

test('sums that are kept are those of the pages, whatever was asked before', () => {
  fc.assert(
    fc.property(fc.array(question, { maxLength: 12 }), (questions) => {
      const kept = new KeptSums();
      let current: (() => void)[] = [];
      let found = 0;
      for (const { slot, pages, goesOn } of questions) {
        if (!goesOn) {
          kept.begin();
          current = [];
        }
        const sums = kept.sumsOf(slot, pages);
        if (sums === undefined) continue;
        found += 1;
        const plain = createSums();
        for (const { page: bytes } of pages) plain.add(bytes);
        current.push(() => expect(told(sums)).toEqual(told(plain)));
        for (const check of current) check();
      }
      const asked = new Set(questions.map(({ slot }) => slot)).size;
      expect(found).toBe(questions.length - asked);
    }),
  );
});

test('of a damaged page nothing stays in what is kept', () => {
  const kept = new KeptSums();
  const good = pageOf([[1, 1, 5]]);
  const other = pageOf([
    [1, 1, 7],
    [1, 2, 70_000],
  ]);
  const ask = (bytes: Buffer) => {
    kept.begin();
    return kept.sumsOf(1, [
      { id: 1, page: good },
      { id: 2, page: bytes },
    ]);
  };
  expect(ask(other)).toBeUndefined();
  const whole = told(ask(other)!);
  expect(() => ask(other.subarray(0, -1))).toThrow(RangeError);
  expect(told(ask(other)!)).toEqual(whole);
});
