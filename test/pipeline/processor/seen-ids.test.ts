import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdTable } from '../../../src/pipeline/processor/id-table.ts';
import { createSeenIds, idBytes, type SeenIds } from '../../../src/pipeline/processor/seen-ids.ts';

function add(seen: SeenIds, id: string, offset: number): boolean {
  const { bytes, length } = idBytes(id);
  return seen.add(bytes, 0, length, offset);
}

/** Ids of events, each so many offsets after the one before: none where one record holds several. */
const logOf = (id: fc.Arbitrary<string>, maxLength: number) =>
  fc
    .array(
      fc.tuple(
        fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.constant(0), fc.integer({ min: 2, max: 12 })),
        id,
      ),
      { maxLength },
    )
    .map((steps) => {
      let offset = 0;
      return steps.map(([gap, one]) => {
        offset += gap;
        return [one, offset] as const;
      });
    });

/** What is a duplicate, by looking at the whole log. */
function isDuplicate(
  log: readonly (readonly [string, number])[],
  place: number,
  horizon: number,
  most = Number.POSITIVE_INFINITY,
): boolean {
  const [id, offset] = log[place]!;
  return log
    .slice(0, place)
    .some(([other, at], i) => other === id && at >= offset - horizon && i >= place - most);
}

test('an id is a duplicate where it occurred within the horizon before, wherever the memory begins', () => {
  fc.assert(
    fc.property(
      logOf(fc.constantFrom('a', 'b', 'c', 'd', 'e', ''), 80),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(80),
      (log, horizon, most, restart) => {
        let seen = createSeenIds(horizon, most);
        log.forEach(([id, offset], i) => {
          // Memory begins anew at a record, and reads again what lies within the horizon before it.
          if (i === restart && log[i - 1]?.[1] !== offset) {
            seen = createSeenIds(horizon, most);
            for (const [other, at] of log.slice(0, i)) if (at >= offset - horizon) add(seen, other, at);
          }
          expect(add(seen, id, offset)).toBe(isDuplicate(log, i, horizon, most));
        });
      },
    ),
    { numRuns: 500 },
  );
});

test('ids are told apart by all of their bytes, whatever characters they have', () => {
  const id = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    // Halves of surrogate pairs too: a rejected line may have them in its id.
    fc
      .array(fc.constantFrom('\ud800', '\udc00', '\ufffd', 'a'), { maxLength: 4 })
      .map((characters) => characters.join('')),
  );
  fc.assert(
    fc.property(logOf(id, 60), (log) => {
      const seen = createSeenIds(1000);
      log.forEach(([one, offset], i) => {
        expect(add(seen, one, offset)).toBe(isDuplicate(log, i, 1000));
      });
    }),
    { numRuns: 500 },
  );
});

test('generations of many thousand ids change places without forgetting any that counts', () => {
  const horizon = 5000;
  const seen = createSeenIds(horizon);
  const newest = new Map<string, number>();
  let state = 1;
  for (let offset = 0; offset < 60_000; offset += 1) {
    state = (state * 48_271) % 2_147_483_647;
    const id = `id-${state % 9000}`;
    const before = newest.get(id) ?? Number.NEGATIVE_INFINITY;
    expect(add(seen, id, offset)).toBe(before >= offset - horizon);
    newest.set(id, offset);
  }
});

test('memory is bounded where records hold many events', () => {
  const seen = createSeenIds();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 2_000_000; i += 1) add(seen, `an-id-of-some-length-${i}`, Math.floor(i / 5000));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 2 ** 20);
  expect(add(seen, 'an-id-of-some-length-1999999', 400)).toBe(true);
  expect(add(seen, 'an-id-of-some-length-1', 400)).toBe(false);
}, 60_000);

test('ids of one hash are told apart', () => {
  const table = new IdTable();
  const bytes = Buffer.from('abcabdab');
  const places = [
    [0, 3],
    [3, 3],
    [0, 2],
    [1, 2],
  ] as const;
  for (const [start, length] of places) {
    expect(table.find(bytes, start, length, 7)).toBe(-1);
    table.add(bytes, start, length, 7, 100 + start, start);
  }
  expect(places.map(([start, length]) => table.find(bytes, start, length, 7))).toEqual([0, 1, 2, 3]);
  expect(table.find(bytes, 6, 2, 7)).toBe(2);
  expect(table.offsetAt(1)).toBe(103);
  table.clear();
  expect(table.find(bytes, 0, 3, 7)).toBe(-1);
});
