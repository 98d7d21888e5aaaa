import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/pipeline/events/bytes.ts';

const ofBits = (least: number) =>
  fc.tuple(fc.integer({ min: 0, max: 53 }), fc.integer({ min: -2, max: 2 })).map(([bits, more]) => {
    return Math.min(Number.MAX_SAFE_INTEGER, Math.max(least, 2 ** bits + more));
  });

test('numbers come back as they were written', () => {
  const uint = fc.oneof(fc.maxSafeNat(), ofBits(0));
  const int = fc.oneof(
    fc.maxSafeInteger(),
    fc.tuple(ofBits(1), fc.constantFrom(1, -1)).map(([n, sign]) => n * sign),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(uint, int)), (pairs) => {
      const writer = new ByteWriter(1);
      for (const [a, b] of pairs) {
        writer.uint(a);
        writer.int(b);
      }
      const reader = new ByteReader(writer.slice());
      for (const [a, b] of pairs) expect([reader.uint(), reader.int()]).toEqual([a, b]);
      expect(reader.at).toBe(reader.end);
    }),
    { numRuns: 500 },
  );
});
