import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader } from '../../../src/pipeline/events/bytes.ts';
import { createStateRecords } from '../../../src/pipeline/processor/state-records.ts';

test('what is found is the newest that was put, and what was put lately is found', () => {
  const act = fc.record({
    key: fc.nat(12).map((number) => `u:${number}`),
    // They grow and shrink, within the room that they have and beyond.
    state: fc.uint8Array({ maxLength: 400 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), fc.integer({ min: 1, max: 5 }), (acts, size) => {
      const records = createStateRecords(size);
      const reader = new ByteReader();
      const newest = new Map<string, Uint8Array>();
      for (const { key, state } of acts) {
        records.put(key, state);
        newest.delete(key);
        newest.set(key, Uint8Array.from(state));
        // Whoever gave it may go on with the same memory.
        state.fill(7);
        const lately = new Set([...newest.keys()].slice(-size));
        for (const [known, expected] of newest) {
          const found = records.open(known, reader);
          if (found) expect([...reader.bytes.subarray(reader.at, reader.end)]).toEqual([...expected]);
          else expect(lately.has(known)).toBe(false);
        }
      }
    }),
    { numRuns: 500 },
  );
});
